"""Our chat model over HTTP: what is sent, what comes back, and that stopping stops Cohere."""

import asyncio
from typing import Any, ClassVar

import orjson
import pytest
from langchain_core.callbacks import AsyncCallbackHandler
from langchain_core.documents import Document
from langchain_core.messages import AIMessage, AIMessageChunk, HumanMessage, SystemMessage
from langchain_core.outputs import LLMResult
from pydantic import SecretStr

from errors import FixConfiguration
from providers.cohere.models import BookChatCohere, CohereHTTP
from standins.cohere import KEY
from tests.providers.conftest import ServedCohere
from tests.providers.test_cohere_stream import notes_of, text_of

ROS = Document(
    "ROS 2 is a middleware for robots. It moves messages between nodes with DDS.",
    metadata={"id": "ros", "title": "Robot middleware", "heading": "ROS 2", "breadcrumb": ["A"]},
)
GRIPPER = Document(
    "A gripper holds things. Soft grippers hold eggs.",
    metadata={"id": "gripper", "title": "Hands", "heading": "Hands"},
)
QUESTION = [
    SystemMessage("Answer from the documents."),
    HumanMessage("Hello?"),
    AIMessage("Hello."),
    HumanMessage("What is ROS 2?"),
]


@pytest.fixture
def chat(http: CohereHTTP, cohere_api: ServedCohere) -> BookChatCohere:
    return make_chat(http, cohere_api.url)


def make_chat(http: CohereHTTP, url: str, **given: Any) -> BookChatCohere:
    given = {"model": "command-a-03-2025", **given}
    return BookChatCohere(http=http, cohere_api_key=SecretStr(KEY), base_url=url, **given)


async def streamed(chat: BookChatCohere, question: Any = None) -> list[AIMessageChunk]:
    stream = chat.astream(question or QUESTION, documents=[ROS, GRIPPER])
    return [chunk async for chunk in stream]


@pytest.mark.parametrize("mode", ["FAST", "ACCURATE", None])
async def test_citations_survive_streaming_and_their_offsets_hold(
    http: CohereHTTP, cohere_api: ServedCohere, mode: str | None
) -> None:
    cohere_api.latency.token_ms = 1
    chunks = await streamed(make_chat(http, cohere_api.url, citation_mode=mode))
    text = text_of(chunks)
    assert text == "From the book: ROS 2 is a middleware for robots."
    (note,) = notes_of(chunks)
    assert text[note["start_index"] : note["end_index"]] == note["cited_text"]
    assert note["cited_text"] == "ROS 2 is a middleware for robots."
    assert note["extras"] == {"source_ids": ["ros"]}


async def test_tokens_come_as_they_are_made(chat: BookChatCohere, cohere_api: ServedCohere) -> None:
    # Tokens that are read together come together: a busy machine reads late.
    cohere_api.latency.token_ms = 50
    assert len(await streamed(chat)) > 5


async def test_passages_go_as_documents_and_messages_keep_their_roles(
    chat: BookChatCohere, cohere_api: ServedCohere
) -> None:
    await streamed(chat)
    (request,) = cohere_api.requests
    assert request.body["documents"] == [
        {
            "id": "ros",
            "data": {"title": "Robot middleware", "heading": "ROS 2", "text": ROS.page_content},
        },
        {"id": "gripper", "data": {"title": "Hands", "text": GRIPPER.page_content}},
    ]
    roles = [message["role"] for message in request.body["messages"]]
    assert roles == ["system", "user", "assistant", "user"]
    assert request.body["stream"] is True
    assert "citation_options" not in request.body


async def test_the_last_chunk_has_usage_and_names_the_model(chat: BookChatCohere) -> None:
    chunks = await streamed(chat)
    usage = chunks[-1].usage_metadata
    assert usage and usage["total_tokens"] == usage["input_tokens"] + usage["output_tokens"]
    assert chunks[-1].response_metadata["model_name"] == "command-a-03-2025"
    assert chunks[-1].chunk_position == "last"
    assert not any(c.usage_metadata for c in chunks[:-1])


