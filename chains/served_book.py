"""Which version of the book is served."""

from collections.abc import Callable
from typing import Final

from chains.evidence.store import BookStore
from chains.state import AnswerState
from errors import RetryLater
from schema import CollectionInfo

_FRESH_SECONDS: Final = 1.0


class ServedBook:
    """What the served collection says about itself, read at most once a second.

    Args:
        clock: monotonic seconds.
    """

    def __init__(self, store: BookStore, clock: Callable[[], float]) -> None:
        self._store = store
        self._clock = clock
        self._read: tuple[float, CollectionInfo] | None = None

    async def of(self, state: AnswerState) -> CollectionInfo:
        """The version that this answer is made from, from its first use to its end.

        Raises:
            RetryLater: nothing is indexed yet, or the store is away.
        """
        if state.book is None:
            state.book = await self._now()
        return state.book

    async def _now(self) -> CollectionInfo:
        now = self._clock()
        if self._read is None or now - self._read[0] > _FRESH_SECONDS:
            info = await self._store.info()
            if info is None:
                raise RetryLater("The book is not indexed yet.", code="retrieval_unavailable")
            self._read = now, info
        return self._read[1]
