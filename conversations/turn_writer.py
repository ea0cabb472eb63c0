"""Turns are written together: one transaction for all that came while the one before ran.

A transaction costs a change of thread, or several round trips, whatever it holds; with one for
each turn, a busy process would write fewer turns than it answers questions.
"""

import asyncio
import logging
from collections.abc import Callable
from copy import copy
from datetime import datetime
from typing import Final

from conversations import changes
from conversations.database import Transaction
from conversations.signing import no_session
from errors import BookChatError, RetryLater
from schema import Turn

_TOGETHER: Final = 100
_MOST: Final = 2000
"""So many may wait; a database that cannot keep up must not fill the memory."""

_log = logging.getLogger(__name__)

Waiting = tuple[Turn, str, asyncio.Future[None]]
"""A turn, the key of its session, and who waits for it."""


class TurnWriter:
    """Not for threads: belongs to one event loop.

    Args:
        write: runs a writing transaction.
    """

    def __init__(self, write: Transaction, clock: Callable[[], datetime]) -> None:
        self._write = write
        self._clock = clock
        self._waiting: list[Waiting] = []
        self._task: asyncio.Task[None] | None = None

    async def put(self, turn: Turn, key: str) -> None:
        """Returns when ``turn`` is stored; it will be, even if the caller is cancelled.

        Raises:
            FixQuestion: the session is gone.
            RetryLater: the database is away, or far behind.
        """
        if len(self._waiting) >= _MOST:
            raise RetryLater("Conversations cannot be kept right now.", code="overloaded")
        stored = asyncio.get_running_loop().create_future()
        self._waiting.append((turn, key, stored))
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run())
        await asyncio.shield(stored)

    async def flush(self) -> None:
        """Returns when nothing waits any more."""
        if self._task is not None:
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting[:_TOGETHER], self._waiting[_TOGETHER:]
            try:
                kept = await self._store(batch)
            except BookChatError as error:
                _tell(batch, error)
            except Exception as error:  # noqa: BLE001 - a mistake of ours must leave nobody waiting
                _log.error("turns could not be written", exc_info=error)
                _tell(batch, error)
            else:
                for one in batch:
                    _tell([one], None if one[1] in kept else no_session())

    async def _store(self, batch: list[Waiting]) -> set[str]:
        turns, now = [(turn, key) for turn, key, _ in batch], self._clock()
        return await self._write(lambda connection: changes.remember(connection, turns, now))


def _tell(batch: list[Waiting], error: BaseException | None) -> None:
    for _, _, stored in batch:
        if stored.done():
            continue
        if error is None:
            stored.set_result(None)
        else:
            # Each caller adds its own frames to what it is given.
            stored.set_exception(copy(error))
            stored.exception()  # the caller may have left; it is in the log
