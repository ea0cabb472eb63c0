"""One answer for a door that is asked over HTTP: begun in the registry of runs, then followed."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Mapping
from contextlib import aclosing
from typing import Any, Self

from starlette.requests import Request

from api.runs.run import Run
from api.services import Services
from errors import BookChatError
from schema import Question

Frame = Mapping[str, Any]
"""A frame of the WebSocket protocol: ``sources``, ``token``, ``citation``, ``done`` …"""


class Answering:
    """A running answer whose first frame is there, so that the status of a response is known."""

    def __init__(self, run: Run, answer_id: str, frames: AsyncGenerator[Frame]) -> None:
        self.answer_id = answer_id
        self._run = run
        self._frames = frames
        self._first: Frame | None = None

    @classmethod
    async def begin(cls, services: Services, request: Request, question: Question) -> Self:
        """Asks ``question`` and waits for the first that is said.

        Raises:
            BookChatError: the question was not let in, or failed before anything was said.
        """
        run = await services.start(request, question, keep=True)
        answering = cls(run, run.answer_id, _decoded(run))
        try:
            await answering._wait()
        except asyncio.CancelledError:
            await run.cancel()
            raise
        return answering

    @classmethod
    async def resume(cls, run: Run) -> Self:
        """Follows a run from its beginning."""
        answering = cls(run, "", _decoded(run))
        await answering._wait()
        return answering

    async def _wait(self) -> None:
        async for frame in self._frames:
            if frame["type"] == "start":
                self.answer_id = frame["answer_id"]
            elif frame["type"] == "error":
                raise failure(frame)
            else:
                self._first = frame
                return
        raise BookChatError("The answer ended before it had begun.")

    async def frames(self, *, cancel: bool = True) -> AsyncGenerator[Frame]:
        """All frames after ``start``; ``cancel``: who stops reading stops the answer."""
        try:
            async with aclosing(self._frames) as frames:
                if self._first is not None:
                    yield self._first
                async for frame in frames:
                    yield frame
        finally:
            if cancel and not self._run.finished:
                await self._run.cancel()

    async def whole(self, gone: Awaitable[object]) -> Mapping[str, Any]:
        """The whole answer; it is stopped when ``gone`` comes before, as the client has left.

        Raises:
            BookChatError: it broke off.
        """
        leaving = asyncio.create_task(self._stop_after(gone))
        try:
            async for frame in self.frames():
                if frame["type"] == "done":
                    answer: Mapping[str, Any] = frame["answer"]
                    return answer
                if frame["type"] == "error":
                    raise failure(frame)
        finally:
            leaving.cancel()
        raise BookChatError("The answer was stopped.")

    async def _stop_after(self, gone: Awaitable[object]) -> None:
        await gone
        await self._run.cancel()


async def _decoded(run: Run) -> AsyncGenerator[Frame]:
    async with aclosing(run.events()) as events:
        async for event in events:
            yield event.fields


def failure(frame: Frame) -> BookChatError:
    """The error that an error frame tells of."""
    return BookChatError(frame["message"], code=frame["code"], retry_after=frame.get("retry_after"))


async def left(request: Request) -> None:
    """Returns when the client of a request has gone; its body must have been read."""
    while (await request.receive())["type"] != "http.disconnect":
        pass
