"""One visitor of the soak: asks at any door, one after the other, and sometimes leaves."""

import asyncio
import random
from collections.abc import Callable
from concurrent.futures import Executor

import httpx
from websockets.exceptions import WebSocketException

from benchmarks.doors import DOORS, Door, Reply
from benchmarks.soak_reader import QUESTIONS, Books

_PATIENT, _IMPATIENT = 60.0, 0.15
"""Seconds; an impatient one is mostly gone before the answer."""
_LEAVE = 0.15


class Visitor:
    """Keeps no session; each door's own client protocol is spoken.

    Args:
        url: of the service.
        number: makes chance different from other visitors'.
        threads: where the doors' clients wait.
        until: True once no further question shall be asked.
    """

    def __init__(
        self,
        url: str,
        number: int,
        books: Books,
        threads: Executor,
        until: Callable[[], bool],
    ) -> None:
        self._url, self._books, self._threads, self._until = url, books, threads, until
        self._chance = random.Random(number)
        self._asked = 0

    async def run(self) -> None:
        """Asks until told to stop."""
        while not self._until():
            door = self._chance.choice(DOORS)
            await self._visit(door, leaves=self._chance.random() < _LEAVE)
            await asyncio.sleep(self._chance.expovariate(1.0))

    async def _visit(self, door: Door, *, leaves: bool) -> None:
        self._asked += 1
        question = f"{self._chance.choice(QUESTIONS)[:-1]} {self._chance.randrange(10_000)}?"
        life, down = self._books.life, self._books.down
        loop = asyncio.get_running_loop()
        try:
            reply = await loop.run_in_executor(self._threads, self._ask, door, question, leaves)
        except (httpx.TransportError, OSError, WebSocketException) as error:
            # A stopping service ends connections that are idle, and refuses new ones.
            stopped = down or self._books.down or life != self._books.life
            if leaves or stopped:
                self._books.outcomes["left" if leaves else "closed:1012"] += 1
            else:
                self._books.wrong.append(f"{door}: {type(error).__name__}")
                self._books.outcomes[f"gone:{door}"] += 1
            return
        self._books.doors[str(door)] += 1
        self._books.outcomes[_outcome(reply)] += 1

    def _ask(self, door: Door, question: str, leaves: bool) -> Reply:
        seconds = _IMPATIENT if leaves else _PATIENT
        with httpx.Client(base_url=self._url, timeout=seconds) as http:
            return door.ask(http, question, {})


def _outcome(reply: Reply) -> str:
    if reply.output is None:
        return f"error:{reply.code}"
    return str(reply.output.get("status") or "answered")
