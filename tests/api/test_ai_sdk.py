"""The AI SDK door over plain HTTP; its npm client asks it in ``tests/npm``."""

import asyncio
import json
from typing import Any

import httpx
import pytest

from errors import BookChatError, RetryLater
from tests.api.conftest import QUESTION, Served
from tests.api.test_outages import eventually
from tests.deploy.test_clients import open_gate

ANSWER = "ROS 2 is middleware for robots."


def user(text: str) -> dict[str, Any]:
    return {"id": "m1", "role": "user", "parts": [{"type": "text", "text": text}]}


CHAT: dict[str, Any] = {
    "id": "chat-0123456789abcdef",
    "messages": [user(QUESTION)],
    "trigger": "submit-message",
    "messageId": "m1",
}
BARE: dict[str, Any] = {"messages": [user(QUESTION)], "project": "book"}


def parts_of(text: str) -> list[dict[str, Any]]:
    """The parts of a stream, which must end as the protocol says."""
    lines = [line.removeprefix("data: ") for line in text.splitlines() if line]
    assert lines[-1] == "[DONE]"
    return [json.loads(line) for line in lines[:-1]]


def text_of(parts: list[dict[str, Any]]) -> str:
    return "".join(part["delta"] for part in parts if part["type"] == "text-delta")


def test_a_chat_is_answered_as_a_ui_message_stream(served: Served) -> None:
    response = served.http.post("/ai-sdk", json=CHAT)
    assert response.headers["x-vercel-ai-ui-message-stream"] == "v1"
    assert response.headers["content-type"].startswith("text/event-stream")
    parts = parts_of(response.text)
    kinds = [part["type"] for part in parts]
    assert kinds == [
        *("start", "source-url", "text-start", "text-delta", "data-citation"),
        *("text-delta", "text-delta", "text-end", "finish"),
    ]
    assert text_of(parts) == ANSWER
    assert served.http.get(parts[1]["url"]).status_code == 200
    cited = parts[4]["data"]
    assert ANSWER[cited["start"] : cited["end"]] == cited["text"]
    assert cited["source_ids"] == [parts[1]["sourceId"]]
    assert parts[-1]["messageMetadata"]["status"] == "answered"


def test_the_bare_form_has_citations_as_links_in_its_text(served: Served) -> None:
    parts = parts_of(served.http.post("/ai-sdk", json=BARE).text)
    assert {part["type"] for part in parts} == {
        *("start", "text-start", "text-delta", "text-end", "finish")
    }
    url = f"{served.url}/pages/docs/module-1/ros#what-ros-2-is"
    assert text_of(parts) == (
        f"ROS 2 is middleware [\\[1\\]]({url}) for robots.\n\n1. [ROS 2: What ROS 2 is]({url})"
    )


def test_earlier_messages_are_the_history_and_regenerate_asks_the_last_question(
    served: Served,
) -> None:
    said = {"id": "m2", "role": "assistant", "parts": [{"type": "text", "text": "Middleware."}]}
    talk = [user("What is ROS 2?"), said, user("And why is it used for programs?")]
    served.http.post("/ai-sdk", json={**CHAT, "messages": talk})
    assert any("ROS" in search for search in served.store.searches)
    again = {**CHAT, "messages": [user(QUESTION), said], "trigger": "regenerate-message"}
    assert text_of(parts_of(served.http.post("/ai-sdk", json=again).text)) == ANSWER


def test_nothing_is_resumed_where_nothing_runs(served: Served) -> None:
    assert served.http.get("/ai-sdk/nobody/stream").status_code == 204
    served.http.post("/ai-sdk", json=CHAT)
    assert served.http.get(f"/ai-sdk/{CHAT['id']}/stream").status_code == 204
    assert served.http.delete("/ai-sdk/nobody/stream").status_code == 204


def test_a_reader_who_dropped_resumes_the_answer_from_its_beginning(served: Served) -> None:
    gate = served.chat.gate = asyncio.Event()
    with pytest.raises(httpx.ReadTimeout):
        served.http.post("/ai-sdk", json=CHAT, timeout=0.5)
    assert served.services.runs.running == 1
    open_gate(served, gate)
    parts = parts_of(served.http.get(f"/ai-sdk/{CHAT['id']}/stream").text)
    assert text_of(parts) == ANSWER
    assert [part["type"] for part in parts][:2] == ["start", "source-url"]
    assert served.http.get(f"/ai-sdk/{CHAT['id']}/stream").status_code == 204


def test_a_running_answer_is_stopped_on_demand(served: Served) -> None:
    served.chat.gate = asyncio.Event()
    with pytest.raises(httpx.ReadTimeout):
        served.http.post("/ai-sdk", json=CHAT, timeout=0.5)
    assert served.http.delete(f"/ai-sdk/{CHAT['id']}/stream").status_code == 204
    assert eventually(lambda: served.services.runs.running == 0)
    assert served.chat.closed == [True]


def test_who_leaves_the_bare_form_stops_the_answer(served: Served) -> None:
    served.chat.gate = asyncio.Event()
    with pytest.raises(httpx.ReadTimeout):
        served.http.post("/ai-sdk", json=BARE, timeout=0.5)
    assert eventually(lambda: served.services.runs.running == 0)
    assert served.chat.closed == [True]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"messages": []},
        {"messages": [{"role": "wizard", "parts": []}]},
        {"messages": [user("")]},
        {"messages": [user("x" * 2001)]},
        {"messages": [user("hi"), {"role": "assistant", "parts": []}]},
        {"messages": [user("hi")] * 401},
        {**CHAT, "id": "x" * 201},
        {**CHAT, "trigger": "explode"},
    ],
)
def test_a_bad_request_is_a_problem_document(served: Served, body: dict[str, Any]) -> None:
    response = served.http.post("/ai-sdk", json=body)
    assert response.status_code == 422
    assert response.json()["code"] == "invalid_request"
    assert served.chat.seen == []


def test_a_failure_before_the_first_word_has_a_status(served: Served) -> None:
    served.store.fails["store"] = RetryLater("Away.", code="retrieval_unavailable", retry_after=7)
    response = served.http.post("/ai-sdk", json=CHAT)
    assert (response.status_code, response.headers["retry-after"]) == (503, "7")
    assert served.http.get(f"/ai-sdk/{CHAT['id']}/stream").status_code == 204


def test_a_failure_in_the_middle_is_an_error_part(served: Served) -> None:
    served.chat.pieces = ["ROS 2 ", BookChatError("Broken.", code="model_unavailable")]
    parts = parts_of(served.http.post("/ai-sdk", json=CHAT).text)
    assert [part["type"] for part in parts][-3:] == ["text-end", "error", "finish"]
    assert parts[-2]["errorText"] == "Broken."