async def test_chunks_add_up_to_the_invoked_message(chat: BookChatCohere) -> None:
    whole = await chat.ainvoke(QUESTION, documents=[ROS, GRIPPER])
    chunks = await streamed(chat)
    added = sum(chunks[1:], start=chunks[0])
    assert isinstance(whole, AIMessage)
    assert added.text == whole.text == text_of(chunks)
    assert notes_of([AIMessageChunk(content=whole.content)]) == notes_of(chunks)
    assert whole.usage_metadata == chunks[-1].usage_metadata


def test_synchronous_callers_get_the_same_answer(cohere_api: ServedCohere) -> None:
    http = CohereHTTP(KEY, cohere_api.url)
    chat = make_chat(http, cohere_api.url)
    invoked = chat.invoke(QUESTION, documents=[ROS, GRIPPER])
    stream = list(chat.stream(QUESTION, documents=[ROS, GRIPPER]))
    asyncio.run(http.aclose())
    assert invoked.text == text_of(stream)
    assert notes_of([AIMessageChunk(content=invoked.content)]) == notes_of(stream)
    first, second = cohere_api.requests
    assert first.body == second.body
    orjson.dumps(invoked.model_dump())


async def test_a_rewrite_without_documents_is_plain_text(
    http: CohereHTTP, cohere_api: ServedCohere
) -> None:
    condense = make_chat(http, cohere_api.url, operation="condense")
    reply = await condense.ainvoke(
        "Reader: What is ROS 2?\nBook: A middleware.\nReader: Is it fast?"
    )
    assert reply.content == "Is ROS 2 fast?"
    assert "documents" not in cohere_api.requests[0].body


async def test_tracers_see_the_run_and_its_tokens(
    chat: BookChatCohere, cohere_api: ServedCohere
) -> None:
    class Tracer(AsyncCallbackHandler):
        seen: ClassVar[list[str]] = []

        async def on_chat_model_start(self, *_: Any, **__: Any) -> None:
            self.seen.append("start")

        async def on_llm_new_token(self, token: Any, **_: Any) -> None:
            self.seen.append("token")

        async def on_llm_end(self, response: LLMResult, **_: Any) -> None:
            self.seen.append(response.generations[0][0].text)

    cohere_api.latency.token_ms = 3
    stream = chat.astream(QUESTION, {"callbacks": [Tracer()]}, documents=[ROS])
    chunks = [chunk async for chunk in stream]
    assert Tracer.seen[0] == "start"
    assert Tracer.seen.count("token") == len(chunks) > 3
    assert Tracer.seen[-1] == text_of(chunks)


@pytest.mark.filterwarnings("ignore::pydantic.warnings.PydanticDeprecatedSince20")
async def test_a_request_with_tools_goes_through_the_sdk(
    chat: BookChatCohere, cohere_api: ServedCohere
) -> None:
    tool = {"type": "function", "function": {"name": "look_up", "parameters": {}}}
    chunks = [chunk async for chunk in chat.astream(QUESTION, tools=[tool], documents=[ROS])]
    reply = await chat.ainvoke(QUESTION, tools=[tool], documents=[ROS])
    cohere_api.fail("/v2/chat", status=401)
    with pytest.raises(FixConfiguration):
        await chat.ainvoke(QUESTION, tools=[tool])
    await chat.async_client.__aexit__(None, None, None)
    assert "ROS 2" in text_of(chunks) and "ROS 2" in reply.text
    assert cohere_api.requests[0].headers["user-agent"].startswith("cohere/")


async def test_given_options_reach_cohere(chat: BookChatCohere, cohere_api: ServedCohere) -> None:
    bound = chat.bind(max_tokens=3, temperature=0.1)
    reply = await bound.ainvoke(QUESTION, documents=[ROS], stop=["END"])
    body = cohere_api.requests[0].body
    assert (body["max_tokens"], body["temperature"], body["stop_sequences"]) == (3, 0.1, ["END"])
    assert reply.text == "From the book:"
    assert reply.response_metadata["finish_reason"] == "MAX_TOKENS"
