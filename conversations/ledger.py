"""Provider calls by month, counted in memory and written together."""

import asyncio
import contextlib
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

from sqlalchemy import Connection, func, select

from conversations.database import Transaction, insert_into
from conversations.tables import calls
from errors import RetryLater

_FLUSH_SECONDS: Final = 2.0
_STALE_SECONDS: Final = 30.0
"""After so long other replicas' calls are looked up again."""

Entry = tuple[str, str, str, str]
"""Month (``2026-11``), provider, operation, outcome."""


class CallLedger:
    """Not for threads: belongs to one event loop.

    Args:
        write: runs a writing transaction.
    """

    def __init__(self, write: Transaction, clock: Callable[[], datetime]) -> None:
        self._write = write
        self._clock = clock
        self._buffer: Counter[Entry] = Counter()
        self._written: tuple[str, int] = ("", 0)
        self._read_at = float("-inf")
        self._wake = asyncio.Event()
        self._flushing = asyncio.Lock()

    def record(self, provider: str, operation: str, outcome: str, n: int) -> None:
        """Counts; no I/O."""
        self._buffer[(self._month(), provider[:64], operation[:64], outcome[:64])] += n
        self._wake.set()

    def calls_this_month(self) -> int:
        """Calls of all replicas since the month began (UTC), as far as known; no I/O."""
        if time.monotonic() - self._read_at > _STALE_SECONDS:
            self._wake.set()
        month = self._month()
        known = self._written[1] if self._written[0] == month else 0
        return known + sum(n for entry, n in self._buffer.items() if entry[0] == month)

    async def run(self) -> None:
        """Writes soon after something was counted, for ever."""
        while True:
            await self._wake.wait()
            await asyncio.sleep(_FLUSH_SECONDS)
            with contextlib.suppress(RetryLater):  # kept for the next time
                await self.flush()

    async def flush(self) -> None:
        """Writes what was counted and reads the month's total.

        Raises:
            RetryLater: the database is away; nothing is lost.
        """
        async with self._flushing:
            self._read_at = time.monotonic()
            taken = dict(self._buffer)
            month = self._month()
            self._wake.clear()
            try:
                written = await self._write(lambda connection: _add(connection, taken, month))
            except RetryLater:
                if taken:
                    self._wake.set()
                raise
            self._buffer.subtract(taken)
            self._buffer = +self._buffer
            self._written = (month, written)

    def _month(self) -> str:
        return self._clock().astimezone(UTC).strftime("%Y-%m")


def _add(connection: Connection, counted: dict[Entry, int], month: str) -> int:
    """Adds what was counted; the calls of ``month``, of all replicas."""
    if counted:
        insert = insert_into(connection, calls)
        added = insert.on_conflict_do_update(
            index_elements=list(calls.primary_key.columns),
            set_={"total": calls.c.total + insert.excluded.total},
        )
        connection.execute(added, _rows(counted))
    total = select(func.coalesce(func.sum(calls.c.total), 0)).where(calls.c.month == month)
    return int(connection.execute(total).scalar_one())


def _rows(counted: dict[Entry, int]) -> list[dict[str, object]]:
    """In one order everywhere, so that two replicas cannot wait for each other."""
    names = ("month", "provider", "operation", "outcome", "total")
    return [dict(zip(names, (*e, n), strict=True)) for e, n in sorted(counted.items())]
