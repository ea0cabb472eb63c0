"""One reader of the soak: asks, reads on, cancels, drops, resumes, and keeps books about it."""

import asyncio
import json
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

QUESTIONS: Final = (
    "How fast does the balance controller of a humanoid run?",
    "What is the capture point of a robot?",
    "How does a humanoid keep its balance?",
    "Where must the robot step to come to a full stop?",
    "Why does it run that fast?",
    "Who won the football world cup in Qatar?",
)
_ENDS: Final = ("done", "cancelled", "error")
_HUNG_SECONDS: Final = 60.0
_PATIENCE_SECONDS: Final = 5.0
Frame = dict[str, Any]
Gone = (ConnectionClosed, InvalidHandshake, OSError, TimeoutError)


class HungError(Exception):
    """Nothing came for _HUNG_SECONDS."""


@dataclass
class Books:
    """What all readers saw."""

    outcomes: Counter[str] = field(default_factory=Counter)
    """``answered``, ``degraded``, ``cancelled``, ``error:<code>``, … by question."""
    down: bool = False
    """While the service is being restarted."""
    doors: Counter[str] = field(default_factory=Counter)
    """Replies by door, other than the WebSocket's readers'."""
    wrong: list[str] = field(default_factory=list)
    """What must never happen."""
    life: int = 0
    """Counts the restarts of the service: what a life answered cannot be resumed in the next."""


@dataclass
class Asked:
    """One question that was sent."""

    life: int
    answer_id: str = ""
    seq: int = -1
    text: str = ""


class Reader:
    """Holds one session over any number of connections.

    Args:
        number: makes ids and chance different from other readers'.
        until: True once no further question shall be asked.
    """

    def __init__(self, url: str, number: int, books: Books, until: Callable[[], bool]) -> None:
        self._url = url
        self._chance = random.Random(number)
        self._books = books
        self._until = until
        self._asked = 0
        self.session_id = ""
        self.started: set[str] = set()
        self.kept: set[str] = set()
        """Answers that must stand in the session: they ended whole or with a part."""

    async def run(self) -> None:
        """Asks until told to stop."""
        while not self._until():
            try:
                async with connect(self._url, open_timeout=10, max_size=2**22) as socket:
                    await self._converse(socket)
            except (*Gone, HungError):
                await asyncio.sleep(self._chance.uniform(0.1, 1.0))

    async def _converse(self, socket: ClientConnection) -> None:
        ready = await _frame(socket)
        self.session_id = self.session_id or ready["session_id"]
        while not self._until():
            await self._question(socket)
            await asyncio.sleep(self._chance.expovariate(1.0))
            if self._chance.random() < 0.1:
                return

    async def _question(self, socket: ClientConnection) -> None:
        self._asked += 1
        asked = Asked(self._books.life)
        whim = self._chance.choices(["read", "cancel", "drop", "forget"], [60, 15, 15, 10])[0]
        frame = {"question": self._chance.choice(QUESTIONS), "session_id": self.session_id}
        if self._chance.random() < 0.7:
            frame["language"] = f"en-{self._chance.randrange(10_000)}"  # not from the cache
        await socket.send(json.dumps({"type": "ask", "id": f"q{self._asked}", **frame}))
        try:
            end = await self._read(socket, asked, whim)
            if end is None and whim == "drop":
                end = await self._resumed(asked)
        except ConnectionClosed as closed:
            self._closed(asked, closed)
            raise
        except HungError:
            self._books.outcomes["hung"] += 1
            raise
        self._note(asked, end, "left" if whim in ("drop", "forget") else "unknown")
        if whim in ("drop", "forget"):
            raise ConnectionResetError
        if end is not None and end.get("retry_after"):
            await asyncio.sleep(min(end["retry_after"], _PATIENCE_SECONDS))

    async def _read(self, socket: ClientConnection, asked: Asked, whim: str) -> Frame | None:
        """The last frame of the answer; None when the reader left before."""
        patience = self._chance.randrange(1, 12)
        told = False
        while True:
            frame = await _frame(socket)
            if whim == "resume" and frame["type"] == "error" and "id" not in frame:
                return frame
            if frame.get("id") != f"q{self._asked}":
                continue  # a cancel that came too late for the question before
            self._follow(asked, frame)
            if frame["type"] in _ENDS:
                return frame
            if whim == "cancel" and not told and asked.seq >= patience:
                await socket.send(json.dumps({"type": "cancel", "id": f"q{self._asked}"}))
                told = True
            if whim in ("drop", "forget") and asked.seq >= patience:
                socket.transport.abort()
                return None

    def _follow(self, asked: Asked, frame: Frame) -> None:
        if "seq" in frame:
            if frame["seq"] != asked.seq + 1:
                self._books.wrong.append(f"seq {frame['seq']} came after {asked.seq}")
            asked.seq = frame["seq"]
        if frame["type"] == "start":
            asked.answer_id = frame["answer_id"]
            self.started.add(asked.answer_id)
        if frame["type"] == "token":
            asked.text += frame["text"]
        if frame["type"] == "done" and frame["answer"]["answer"] != asked.text:
            self._books.wrong.append("the tokens do not add up to the answer")

    async def _resumed(self, asked: Asked) -> Frame | None:
        """The rest of the answer over other connections."""
        for _ in range(40):
            await asyncio.sleep(self._chance.uniform(0.0, 0.5))
            try:
                async with connect(self._url, open_timeout=10, max_size=2**22) as socket:
                    await _frame(socket)
                    resume = {"answer_id": asked.answer_id, "after": asked.seq}
                    await socket.send(json.dumps({"type": "resume", **resume}))
                    return await self._read(socket, asked, "resume")
            except Gone:
                continue
        return None

    def _closed(self, asked: Asked, closed: ConnectionClosed) -> None:
        code = closed.rcvd.code if closed.rcvd else None
        if asked.answer_id and code != 1012:
            self._books.wrong.append(f"an answer was cut off by a close with {code}")
        self._books.outcomes[f"closed:{code}"] += 1

    def _note(self, asked: Asked, end: Frame | None, otherwise: str) -> None:
        if end is None:
            self._books.outcomes[otherwise] += 1
            return
        kind = end["type"]
        if end.get("code") == "not_found" and asked.life == self._books.life:
            self._books.wrong.append("an answer could not be resumed")
        answer = end.get("answer", {})
        if kind == "done" or (kind == "cancelled" and answer.get("status")):
            self.kept.add(asked.answer_id)
        names = {"done": answer.get("status"), "error": f"error:{end.get('code')}"}
        self._books.outcomes[names.get(kind) or kind] += 1


async def _frame(socket: ClientConnection) -> Frame:
    try:
        async with asyncio.timeout(_HUNG_SECONDS):
            frame: Frame = json.loads(await socket.recv())
    except TimeoutError:
        raise HungError from None
    return frame
