"""An async engine for SQLite or PostgreSQL whose failures have one name."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Table, event, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, DisconnectionError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from circuit_breaker import CircuitBreaker
from conversations.sqlite_file import SqliteFile
from errors import FixConfiguration, RetryLater

FILE: Final = "book-chat.sqlite3"
_LOCK: Final = 0x626F6F6B63686174
"""Names the advisory lock under which PostgreSQL migrates."""
_CONNECT_SECONDS: Final = 3
_ALONE_SECONDS: Final = 300
"""Migrations may wait for another replica's, or rewrite much."""
_PAUSE_SECONDS: Final = 1.0
_AWAY: Final = "Conversations cannot be reached right now."
_SQLITE_CONNECTIONS: Final = 4
_POSTGRES_CONNECTIONS: Final = 10
_ADVICE: Final = {
    "authentication failed": "DATABASE_URL: PostgreSQL refuses this user or password",
    "no password supplied": "DATABASE_URL: PostgreSQL asks for a password",
    "no pg_hba.conf entry": "DATABASE_URL: PostgreSQL does not let this client in",
    "does not exist": "DATABASE_URL: PostgreSQL has no such user or database",
    "permission denied": "DATABASE_URL: this user may not create tables",
    "invalid connection option": "DATABASE_URL: has an option that PostgreSQL does not know",
    "invalid sslmode": "DATABASE_URL: sslmode is not valid",
}
_FILE_KEY: Final = "file"
_log = logging.getLogger(__name__)


def database_url(url: str | None, data_dir: Path) -> URL:
    """The driver's URL; None is the file under ``data_dir``.

    Raises:
        FixConfiguration: no such database is supported; the message never holds the URL.
    """
    if not url:
        return URL.create("sqlite+aiosqlite", database=str(data_dir / FILE))
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        raise FixConfiguration("DATABASE_URL: is not a database URL") from None
    if parsed.drivername in ("postgres", "postgresql", "postgresql+psycopg"):
        return parsed.set(drivername="postgresql+psycopg")
    if parsed.drivername in ("sqlite", "sqlite+aiosqlite"):
        if parsed.database in (None, "", ":memory:"):
            raise FixConfiguration("DATABASE_URL: SQLite needs a file, sqlite:///path")
        return parsed.set(drivername="sqlite+aiosqlite")
    raise FixConfiguration("DATABASE_URL: must begin with postgresql:// or sqlite:///")


def insert_into(connection: AsyncConnection, table: Table) -> sqlite.Insert | postgresql.Insert:
    """INSERT with the ``on_conflict_…`` of the connection's dialect."""
    if connection.dialect.name == "sqlite":
        return sqlite.insert(table)
    return postgresql.insert(table)


