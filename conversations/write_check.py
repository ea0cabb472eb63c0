"""Whether the database takes what is written: a full disk, or a replica, can only be read."""

import time
from collections.abc import Callable
from datetime import datetime
from typing import Final

from sqlalchemy import Connection

from conversations.database import insert_into
from conversations.preparation import PreparedDatabase
from conversations.tables import write_checks

_SECONDS: Final = 5.0
"""Readiness is asked by many; what was written so lately need not be written again."""
_NAME: Final = "readiness"
_FILLING: Final = "." * 16_384
"""As long as a turn, which needs several pages of the file."""


class WriteCheck:
    """Writes one row, over and over.

    Args:
        now: the wall clock, for the row.
        monotonic: seconds, for how often.
    """

    def __init__(
        self,
        database: PreparedDatabase,
        now: Callable[[], datetime],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database, self._now, self._monotonic = database, now, monotonic
        self._written: float | None = None

    async def __call__(self) -> None:
        """Raises RetryLater when the database cannot be reached or cannot be written."""
        if self._written is not None and self._monotonic() - self._written < _SECONDS:
            return
        self._written = None
        await self._database.write(self._write)
        self._written = self._monotonic()

    def _write(self, connection: Connection) -> None:
        row = {"filling": _FILLING, "checked_at": self._now()}
        insert = insert_into(connection, write_checks).values(name=_NAME, **row)
        connection.execute(insert.on_conflict_do_update(index_elements=["name"], set_=row))
