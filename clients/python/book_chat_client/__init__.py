"""A typed client of Book Chat's WebSocket, protocol 1.

    async with BookChat("http://localhost:7860") as chat:
        async for event in chat.ask("What is ROS 2?"):
            if isinstance(event, Token):
                print(event.text, end="")
        print(event.answer["sources"])  # the last event is Done

A connection that drops in the middle of an answer is made again and the answer is resumed.
"""

import itertools
import json
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from types import TracebackType
from typing import Any, NotRequired, Self, TypedDict

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed


class Source(TypedDict):
    """A passage that the answer rests on; ``url`` opens its heading."""

    id: str
    title: str
    heading: str
    breadcrumb: list[str]
    path: str
    url: str
    text: str
    score: float
    version: NotRequired[str | None]
    """Of a book with several versions."""
    locale: NotRequired[str | None]
    figures: NotRequired[list[dict[str, str]]]
    """Pictures of its section: ``url`` and ``alt``."""


class Citation(TypedDict):
    """``answer[start:end] == text`` is supported by these sources."""

    start: int
    end: int
    text: str
    source_ids: list[str]


class Answer(TypedDict):
    """A whole answer (or what there was of it when it was cancelled)."""

    answer_id: str
    session_id: str | None
    status: str
    """``answered``, ``not_in_book``, ``degraded`` or ``small_talk``."""
    confidence: str
    """``low``: the book may not answer exactly this."""
    answer: str
    citations: list[Citation]
    sources: list[Source]
    standalone_question: str
    suggestions: list[str]
    book_version: str
    model: str
    usage: dict[str, int]
    timings_ms: dict[str, float]


class Options(TypedDict):
    """What a question may carry besides its text."""

    session_id: NotRequired[str]
    selected_text: NotRequired[str]
    section: NotRequired[str]
    language: NotRequired[str]
    version: NotRequired[str]
    locale: NotRequired[str]
    replaces: NotRequired[str]


@dataclass(frozen=True)
class Sources:
    """Comes first."""

    sources: list[Source]


@dataclass(frozen=True)
class Token:
    """Some more of the text."""

    text: str


@dataclass(frozen=True)
class Cited:
    """A citation of what has come so far."""

    citation: Citation


@dataclass(frozen=True)
class Done:
    """Comes last."""

    answer: Answer
    cancelled: bool = False


Event = Sources | Token | Cited | Done


class BookChatError(Exception):
    """The server's error frame: ``code`` for programs, the text for people."""

    def __init__(self, frame: dict[str, Any]) -> None:
        super().__init__(frame["message"])
        self.code: str = frame["code"]
        self.retry_after: float | None = frame.get("retry_after")


class BookChat:
    """One reader's conversation; one question at a time."""

    def __init__(self, url: str) -> None:
        self._url = re.sub("^http", "ws", url.rstrip("/")) + "/ws/chat"
        self._socket: ClientConnection | None = None
        self._ids = (f"q{n}" for n in itertools.count(1))
        self._running = ""
        self.session_id = ""

    async def __aenter__(self) -> Self:
        await self._connect()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        if self._socket is not None:
            await self._socket.close()

    async def ask(self, question: str, **options: Any) -> AsyncIterator[Event]:
        """Events of one answer; ``options`` are those of ``Options``.

        Raises:
            BookChatError: the server refused, or the answer broke off.
        """
        self._running = next(self._ids)
        # The session outlives the connection: a later one goes on with the conversation.
        asked = {"session_id": self.session_id, **options, "question": question}
        await self._send({"type": "ask", "id": self._running, **asked})
        answer_id, seq = "", -1
        while True:
            try:
                frame = await self._receive()
            except ConnectionClosed:
                if not answer_id:
                    raise
                await self._connect()
                await self._send({"type": "resume", "answer_id": answer_id, "after": seq})
                continue
            seq = frame.get("seq", seq)
            if frame["type"] == "start":
                answer_id = frame["answer_id"]
            elif event := _event(frame):
                yield event
                if isinstance(event, Done):
                    return

    async def cancel(self) -> None:
        """Stops the running answer; its last event says so."""
        await self._send({"type": "cancel", "id": self._running})

    async def _connect(self) -> None:
        self._socket = await connect(self._url)
        ready = await self._receive()
        self.session_id = self.session_id or ready["session_id"]

    async def _send(self, frame: dict[str, Any]) -> None:
        assert self._socket is not None, "use it as: async with BookChat(url) as chat"
        await self._socket.send(json.dumps(frame))

    async def _receive(self) -> dict[str, Any]:
        assert self._socket is not None
        frame: dict[str, Any] = json.loads(await self._socket.recv())
        return frame


def _event(frame: dict[str, Any]) -> Event | None:
    match frame["type"]:
        case "sources":
            return Sources(frame["sources"])
        case "token":
            return Token(frame["text"])
        case "citation":
            return Cited(frame["citation"])
        case "done":
            return Done(frame["answer"])
        case "cancelled":
            return Done(frame["answer"], cancelled=True)
        case "error":
            raise BookChatError(frame)
    return None
