"""The stand-in speaks Cohere's API: the stock LangChain classes and the real SDK say so."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import cohere
import pytest
from langchain_cohere import ChatCohere, CohereEmbeddings, CohereRerank
from langchain_core.documents import Document
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage

from standins.cohere import KEY
from tests.providers.conftest import ServedCohere

# The SDK calls pydantic by its old names.
pytestmark = pytest.mark.filterwarnings("ignore::pydantic.warnings.PydanticDeprecatedSince20")

CHAT = "command-a-03-2025"
ROS = Document(
    "ROS 2 is a middleware for robots. It moves messages between nodes with DDS.",
    metadata={"id": "ros"},
)
GRIPPER = Document("A gripper holds things. Soft grippers hold eggs.", metadata={"id": "gripper"})
ABOUT_BOTH = [
    cohere.Document(id=str(d.metadata["id"]), data={"text": d.page_content}) for d in (ROS, GRIPPER)
]


@pytest.fixture
def sdk(cohere_api: ServedCohere) -> Iterator[cohere.ClientV2]:
    with cohere.ClientV2(KEY, base_url=cohere_api.url) as client:
        yield client


@pytest.fixture
async def async_sdk(cohere_api: ServedCohere) -> AsyncIterator[cohere.AsyncClientV2]:
    async with cohere.AsyncClientV2(KEY, base_url=cohere_api.url) as client:
        yield client


@pytest.fixture
def given(cohere_api: ServedCohere) -> dict[str, Any]:
    return {"cohere_api_key": KEY, "base_url": cohere_api.url}


def test_stock_chat_gets_an_answer_whose_citations_hold(given: dict[str, Any]) -> None:
    chat = ChatCohere(model=CHAT, **given)
    with chat.client:
        reply = chat.invoke([HumanMessage("What is ROS 2?")], documents=[ROS, GRIPPER])
    assert isinstance(reply, AIMessage)
    assert "ROS 2 is a middleware for robots." in reply.text
    (citation,) = reply.additional_kwargs["citations"]
    assert reply.text[citation.start : citation.end] == citation.text
    assert [source.id for source in citation.sources] == ["ros"]
    assert reply.usage_metadata and reply.usage_metadata["output_tokens"] > 5


async def test_stock_chat_streams_tokens_and_loses_the_citations(given: dict[str, Any]) -> None:
    chat = ChatCohere(model=CHAT, **given)
    async with chat.async_client:
        stream = chat.astream([HumanMessage("What is ROS 2?")], documents=[ROS])
        chunks = [chunk async for chunk in stream]
    assert len(chunks) > 5
    assert (
        "".join(str(c.text) for c in chunks) == "From the book: ROS 2 is a middleware for robots."
    )
    assert not any("citations" in c.additional_kwargs for c in chunks)


def test_stock_chat_without_a_model_asks_for_one_when_it_is_made(
    given: dict[str, Any], cohere_api: ServedCohere
) -> None:
    with ChatCohere(**given).client:
        assert cohere_api.paths() == ["/v1/models"]


def test_stock_embeddings_bring_texts_about_the_same_thing_together(given: dict[str, Any]) -> None:
    embeddings = CohereEmbeddings(model="embed-v4.0", **given)
    with embeddings.client:
        ros, gripper = embeddings.embed_documents([ROS.page_content, GRIPPER.page_content])
        query = embeddings.embed_query("Which middleware moves messages?")
    assert len(query) == 1536
    assert _dot(query, ros) > 0.3 > _dot(query, gripper)
    assert sum(x * x for x in ros) == pytest.approx(1, abs=1e-3)


def test_stock_reranker_orders_by_the_query(given: dict[str, Any]) -> None:
    reranker = CohereRerank(model="rerank-v3.5", **given)
    with reranker.client:
        ranked = reranker.compress_documents([ROS, GRIPPER], "soft grippers for eggs")
    assert ranked[0].page_content == GRIPPER.page_content
    assert ranked[0].metadata["relevance_score"] > ranked[1].metadata["relevance_score"]


@pytest.mark.parametrize(("mode", "after_the_text"), [("FAST", False), ("ACCURATE", True)])
async def test_the_sdk_reads_every_event_of_a_stream(
    async_sdk: cohere.AsyncClientV2, mode: Any, after_the_text: bool
) -> None:
    events = [
        event
        async for event in async_sdk.chat_stream(
            model=CHAT,
            messages=[cohere.UserChatMessageV2(content="Do grippers hold eggs?")],
            documents=ABOUT_BOTH,
            citation_options=cohere.CitationOptions(mode=mode),
        )
    ]
    kinds = [event.type for event in events]
    assert kinds[:2] == ["message-start", "content-start"]
    assert kinds[-2:] == ["content-end", "message-end"]
    last_delta = max(i for i, kind in enumerate(kinds) if kind == "content-delta")
    assert (kinds.index("citation-start") > last_delta) is after_the_text
    end: Any = events[-1]
    assert end.delta.finish_reason == "COMPLETE"
    assert end.delta.usage.tokens.output_tokens == kinds.count("content-delta")


async def test_citations_can_be_switched_off(async_sdk: cohere.AsyncClientV2) -> None:
    reply = await async_sdk.chat(
        model=CHAT,
        messages=[cohere.UserChatMessageV2(content="Do grippers hold eggs?")],
        documents=ABOUT_BOTH,
        citation_options=cohere.CitationOptions(mode="OFF"),
    )
    assert reply.message.citations is None


def test_a_follow_up_is_rewritten_with_its_topic(given: dict[str, Any]) -> None:
    chat = ChatCohere(model="command-r7b-12-2024", **given)
    transcript = "Reader: What is ROS 2?\nBook: A middleware.\nReader: Is it fast?"
    with chat.client:
        reply = chat.invoke([SystemMessage("Rewrite the question."), HumanMessage(transcript)])
    assert reply.text == "Is ROS 2 fast?"


def test_an_answer_that_is_not_in_the_documents_says_so(given: dict[str, Any]) -> None:
    chat = ChatCohere(model=CHAT, **given)
    rules = SystemMessage("Otherwise reply with exactly NOT_IN_BOOK.")
    with chat.client:
        reply = chat.invoke([rules, HumanMessage("Who won the 1998 final?")], documents=[ROS])
    assert reply.text == "NOT_IN_BOOK"


def test_refusals_have_cohere_s_statuses_and_shapes(
    sdk: cohere.ClientV2, cohere_api: ServedCohere
) -> None:
    with (
        cohere.ClientV2("wrong", base_url=cohere_api.url) as stranger,
        pytest.raises(cohere.UnauthorizedError) as refused,
    ):
        stranger.models.list()
    assert "invalid api token" in str(refused.value.body)
    with pytest.raises(cohere.NotFoundError):
        sdk.embed(model="embed-v99", texts=["x"], input_type="search_query")
    with pytest.raises(cohere.BadRequestError):
        sdk.rerank(model="rerank-v3.5", query="", documents=["x"])
    with pytest.raises(cohere.BadRequestError):
        cohere.Client.embed(sdk, model="embed-v4.0", texts=["x"] * 97, batching=False)
    assert "embed-v4.0" in [m.name for m in sdk.models.list().models]


def test_a_fault_goes_away_after_its_times(sdk: cohere.ClientV2, cohere_api: ServedCohere) -> None:
    cohere_api.fail("/v2/embed", status=429, retry_after="0", times=1)
    reply = sdk.embed(model="embed-v4.0", texts=["x"], input_type="search_query")
    assert reply.embeddings.float_
    assert cohere_api.paths() == ["/v2/embed", "/v2/embed"]


def _dot(a: list[float], b: list[float]) -> float:
    return sum(x * y for x, y in zip(a, b, strict=True))
