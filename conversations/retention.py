"""How long conversations are kept."""

import asyncio
import contextlib
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Delete, delete, exists, select

from conversations.preparation import PreparedDatabase
from conversations.tables import sessions, turns
from errors import RetryLater

_PURGE_SECONDS: Final = 6 * 3600
_PURGE_ROWS: Final = 1000
"""Deleted in one transaction, so that readers' turns are not kept waiting."""


class Retention:
    """Deletes what is older than ``days``; 0 keeps everything."""

    def __init__(
        self, database: PreparedDatabase, days: int, clock: Callable[[], datetime]
    ) -> None:
        self._database = database
        self._days = days
        self._clock = clock

    async def run(self) -> None:
        """Purges every few hours, until it is cancelled."""
        while True:
            with contextlib.suppress(RetryLater):
                await self.purge()
            await asyncio.sleep(_PURGE_SECONDS)

    async def purge(self) -> int:
        """Deletes turns older than the retention; returns how many."""
        if not self._days:
            return 0
        before = self._clock() - timedelta(days=self._days)
        old = select(turns.c.turn_id).where(turns.c.created_at < before).limit(_PURGE_ROWS)
        purged, deleted = 0, _PURGE_ROWS
        while deleted == _PURGE_ROWS:
            deleted = await self._delete(delete(turns).where(turns.c.turn_id.in_(old)))
            purged += deleted
        # The row of a deleted session stays: it keeps its id from working again.
        idle = sessions.c.deleted_at.is_(None) & (sessions.c.last_turn_at < before)
        empty = ~exists(select(1).where(turns.c.session_key == sessions.c.session_key))
        await self._delete(delete(sessions).where(idle, empty))
        if purged:
            await self._database.truncate_log()
        return purged

    async def _delete(self, statement: Delete) -> int:
        return await self._database.write(lambda found: found.execute(statement).rowcount)
