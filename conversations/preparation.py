"""Makes the database usable: at the start, or as soon as it can be reached."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final, TypeVar

from sqlalchemy import Connection, select

from conversations.database import Database
from conversations.migrate import is_current, migrate
from conversations.signing import Signer
from conversations.tables import signing_keys
from errors import FixConfiguration, RetryLater

_KEY_NAME: Final = "sessions"
_log = logging.getLogger(__name__)
T = TypeVar("T")


class PreparedDatabase:
    """A database with its tables migrated and the signing key agreed on.

    Args:
        shared: replicas agree on the signing key in the database.
    """

    def __init__(self, database: Database, signer: Signer, shared: bool) -> None:
        self._database = database
        self._signer = signer
        self._shared = shared
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
            _log.warning(
                "conversations: the database cannot be reached; answers have no memory until it can"
            )

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

    async def read(self, work: Callable[[Connection], T]) -> T:
        """Reads from the ready database."""
        async with self._watched():
            return await self._database.read(work)

    async def write(self, work: Callable[[Connection], T]) -> T:
        """A writing transaction on the ready database."""
        async with self._watched():
            return await self._database.write(work)

    async def truncate_log(self) -> None:
        """Deleted text leaves the write-ahead log too."""
        await self._database.truncate_log()

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
            done, key = await self._database.read(self._found)
            if not done or (self._shared and key is None):
                # The lock is taken last, because a writer elsewhere may hold it for long.
                key = await self._database.write(self._migrated, alone=True)
            if key:
                self._signer.prefer(key)
            self._prepared = True

    def _found(self, connection: Connection) -> tuple[bool, bytes | None]:
        """Whether the tables are this version's, and the key if it is shared."""
        done = is_current(connection)
        return done, _stored_key(connection) if done and self._shared else None

    def _migrated(self, connection: Connection) -> bytes | None:
        """The first replica's key, if it is shared; the caller holds the migration lock."""
        migrate(connection)
        if not self._shared:
            return None
        stored = _stored_key(connection)
        if stored is not None:
            return stored
        values = {"name": _KEY_NAME, "value": self._signer.key.decode()}
        connection.execute(signing_keys.insert().values(**values))
        return self._signer.key


def _stored_key(connection: Connection) -> bytes | None:
    query = select(signing_keys.c.value).where(signing_keys.c.name == _KEY_NAME)
    stored = connection.execute(query).scalar()
    return None if stored is None else str(stored).encode()
