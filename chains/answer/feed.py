"""A list that grows while any number of readers follow it, each at their own pace."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from typing import Generic, TypeVar

T = TypeVar("T")


class Feed(Generic[T]):
    """Items in the order they came; nothing is copied for a follower, however slow."""

    def __init__(self) -> None:
        self.items: list[T] = []
        self.ended = False
        self.error: BaseException | None = None
        self.followers = 0
        self._waiting: list[asyncio.Future[None]] = []

    def add(self, item: T) -> None:
        """Appends an item."""
        self.items.append(item)
        self._wake()

    def end(self, error: BaseException | None = None) -> None:
        """No item comes after this; ``error`` is raised for those who have seen them all."""
        self.ended, self.error = True, error
        self._wake()

    async def follow(self, after: int = -1) -> AsyncGenerator[T]:
        """Items whose index is greater than ``after``, then live ones until the end."""
        async with aclosing(self.batches(after)) as batches:
            async for batch in batches:
                for item in batch:
                    yield item

    async def batches(self, after: int = -1) -> AsyncGenerator[list[T]]:
        """As ``follow``: all items that are there, then those of each wake-up."""
        position = max(0, after + 1)
        self.followers += 1
        try:
            while True:
                if batch := self.items[position:]:
                    position += len(batch)
                    yield batch
                    continue
                if self.ended:
                    if self.error is not None:
                        raise self.error
                    return
                await self._news()
        finally:
            self.followers -= 1

    async def since(self, position: int, seconds: float) -> list[T]:
        """Items from ``position`` on; waits for one at most so long."""
        if position >= len(self.items) and not self.ended:
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self._news()
        return self.items[position:]

    async def _news(self) -> None:
        waiting = asyncio.get_running_loop().create_future()
        self._waiting.append(waiting)
        await waiting

    def _wake(self) -> None:
        waiting, self._waiting = self._waiting, []
        for one in waiting:
            if not one.done():
                one.set_result(None)
