"""How many answers are made at the same time."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from errors import RetryLater

QUEUE_SECONDS: Final = 5.0


class Slots:
    """At most ``size`` answers at once; a few more wait a short while."""

    def __init__(self, size: int, queue_seconds: float = QUEUE_SECONDS) -> None:
        self.size = size
        self._free = asyncio.Semaphore(size)
        self._queue = size
        self._seconds = queue_seconds
        self.waiting = 0
        self.taken = 0
        self._given_back = asyncio.Event()
        self._closed = False

    def close(self) -> None:
        """Gives out no more: the process is about to end."""
        self._closed = True

    def give_back(self, count: int) -> None:
        """For what ``acquire`` returned."""
        self.taken -= count
        for _ in range(count):
            self._free.release()
        self._given_back.set()

    async def acquire(self, count: int = 1) -> Callable[[], None]:
        """Takes ``count`` slots, or all there are; returns what gives them back, once.

        Raises:
            RetryLater: code ``overloaded``.
        """
        if self._closed or (self._free.locked() and self.waiting >= self._queue):
            raise _overloaded()
        held = _Held(self)
        self.waiting += 1
        try:
            async with asyncio.timeout(self._seconds):
                for _ in range(min(count, self.size)):
                    await self._free.acquire()
                    held.taken()
        except BaseException as error:
            held.release()
            if isinstance(error, TimeoutError):
                raise _overloaded() from None
            raise
        finally:
            self.waiting -= 1
        return held.release

    async def idle(self, seconds: float) -> bool:
        """Waits until no answer is being made; False when that takes longer."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while self.taken:
                    self._given_back.clear()
                    await self._given_back.wait()
        return not self.taken


class _Held:
    """Slots that one request holds."""

    def __init__(self, slots: Slots) -> None:
        self._slots = slots
        self._count = 0

    def taken(self) -> None:
        self._count += 1
        self._slots.taken += 1

    def release(self) -> None:
        count, self._count = self._count, 0
        self._slots.give_back(count)


def _overloaded() -> RetryLater:
    return RetryLater(
        "Many readers are asking at once; please try again in a few seconds.",
        code="overloaded",
        retry_after=5,
    )
