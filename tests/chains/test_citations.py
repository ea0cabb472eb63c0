"""Which of a model's citations are kept."""

import pytest
from langchain_core.documents import Document

import metering
from chains.answer.citations import Meaning, verify
from providers.embedded.minilm import MiniLMEmbeddings
from schema import Citation

PASSAGE = Document(
    id="s1",
    page_content="A humanoid walks on two legs at 1.2 m/s and keeps its balance with 12 motors.",
    metadata={"breadcrumb": ["Walking"]},
)


async def kept(answer: str, span: str, meaning: Meaning | None = None) -> bool:
    start = answer.index(span)
    cited = Citation(start=start, end=start + len(span), text=span, source_ids=["s1"])
    return await verify(cited, answer, {"s1": PASSAGE}, meaning) is not None


async def test_a_paraphrase_is_kept_when_its_sentence_speaks_of_the_passage() -> None:
    assert await kept("Such robots move on their legs. They fall.", "Such robots move")


@pytest.mark.parametrize(
    ("claim", "right"), [("Bipedal robots stay upright", True), ("Bread needs an oven", False)]
)
async def test_a_claim_that_shares_no_word_is_compared_by_meaning(claim: str, right: bool) -> None:
    counted: list[str] = []
    meter = metering.Meter()
    meter.counter.on_event(lambda event, _: counted.append(event))
    with metering.metered(meter):
        assert await kept(f"{claim}.", claim, MiniLMEmbeddings()) is right
    assert counted == ["citations_in_other_words", *["citations_dropped"] * (not right)]


async def test_where_nothing_can_compare_a_citation_is_believed() -> None:
    assert await kept("Such robots stay upright.", "Such robots stay upright")


@pytest.mark.parametrize(("span", "right"), [("walks at 1.2 m/s", True), ("walks at 3 m/s", False)])
async def test_a_number_must_stand_in_the_passage(span: str, right: bool) -> None:
    assert await kept(f"A humanoid {span}.", span) is right
