"""The client against a scripted server: it needs no Book Chat to be tested."""

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from book_chat_client import BookChat, BookChatError, Cited, Done, Sources, Token
from websockets.asyncio.server import ServerConnection, serve

CITATION = {"start": 0, "end": 3, "text": "One", "source_ids": ["a"]}
ANSWER = {"answer": "One two.", "citations": [CITATION], "sources": [{"id": "a"}]}
FRAMES: list[dict[str, Any]] = [
    {"type": "start", "answer_id": "a1"},
    {"type": "sources", "sources": ANSWER["sources"]},
    {"type": "token", "text": "One"},
    {"type": "citation", "citation": CITATION},
    {"type": "token", "text": " two."},
    {"type": "done", "answer": ANSWER},
]
Script = Callable[[dict[str, Any]], list[dict[str, Any] | None]]
"""From what the client sent to the frames that it gets; None drops the connection."""


@asynccontextmanager
async def server(script: Script) -> AsyncIterator[str]:
    async def handle(socket: ServerConnection) -> None:
        await socket.send(json.dumps({"type": "ready", "protocol": 1, "session_id": "s1"}))
        async for message in socket:
            for frame in script(json.loads(message)):
                if frame is None:
                    socket.transport.abort()
                    return
                await socket.send(json.dumps(frame))

    async with serve(handle, "127.0.0.1", 0) as running:
        yield f"http://127.0.0.1:{running.sockets[0].getsockname()[1]}"


def numbered(sent: dict[str, Any]) -> list[dict[str, Any] | None]:
    return [{**frame, "id": sent.get("id", "q1"), "seq": i} for i, frame in enumerate(FRAMES)]


async def test_events_come_in_order_and_the_session_is_kept() -> None:
    sent: list[dict[str, Any]] = []

    def script(frame: dict[str, Any]) -> list[dict[str, Any] | None]:
        sent.append(frame)
        return numbered(frame)

    async with server(script) as url, BookChat(url) as chat:
        events = [event async for event in chat.ask("One?", section="module-1")]
    assert [type(event) for event in events] == [Sources, Token, Cited, Token, Done]
    assert "".join(e.text for e in events if isinstance(e, Token)) == "One two."
    assert sent == [
        {
            "type": "ask",
            "id": "q1",
            "session_id": "s1",
            "section": "module-1",
            "question": "One?",
        }
    ]


async def test_a_dropped_connection_is_resumed_where_it_broke() -> None:
    sent: list[dict[str, Any]] = []

    def script(frame: dict[str, Any]) -> list[dict[str, Any] | None]:
        sent.append(frame)
        if frame["type"] == "ask":
            return [*numbered(frame)[:3], None]
        return numbered(frame)[frame["after"] + 1 :]

    async with server(script) as url, BookChat(url) as chat:
        events = [event async for event in chat.ask("One?")]
    assert "".join(e.text for e in events if isinstance(e, Token)) == "One two."
    assert sent[1] == {"type": "resume", "answer_id": "a1", "after": 2}


async def test_what_the_server_refuses_is_raised() -> None:
    def script(frame: dict[str, Any]) -> list[dict[str, Any] | None]:
        return [{"type": "error", "code": "rate_limited", "message": "Wait.", "retry_after": 3}]

    async with server(script) as url, BookChat(url) as chat:
        with pytest.raises(BookChatError, match="Wait") as caught:
            [event async for event in chat.ask("One?")]
    assert (caught.value.code, caught.value.retry_after) == ("rate_limited", 3)


async def test_a_cancelled_answer_says_so() -> None:
    def script(frame: dict[str, Any]) -> list[dict[str, Any] | None]:
        if frame["type"] == "ask":
            return numbered(frame)[:3]
        return [{"type": "cancelled", "id": "q1", "seq": 3, "answer": ANSWER}]

    async with server(script) as url, BookChat(url) as chat:
        async for event in chat.ask("One?"):
            if isinstance(event, Token):
                await chat.cancel()
    assert isinstance(event, Done)
    assert event.cancelled
