"""SQLite or PostgreSQL, whose failures have one name.

What is done there is a plain function of a connection, so that it reads alike for both.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final, Protocol, TypeVar

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from conversations.postgres import CONNECT_SECONDS, PAUSE_SECONDS, PostgresConnections
from conversations.sqlite import SqliteConnections
from errors import FixConfiguration, RetryLater

FILE: Final = "book-chat.sqlite3"
_ALONE_SECONDS: Final = 300
"""Migrations may wait for another replica's, or rewrite much."""
_log = logging.getLogger(__name__)
T = TypeVar("T")


class Transaction(Protocol):
    """Runs ``work`` in a writing transaction; what it raises rolls the transaction back."""

    async def __call__(self, work: Callable[[Connection], T]) -> T:
        """What ``work`` returns, once it is stored."""


class Connections(Protocol):
    """Connections to one database; raises the driver's errors, or a ``ConnectionError``."""

    async def read(self, work: Callable[[Connection], T]) -> T:
        """Outside any transaction: that saves round trips."""

    async def write(self, work: Callable[[Connection], T], *, alone: bool) -> T:
        """In a transaction; ``alone``: no other process is in such a one."""

    async def truncate_log(self) -> None:
        """Takes what was deleted out of a write-ahead log that could be read."""

    def advice(self, error: BaseException | None) -> str | None:
        """What the operator must mend before a failed start can work, or None."""

    async def close(self) -> None:
        """Closes all connections."""


def database_url(url: str | None, data_dir: Path) -> URL:
    """The driver's URL; None is the file under ``data_dir``.

    Raises:
        FixConfiguration: no such database is supported; the message never holds the URL.
    """
    if not url:
        return URL.create("sqlite", database=str(data_dir / FILE))
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        raise FixConfiguration("DATABASE_URL: is not a database URL") from None
    if parsed.drivername in ("postgres", "postgresql", "postgresql+psycopg"):
        return parsed.set(drivername="postgresql+psycopg")
    # Earlier releases asked for an asynchronous driver of SQLite.
    if parsed.drivername in ("sqlite", "sqlite+aiosqlite"):
        if parsed.database in (None, "", ":memory:"):
            raise FixConfiguration("DATABASE_URL: SQLite needs a file, sqlite:///path")
        return parsed.set(drivername="sqlite")
    raise FixConfiguration("DATABASE_URL: must begin with postgresql:// or sqlite:///")


def insert_into(connection: Connection, table: Table) -> sqlite.Insert | postgresql.Insert:
    """INSERT with the ``on_conflict_…`` of the connection's dialect."""
    if connection.dialect.name == "sqlite":
        return sqlite.insert(table)
    return postgresql.insert(table)


class Database:
    """Reads and transactions; every driver failure leaves as ``RetryLater``.

    Args:
        url: of the driver, see ``database_url``.
        wait_seconds: how long to wait for a lock, a free connection or a statement.
    """

    def __init__(self, url: URL, *, wait_seconds: float = 5.0) -> None:
        self.is_sqlite = url.get_backend_name() == "sqlite"
        self._wait = wait_seconds
        self._connections: Connections = (
            SqliteConnections(url, wait_seconds)
            if self.is_sqlite
            else PostgresConnections(url, wait_seconds)
        )

    async def read(self, work: Callable[[Connection], T]) -> T:
        """What ``work`` returns of a connection to read from."""
        async with self._named():
            return await self._connections.read(work)

    async def write(self, work: Callable[[Connection], T], *, alone: bool = False) -> T:
        """As ``Transaction``; ``alone``: no other process is in such a one."""
        async with self._named(_ALONE_SECONDS if alone else None):
            return await self._connections.write(work, alone=alone)

    async def truncate_log(self) -> None:
        """Takes what was deleted out of a write-ahead log that could be read."""
        async with self._named():
            await self._connections.truncate_log()

    def advice(self, error: RetryLater) -> str | None:
        """What the operator must mend before a failed start can work, or None."""
        return self._connections.advice(error.__cause__)

    async def close(self) -> None:
        """Closes all connections."""
        await self._connections.close()

    @asynccontextmanager
    async def _named(self, seconds: float | None = None) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(seconds or self._wait + CONNECT_SECONDS):
                yield
        except (SQLAlchemyError, OSError) as error:  # TimeoutError is an OSError
            if not isinstance(error, ConnectionError):  # which is ours, and was told before
                # The message of a driver may hold a host, a statement or a reader's words.
                cause = getattr(error, "orig", None) or error
                state = getattr(cause, "sqlstate", None) or getattr(cause, "sqlite_errorname", None)
                _log.warning("database failed: %s %s", type(cause).__name__, state or "")
            raise RetryLater(
                "Conversations cannot be reached right now.",
                code="overloaded",
                retry_after=PAUSE_SECONDS,
            ) from error
