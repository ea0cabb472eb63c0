"""Answers for doors that speak another protocol over HTTP: a whole one, or its events."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Mapping
from contextlib import aclosing
from typing import Any, Self

from starlette.requests import Request

from api.runs.run import Run, RunEvent
from schema import Answer

Fields = Mapping[str, Any]
"""Of an event: ``type`` is ``sources``, ``token``, ``citation``, ``done``, ``error`` …"""


class Streamed:
    """The events of a run whose first one is there, so that the response's status is known."""

    def __init__(self, run: Run) -> None:
        self.answer_id = run.answer_id
        self._run = run
        self._events = run.events()
        self._first: RunEvent | None = None

    @classmethod
    async def begun(cls, run: Run) -> Self:
        """Waits until something is said.

        Raises:
            RunFailed: the answer failed before.
        """
        streamed = cls(run)
        try:
            async for event in streamed._events:
                if event.kind == "error":
                    raise event.failure()
                if event.kind != "start":
                    streamed._first = event
                    break
        except asyncio.CancelledError:
            await run.cancel()
            raise
        return streamed

    async def fields(self) -> AsyncGenerator[Fields]:
        """Of all events after ``start``; a run that is not kept ends with its reader."""
        async with self._run.owned(), aclosing(self._events) as events:
            if self._first is not None:
                yield self._first.fields
            async for event in events:
                yield event.fields


async def whole_answer(run: Run, gone: Awaitable[object]) -> Answer:
    """The answer when it is complete; it is stopped when ``gone`` comes before.

    Raises:
        RunFailed: it broke off.
    """

    async def stop() -> None:
        await gone
        await run.cancel()

    leaving = asyncio.create_task(stop())
    try:
        async with run.owned():
            return await run.answer()
    finally:
        leaving.cancel()


async def left(request: Request) -> None:
    """Returns when the client of a request has gone; its body must have been read."""
    while (await request.receive())["type"] != "http.disconnect":
        pass
