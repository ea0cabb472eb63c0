"""The job that brings the served collection up to date with the book, inside the service."""

import asyncio
import contextlib
import ctypes
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from errors import BookChatError, RetryLater

Progress = Callable[[int, int | None], None]
IndexBook = Callable[[bool, Progress], Awaitable[dict[str, Any]]]
"""``(rebuild, progress)`` -> summary as JSON types; ``progress`` takes pages done and in all."""
RETRY_SECONDS = 10.0
_log = logging.getLogger(__name__)


class IndexJob:
    """One indexing at a time; readers are served from the old collection meanwhile."""

    def __init__(
        self, index_book: IndexBook, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    ) -> None:
        self._index_book = index_book
        self._sleep = sleep
        self._task: asyncio.Task[None] | None = None
        self._state: dict[str, Any] = {"state": "idle"}

    def start(self, *, rebuild: bool = False, patient: bool = False) -> bool:
        """Begins in the background; ``patient``: again and again while a part is away."""
        if self._task is not None and not self._task.done():
            return False
        self._state = {"state": "running", "done": 0, "total": None}
        self._task = asyncio.create_task(self._work(rebuild, patient))
        return True

    async def now(self) -> None:
        """Does the job and waits for it.

        Raises:
            BookChatError: it failed; ``state`` tells the same.
        """
        self._state = {"state": "running", "done": 0, "total": None}
        try:
            summary = await self._index_book(False, self._progress)
        except BookChatError as error:
            self._fail(error)
            raise
        self._done(summary)

    def state(self) -> dict[str, Any]:
        """``state`` is idle, running, done or failed; with progress, summary or detail."""
        return dict(self._state)

    async def close(self) -> None:
        """Stops the job; what it has written stays and the next run finishes it."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _work(self, rebuild: bool, patient: bool) -> None:
        while True:
            try:
                summary = await self._index_book(rebuild, self._progress)
            except RetryLater as error:
                self._fail(error)
                if not patient:
                    return
                await self._sleep(error.retry_after or RETRY_SECONDS)
            except BookChatError as error:
                self._fail(error)
                return
            else:
                self._done(summary)
                return

    def _progress(self, done: int, total: int | None) -> None:
        self._state = {"state": "running", "done": done, "total": total}

    def _done(self, summary: dict[str, Any]) -> None:
        self._state = {"state": "done", "summary": summary}
        _give_memory_back()
        _log.info(
            "book indexed: %(documents)s documents, %(chunks)s chunks, %(added)s of them new",
            summary,
        )

    def _fail(self, error: BookChatError) -> None:
        self._state = {"state": "failed", "code": error.code, "detail": error.detail}
        _log.error("indexing failed: %s", error.detail)


def _give_memory_back() -> None:
    """Glibc keeps what was freed for the next allocation; an index may be months until then."""
    with contextlib.suppress(OSError, AttributeError):  # another C library has no such function
        ctypes.CDLL(None).malloc_trim(0)
