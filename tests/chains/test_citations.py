"""Which of a model's citations are kept."""

import pytest
from langchain_core.documents import Document

from chains.citations import verify
from schema import Citation

PASSAGE = Document(
    id="s1",
    page_content="A humanoid walks on two legs at 1.2 m/s and keeps its balance with 12 motors.",
    metadata={"breadcrumb": ["Walking"]},
)


def kept(answer: str, span: str) -> bool:
    start = answer.index(span)
    cited = Citation(start=start, end=start + len(span), text=span, source_ids=["s1"])
    return verify(cited, answer, {"s1": PASSAGE}) is not None


def test_a_paraphrase_is_kept_when_its_sentence_speaks_of_the_passage() -> None:
    assert kept("Such robots move on their legs. They fall.", "Such robots move")


def test_a_claim_about_something_else_loses_its_citation() -> None:
    assert not kept("Humanoids walk. Bread needs an oven.", "Bread needs an oven")


@pytest.mark.parametrize(("span", "right"), [("walks at 1.2 m/s", True), ("walks at 3 m/s", False)])
def test_a_number_must_stand_in_the_passage(span: str, right: bool) -> None:
    assert kept(f"A humanoid {span}.", span) is right
