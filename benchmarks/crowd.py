"""Readers of a service, as many as one core can play: bare sockets that only look for marks.

A client library would spend more on an answer than the service does, and the crowd shares the
machine with what it measures.
"""

import asyncio
import base64
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import orjson

Door = Literal["ws", "sse", "openai", "ai-sdk"]
_PATHS: Final = {"sse": "/chat/stream", "openai": "/v1/chat/completions", "ai-sdk": "/ai-sdk"}
_MASK: Final = b"\x00\x00\x00\x00"
_TAIL: Final = 64
"""Bytes that are kept of what was read, as a mark may be cut by a read."""


@dataclass(frozen=True)
class Marks:
    """How a stream shows that text has come, that it is whole, and that it is a failure."""

    first: bytes
    end: bytes
    failures: tuple[bytes, ...] = ()


@dataclass
class Timed:
    """One answer, in seconds; ``failed`` says why there is none."""

    first: float = 0.0
    total: float = 0.0
    failed: str = ""


class _Reading(asyncio.Protocol):
    """A connection that waits for one answer at a time."""

    def __init__(self, marks: Marks) -> None:
        self._marks = marks
        self._tail = b""
        self._asked = 0.0
        self._answer = Timed()
        self._done: asyncio.Future[Timed] | None = None
        self._opened: asyncio.Future[None] | None = None
        self.transport: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        self._end("connection lost")
        if self._opened and not self._opened.done():
            self._opened.set_exception(ConnectionError("refused"))

    def data_received(self, data: bytes) -> None:
        if self._opened and not self._opened.done() and b"\r\n\r\n" in data:
            self._opened.set_result(None)
        seen = self._tail + data
        marks = self._marks
        if not self._answer.first and marks.first in seen:
            self._answer.first = time.perf_counter() - self._asked
        if any(failure in seen for failure in marks.failures):
            self._end(seen[-400:].decode("utf-8", "replace"))
        elif marks.end in seen:
            self._end("")
        self._tail = b"" if self._done is None else seen[-_TAIL:]

    async def open(self, request: bytes) -> None:
        """Sends an upgrade and waits for its answer."""
        self._opened = asyncio.get_running_loop().create_future()
        self.transport.write(request)
        await self._opened

    async def ask(self, request: bytes, seconds: float) -> Timed:
        """Sends and waits for the end of the answer."""
        self._answer, self._tail = Timed(), b""
        self._done = asyncio.get_running_loop().create_future()
        self._asked = time.perf_counter()
        self.transport.write(request)
        try:
            async with asyncio.timeout(seconds):
                return await self._done
        except TimeoutError:
            return Timed(failed="timed out")

    def _end(self, why: str) -> None:
        if self._done and not self._done.done():
            self._answer.total = time.perf_counter() - self._asked
            self._answer.failed = why or ("" if self._answer.first else f"no text: {self._tail!r}")
            self._done.set_result(self._answer)
            self._done = None


@dataclass(frozen=True)
class Crowd:
    """Readers at one door of one server.

    ``body`` makes what is sent from a question: a frame for ``ws``, else a request's body.
    """

    door: Door
    port: int
    marks: Marks
    body: Callable[[str], dict[str, Any]]
    seconds: float = 60.0

    async def ask(self, questions: Sequence[Sequence[str]]) -> list[Timed]:
        """Each reader asks their questions one after the other; all begin at once.

        Every question has a connection of its own, opened before its time is taken: what was
        said before would be the history of the next.
        """
        asked = await asyncio.gather(*(self._one_reader(theirs) for theirs in questions))
        return [answer for answers in asked for answer in answers]

    async def idle(self, count: int) -> list[Any]:
        """Opens sockets that say nothing; the caller closes the transports."""
        return [(await self._connect()).transport for _ in range(count)]

    async def _one_reader(self, questions: Sequence[str]) -> list[Timed]:
        return [await self._one(orjson.dumps(self.body(question))) for question in questions]

    async def _one(self, body: bytes) -> Timed:
        if self.door == "ws":
            reading, request = await self._connect(), _frame(body)
        else:
            reading, request = await self._connection(), self._post(body)
        try:
            return await reading.ask(request, self.seconds)
        finally:
            reading.transport.close()

    def _post(self, body: bytes) -> bytes:
        head = (
            f"POST {_PATHS[self.door]} HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        return head.encode() + body

    async def _connect(self) -> _Reading:
        reading = await self._connection()
        key = base64.b64encode(os.urandom(16)).decode()
        await reading.open(
            f"GET /ws/chat HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\nUpgrade: websocket\r\n"
            f"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            f"Sec-WebSocket-Key: {key}\r\n\r\n".encode()
        )
        return reading

    async def _connection(self) -> _Reading:
        loop = asyncio.get_running_loop()
        _, reading = await loop.create_connection(
            lambda: _Reading(self.marks), "127.0.0.1", self.port
        )
        return reading


def _frame(text: bytes) -> bytes:
    """A masked text frame; a mask of zeros changes nothing and is as good as any."""
    length = len(text)
    if length < 126:
        return bytes([0x81, 0x80 | length]) + _MASK + text
    return bytes([0x81, 0x80 | 126]) + length.to_bytes(2, "big") + _MASK + text