class Database:
    """Connections and transactions; every driver failure leaves as ``RetryLater``.

    Args:
        url: of the driver, see ``database_url``.
        wait_seconds: how long to wait for a lock, a free connection or a statement.
    """

    def __init__(self, url: URL, *, wait_seconds: float = 5.0) -> None:
        self.is_sqlite = url.get_backend_name() == "sqlite"
        self._wait = wait_seconds
        self._breaker = CircuitBreaker(
            1, _PAUSE_SECONDS, time.monotonic, look=wait_seconds + _CONNECT_SECONDS
        )
        self._file = SqliteFile(Path(str(url.database)), wait_seconds) if self.is_sqlite else None
        engine = _sqlite(url, wait_seconds, self._file) if self._file else None
        self._engine = engine or _postgres(url, wait_seconds)
        # SQLite has one writer anyway; a queue here is fairer than its busy handler.
        self._writers = asyncio.Semaphore(1 if self.is_sqlite else _POSTGRES_CONNECTIONS)

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """A connection to read from, outside any transaction: that saves round trips."""
        async with self._named(), self._connected() as connection:
            if not self.is_sqlite:
                await connection.execution_options(isolation_level="AUTOCOMMIT")
            yield connection

    @asynccontextmanager
    async def write(self, *, alone: bool = False) -> AsyncIterator[AsyncConnection]:
        """A transaction that writes; ``alone``: no other process is in such a one."""
        seconds = _ALONE_SECONDS if alone else None
        async with self._named(seconds), self._writers, self._connected() as connection:
            await connection.execution_options(immediate=True)
            async with connection.begin():
                if alone and not self.is_sqlite:
                    # Bound to the transaction: a session's lock breaks behind PgBouncer.
                    await connection.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK})"))
                yield connection

    async def truncate_log(self) -> None:
        """Takes what was deleted out of SQLite's write-ahead log; nothing on PostgreSQL."""
        if self.is_sqlite:
            async with self._named(), self._writers, self._connected() as connection:
                await connection.run_sync(_checkpoint)

    def advice(self, error: RetryLater) -> str | None:
        """What the operator must mend before a failed start can work, or None."""
        said = str(getattr(error.__cause__, "orig", None))
        return next((advice for words, advice in _ADVICE.items() if words in said), None)

    async def close(self) -> None:
        """Closes all connections."""
        await self._engine.dispose()

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[AsyncConnection]:
        """A connection; while the database is away only one caller at a time waits for it."""
        if self._file is not None and self._file.is_another():
            await self._begin_anew(self._file)
        if not self._breaker.lets_pass():
            raise RetryLater(_AWAY, code="overloaded", retry_after=_PAUSE_SECONDS)
        async with AsyncExitStack() as stack:
            try:
                connection = await stack.enter_async_context(self._engine.connect())
            except DBAPIError:
                self._breaker.failure()
                raise
            self._breaker.success()
            yield connection

    async def _begin_anew(self, file: SqliteFile) -> None:
        """Lets go of a file that was deleted or replaced; what was in it is out of reach.

        Raises:
            RetryLater: always: the tables of what is there now must be looked at first.
        """
        _log.error("the SQLite file was deleted or replaced while it was open")
        try:
            await asyncio.to_thread(file.make_usable)
        except FixConfiguration as error:
            _log.error("%s", error.detail)
        raise RetryLater(_AWAY, code="overloaded", retry_after=_PAUSE_SECONDS)

    @asynccontextmanager
    async def _named(self, seconds: float | None = None) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(seconds or self._wait + _CONNECT_SECONDS):
                yield
        except (SQLAlchemyError, OSError) as error:  # TimeoutError is an OSError
            # The message of a driver may hold a host, a statement or a reader's words.
            cause = getattr(error, "orig", None) or error
            state = getattr(cause, "sqlstate", None) or getattr(cause, "sqlite_errorname", None)
            _log.warning("database failed: %s %s", type(cause).__name__, state or "")
            raise RetryLater(_AWAY, code="overloaded", retry_after=_PAUSE_SECONDS) from error


def _checkpoint(connection: Connection) -> None:
    cursor = connection.connection.cursor()
    cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    cursor.close()


def _sqlite(url: URL, wait_seconds: float, file: SqliteFile) -> AsyncEngine:
    engine = create_async_engine(
        url,
        pool_size=_SQLITE_CONNECTIONS,
        max_overflow=0,
        pool_timeout=wait_seconds,
        hide_parameters=True,
        connect_args={"timeout": wait_seconds},
    )

    @event.listens_for(engine.sync_engine, "connect")
    def prepare(connection: Any, record: Any) -> None:
        record.info[_FILE_KEY] = file.known
        connection.isolation_level = None  # BEGIN is ours, below
        cursor = connection.cursor()
        # NORMAL syncs at checkpoints, not at every turn: a process that dies loses nothing, a
        # machine that loses power at most its last turns, and never the file.
        for pragma in ("synchronous=NORMAL", "foreign_keys=ON", "secure_delete=ON"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine.sync_engine, "checkout")
    def look(connection: object, record: Any, proxy: object) -> None:
        if record.info[_FILE_KEY] != file.known:
            raise DisconnectionError  # the pool closes it and opens another

    @event.listens_for(engine.sync_engine, "begin")
    def begin(connection: Any) -> None:
        # A writer that begins as a reader cannot wait for the lock: it fails at once.
        if connection.get_execution_options().get("immediate"):
            connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


def _postgres(url: URL, wait_seconds: float) -> AsyncEngine:
    # Prepared statements break behind PgBouncer, which Neon and others put in front.
    arguments: dict[str, Any] = {"prepare_threshold": None}
    if "connect_timeout" not in url.query:
        arguments["connect_timeout"] = _CONNECT_SECONDS
    return create_async_engine(
        url,
        pool_size=_POSTGRES_CONNECTIONS // 2,
        max_overflow=_POSTGRES_CONNECTIONS - _POSTGRES_CONNECTIONS // 2,
        pool_timeout=wait_seconds,
        pool_pre_ping=True,
        pool_recycle=300,
        hide_parameters=True,
        connect_args=arguments,
    )
