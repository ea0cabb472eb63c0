"""Makes the database usable, at once or as soon as it is there, and keeps it small."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Delete, delete, exists, select
from sqlalchemy.ext.asyncio import AsyncConnection

from conversations.database import Database
from conversations.migrate import is_current, migrate
from conversations.signing import Signer
from conversations.tables import sessions, signing_keys, turns
from errors import FixConfiguration, RetryLater

_PURGE_SECONDS: Final = 6 * 3600
_PURGE_ROWS: Final = 1000
"""Deleted in one transaction, so that readers' turns are not kept waiting."""
_KEY_NAME: Final = "sessions"
_log = logging.getLogger(__name__)


class Upkeep:
    """Migration, the shared signing key, retention.

    Args:
        shared: replicas agree on the signing key in the database.
        retention_days: how long turns are kept; 0 is for ever.
    """

    def __init__(
        self,
        database: Database,
        signer: Signer,
        shared: bool,
        retention_days: int,
        clock: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._signer = signer
        self._shared = shared
        self._retention_days = retention_days
        self._clock = clock
        self._prepared = False
        self._preparing = asyncio.Lock()

    async def start(self) -> None:
        """Prepares the database if it is there.

        Raises:
            FixConfiguration: waiting would not help.
        """
        try:
            await self._prepare()
        except RetryLater as error:
            if (advice := self._database.advice(error)) is not None:
                raise FixConfiguration(advice) from None
            _log.warning("conversations: the database is away, going on without memory")

    async def ready(self) -> None:
        """Returns once the database can be used, or raises RetryLater."""
        if not self._prepared:
            try:
                await self._prepare()
            except FixConfiguration as error:
                _log.error("conversations: %s", error.detail)
                raise RetryLater(
                    "Conversations cannot be reached right now.", code="overloaded"
                ) from error

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """A reading transaction on the ready database."""
        async with self._watched(), self._database.read() as connection:
            yield connection

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """A writing transaction on the ready database."""
        async with self._watched(), self._database.write() as connection:
            yield connection

    async def run(self) -> None:
        """Purges now and then, for ever."""
        while True:
            with contextlib.suppress(RetryLater):
                await self.purge()
            await asyncio.sleep(_PURGE_SECONDS)

    async def purge(self) -> int:
        """Deletes turns older than the retention; returns how many."""
        if not self._retention_days:
            return 0
        before = self._clock() - timedelta(days=self._retention_days)
        old = select(turns.c.turn_id).where(turns.c.created_at < before).limit(_PURGE_ROWS)
        purged, gone = 0, _PURGE_ROWS
        while gone == _PURGE_ROWS:
            gone = await self._delete(delete(turns).where(turns.c.turn_id.in_(old)))
            purged += gone
        # A forgotten session's row stays: it is what keeps its id from working again.
        idle = sessions.c.forgotten_at.is_(None) & (sessions.c.last_turn_at < before)
        empty = ~exists(select(1).where(turns.c.session_key == sessions.c.session_key))
        await self._delete(delete(sessions).where(idle, empty))
        if purged:
            await self._database.truncate_log()
        return purged

    async def _delete(self, statement: Delete) -> int:
        async with self.write() as connection:
            return (await connection.execute(statement)).rowcount

    @asynccontextmanager
    async def _watched(self) -> AsyncIterator[None]:
        await self.ready()
        try:
            yield
        except RetryLater:
            # It may come back empty or from an older backup.
            self._prepared = False
            raise

    async def _prepare(self) -> None:
        async with self._preparing:
            if self._prepared:
                return
            async with self._database.read() as connection:
                done = await connection.run_sync(is_current)
                key = await _stored_key(connection) if done and self._shared else None
            if not done or (self._shared and key is None):
                # Only now the lock, which a writer elsewhere may hold for long.
                async with self._database.write(alone=True) as connection:
                    await connection.run_sync(migrate)
                    key = await self._agree_on_key(connection) if self._shared else None
            if key:
                self._signer.prefer(key)
            self._prepared = True

    async def _agree_on_key(self, connection: AsyncConnection) -> bytes:
        """The first replica's key; the caller holds the migration lock."""
        stored = await _stored_key(connection)
        if stored is not None:
            return stored
        values = {"name": _KEY_NAME, "value": self._signer.key.decode()}
        await connection.execute(signing_keys.insert().values(**values))
        return self._signer.key


async def _stored_key(connection: AsyncConnection) -> bytes | None:
    query = select(signing_keys.c.value).where(signing_keys.c.name == _KEY_NAME)
    stored = (await connection.execute(query)).scalar()
    return None if stored is None else str(stored).encode()
