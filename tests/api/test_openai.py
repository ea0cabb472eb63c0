"""The OpenAI-compatible door, asked by OpenAI's own client, by LangChain's and over plain HTTP."""

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import httpx
import openai
import pytest
from langchain_openai import ChatOpenAI

from errors import BookChatError, RetryLater
from tests.api.conftest import QUESTION, Served
from tests.api.test_outages import eventually

ANSWER = "ROS 2 is middleware for robots."
CITED = "ROS 2 is middleware"
ASKED: list[Any] = [{"role": "user", "content": QUESTION}]


@pytest.fixture
def client(served: Served) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{served.url}/v1", api_key="any", max_retries=0) as client:
        yield client


def test_the_one_model_is_listed(client: openai.OpenAI) -> None:
    (model,) = client.models.list().data
    assert client.models.retrieve(model.id) == model
    with pytest.raises(openai.NotFoundError):
        client.models.retrieve("gpt-9")


def test_an_answer_has_annotations_whose_addresses_open(
    client: openai.OpenAI, served: Served
) -> None:
    done = client.chat.completions.create(model="book-chat", messages=ASKED, temperature=0.2)
    message = done.choices[0].message
    assert (message.content, done.choices[0].finish_reason) == (ANSWER, "stop")
    assert message.annotations
    cited = message.annotations[0].url_citation
    assert ANSWER[cited.start_index : cited.end_index] == CITED
    assert cited.title == "ROS 2: What ROS 2 is"
    assert cited.url.startswith(f"{served.url}/pages/")
    assert 'id="what-ros-2-is"' in httpx.get(cited.url).text
    assert done.usage
    assert (done.usage.prompt_tokens, done.usage.completion_tokens) == (11, 7)


def test_a_stream_adds_up_to_the_answer_with_citations_and_usage(client: openai.OpenAI) -> None:
    text, annotations, usage, finish = "", list[Any](), None, None
    with client.chat.completions.create(
        model="gpt-4o", messages=ASKED, stream=True, stream_options={"include_usage": True}
    ) as stream:
        for chunk in stream:
            usage = chunk.usage or usage
            for choice in chunk.choices:
                text += choice.delta.content or ""
                annotations += getattr(choice.delta, "annotations", None) or []
                finish = choice.finish_reason or finish
    assert (text, finish) == (ANSWER, "stop")
    (cited,) = [found["url_citation"] for found in annotations]
    assert text[cited["start_index"] : cited["end_index"]] == CITED
    assert usage
    assert usage.total_tokens == 18


def test_without_the_option_no_chunk_tells_usage(served: Served) -> None:
    body = {"messages": ASKED, "stream": True}
    response = served.http.post("/v1/chat/completions", json=body)
    assert response.headers["content-type"].startswith("text/event-stream")
    lines = [line for line in response.text.splitlines() if line]
    assert lines[-1] == "data: [DONE]"
    assert not any("usage" in json.loads(line[6:]) for line in lines[:-1])


def test_earlier_messages_are_the_history(client: openai.OpenAI, served: Served) -> None:
    talk: list[Any] = [
        {"role": "system", "content": "You are a pirate."},
        {"role": "user", "content": [{"type": "text", "text": "What is ROS 2?"}]},
        {"role": "assistant", "content": "Middleware of robots."},
        {"role": "user", "content": "And why is it used for programs?"},
    ]
    client.chat.completions.create(model="book-chat", messages=talk)
    assert any("ROS" in search for search in served.store.searches)
    sent = str(served.chat.seen[-1])
    assert "pirate" not in sent


async def test_langchain_reads_it(served: Served) -> None:
    model = ChatOpenAI(base_url=f"{served.url}/v1", api_key="any", model="book-chat")  # type: ignore[arg-type]  # LangChain wraps it
    assert (await model.ainvoke(QUESTION)).content == ANSWER
    pieces = [str(chunk.content) async for chunk in model.astream(QUESTION)]
    assert "".join(pieces) == ANSWER
    assert len([piece for piece in pieces if piece]) >= 3


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"messages": []}, "messages"),
    ({"messages": [{"role": "wizard", "content": "x"}]}, "messages.0.role"),
    ({"messages": "hi"}, "messages"),
    ({"messages": ASKED, "n": 2}, "n"),
    ({"messages": ASKED, "tools": [{"type": "function", "function": {"name": "f"}}]}, "tools"),
    ({"messages": ASKED, "response_format": {"type": "json_object"}}, "response_format"),
    (
        {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {}}]}]},
        "messages",
    ),
]


@pytest.mark.parametrize(("body", "param"), REFUSED)
def test_what_it_does_not_do_is_refused_by_name(
    client: openai.OpenAI, body: dict[str, Any], param: str
) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        client.post("/chat/completions", body=body, cast_to=object)
    assert caught.value.param == param
    assert caught.value.type == "invalid_request_error"
    assert caught.value.message


@pytest.mark.parametrize("content", ["", "x" * 2001, None])
def test_a_message_that_is_no_question_is_refused(client: openai.OpenAI, content: Any) -> None:
    with pytest.raises(openai.BadRequestError):
        client.chat.completions.create(
            model="book-chat", messages=[{"role": "user", "content": content}]
        )
    with pytest.raises(openai.BadRequestError, match="last message"):
        client.chat.completions.create(
            model="book-chat", messages=[*ASKED, {"role": "assistant", "content": "x"}]
        )


@pytest.mark.parametrize("stream", [False, True])
def test_a_failure_before_the_first_word_has_a_status(
    client: openai.OpenAI, served: Served, stream: bool
) -> None:
    served.store.fails["store"] = RetryLater("Away.", code="retrieval_unavailable", retry_after=7)
    with pytest.raises(openai.InternalServerError) as caught:
        client.chat.completions.create(model="book-chat", messages=ASKED, stream=stream)
    assert caught.value.status_code == 503
    assert caught.value.response.headers["retry-after"] == "7"
    assert caught.value.code == "retrieval_unavailable"


def test_a_failure_in_the_middle_ends_the_stream_with_an_error(
    client: openai.OpenAI, served: Served
) -> None:
    served.chat.pieces = ["ROS 2 ", BookChatError("Broken.", code="model_unavailable")]
    text = ""
    with pytest.raises(openai.APIError, match="Broken") as caught:
        for chunk in client.chat.completions.create(model="book-chat", messages=ASKED, stream=True):
            text += chunk.choices[0].delta.content or ""
    assert text.startswith("ROS 2")
    assert caught.value.code == "model_unavailable"


@pytest.mark.parametrize("stream", [False, True])
def test_a_client_that_leaves_stops_the_answer(served: Served, stream: bool) -> None:
    served.chat.gate = asyncio.Event()
    body = {"messages": ASKED, "stream": stream}
    with pytest.raises(httpx.ReadTimeout):
        served.http.post("/v1/chat/completions", json=body, timeout=0.5)
    assert eventually(lambda: served.services.runs.running == 0)
    assert served.chat.closed == [True]
    assert served.services.slots.taken == 0


def test_other_routes_below_v1_and_methods_say_so_plainly(served: Served) -> None:
    assert served.http.get("/v1/embeddings").status_code == 404
    assert served.http.get("/v1/chat/completions").status_code == 405
