"""The job that brings the served collection up to date with the book, inside the service."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import Final, Literal, TypedDict

import freed_memory
from errors import BookChatError, ErrorCode, RetryLater
from loaders.index.options import IndexSummary, Progress

IndexBook = Callable[[bool, Progress], Awaitable[IndexSummary]]
"""``(rebuild, progress)``; ``progress`` takes the summary so far."""
FIRST_RETRY_SECONDS: Final = 10.0
_LONGEST_RETRY_SECONDS: Final = 600.0
_SAY_SECONDS: Final = 5.0
_log = logging.getLogger(__name__)


class JobState(TypedDict, total=False):
    """How far a job is, as JSON types."""

    state: Literal["idle", "running", "done", "failed"]
    phase: Literal["words", "vectors"]
    done: int
    total: int | None
    summary: dict[str, object]
    """Of a job that is done."""
    code: ErrorCode
    detail: str
    """Of one that failed."""


class IndexJob:
    """One indexing at a time; readers are served meanwhile by what is there.

    Args:
        index_book: does the work.
        sleep: waits before a job is tried again.
        clock: monotonic seconds.
    """

    def __init__(
        self,
        index_book: IndexBook,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._index_book = index_book
        self._sleep, self._clock = sleep, clock
        self._task: asyncio.Task[None] | None = None
        self._state: JobState = {"state": "idle"}
        self._said = self._began = clock()

    def start(self, *, rebuild: bool = False, patient: bool = False) -> bool:
        """Begins in the background; ``patient``: again and again while a part is away.

        One that failed and only waits for its next try gives way. False: one is at work.
        """
        if self._task is not None and not self._task.done():
            if self._state["state"] != "failed":
                return False
            self._task.cancel()
        self._state = {"state": "running", "phase": "words", "done": 0, "total": None}
        self._task = asyncio.create_task(self._work(rebuild, patient))
        return True

    async def finished(self) -> None:
        """Waits for a job that runs.

        Raises:
            BookChatError: what ended it; ``state`` says the same.
        """
        if self._task is not None:
            await self._task
        if self._state["state"] == "failed":
            raise BookChatError(self._state["detail"], code=self._state["code"])

    def state(self) -> JobState:
        """With its progress, summary or detail."""
        return self._state.copy()

    async def close(self) -> None:
        """Stops the job; what it has written stays and the next run finishes it."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _work(self, rebuild: bool, patient: bool) -> None:
        pause = FIRST_RETRY_SECONDS
        while True:
            self._began = self._said = self._clock()
            try:
                self._done(await self._index_book(rebuild, self._progress))
                return
            except BookChatError as error:
                self._fail(error)
                # A second indexer waits for the first: then there is nothing left to do.
                if not patient or not (isinstance(error, RetryLater) or error.code == "busy"):
                    return
                await self._sleep(error.retry_after or pause)
                pause = min(2 * pause, _LONGEST_RETRY_SECONDS)

    def _progress(self, so_far: IndexSummary) -> None:
        phase = so_far.phase
        if phase != self._state.get("phase"):
            self._began = self._clock()
        done, total = (
            (so_far.documents, so_far.pages)
            if phase == "words"
            else (so_far.embedded, so_far.to_embed)
        )
        self._state = {"state": "running", "phase": phase, "done": done, "total": total}
        if self._clock() - self._said >= _SAY_SECONDS:
            self._said = self._clock()
            _log.info("%s", progress_line(phase, done, total, self._clock() - self._began))

    def _done(self, summary: IndexSummary) -> None:
        problems = [str(problem) for problem in summary.problems]
        self._state = {"state": "done", "summary": {**asdict(summary), "problems": problems}}
        freed_memory.give_back()
        _log.info(
            "book indexed: %s documents, %s chunks, %s of them new",
            summary.documents,
            summary.chunks,
            summary.added,
        )

    def _fail(self, error: BookChatError) -> None:
        self._state = {"state": "failed", "code": error.code, "detail": error.detail}
        _log.error("indexing failed: %s", error.detail)


def progress_line(phase: str, done: int, total: int | None, seconds: float) -> str:
    """How far an index run is, for a log: what is done, and how long the rest takes."""
    what = "pages read" if phase == "words" else "chunks embedded"
    line = f"indexing: {done} of {total} {what}" if total else f"indexing: {done} {what}"
    if total and done:
        line += f", about {seconds / done * (total - done):.0f} s left"
    return line
