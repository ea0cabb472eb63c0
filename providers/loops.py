"""One object for each event loop: an HTTP client must not be used from two."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar
from weakref import WeakKeyDictionary

T = TypeVar("T")


class PerLoop(Generic[T]):
    """Makes an object at its first use in a loop; ``close`` ends those of loops that run."""

    def __init__(self, make: Callable[[], T], close: Callable[[T], Awaitable[None]]) -> None:
        self._make, self._close = make, close
        self._made: WeakKeyDictionary[asyncio.AbstractEventLoop, T] = WeakKeyDictionary()

    @classmethod
    def of(cls, made: T) -> "PerLoop[T]":
        """The same object for every loop, for one that holds no connections of ours."""
        return cls(lambda: made, _nothing)

    def get(self) -> T:
        """The running loop's own."""
        loop = asyncio.get_running_loop()
        if loop not in self._made:
            self._made[loop] = self._make()
        return self._made[loop]

    async def aclose(self) -> None:
        """Closes all of them; they may be made again afterwards."""
        here = asyncio.get_running_loop()
        for loop, made in list(self._made.items()):
            if loop is here:
                await self._close(made)
            elif loop.is_running():
                await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(self._end(made), loop))
        self._made.clear()

    async def _end(self, made: T) -> None:
        await self._close(made)


async def _nothing(_: object) -> None:
    """What holds no connection needs no closing."""
