"""Connections to an SQLite file, each used by one thread at a time.

An asynchronous driver changes the thread for every statement, which costs more than the statement.
Here a whole transaction is one change of thread.
"""

import asyncio
import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL
from sqlalchemy.exc import DisconnectionError

from conversations.sqlite_file import SqliteFile
from errors import FixConfiguration

_CONNECTIONS: Final = 4
_FILE_KEY: Final = "file"
_log = logging.getLogger(__name__)
T = TypeVar("T")


class SqliteConnections:
    """As many threads as connections.

    Args:
        url: of the file.
        wait_seconds: how long to wait for a lock.
    """

    def __init__(self, url: URL, wait_seconds: float) -> None:
        self._file = SqliteFile(Path(str(url.database)), wait_seconds)
        self._engine = _engine(url, wait_seconds, self._file)
        self._threads = ThreadPoolExecutor(_CONNECTIONS, "sqlite")
        # SQLite has one writer anyway; a queue here is fairer than its busy handler.
        self._writers = asyncio.Semaphore(1)

    async def read(self, work: Callable[[Connection], T]) -> T:
        """Outside any transaction."""

        def reading() -> T:
            with self._engine.connect() as connection:
                return work(connection)

        return await self._in_thread(reading)

    async def write(self, work: Callable[[Connection], T], *, alone: bool) -> T:
        """In a transaction, which is the only one that writes. Cancelled, it is rolled back."""
        given_up = threading.Event()

        def writing() -> T:
            opened = self._engine.connect().execution_options(immediate=True)
            with opened as connection, connection.begin() as transaction:
                result = work(connection)
                if given_up.is_set():
                    transaction.rollback()
                return result

        async with self._writers:
            try:
                return await self._in_thread(writing)
            except asyncio.CancelledError:
                given_up.set()
                raise

    async def truncate_log(self) -> None:
        """Takes what was deleted out of the write-ahead log."""
        async with self._writers:
            await self.read(_checkpoint)

    def advice(self, error: BaseException | None) -> str | None:
        """None: what is wrong with a file is said before it is opened."""
        return None

    async def close(self) -> None:
        """Closes all connections."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        self._engine.dispose()

    async def _in_thread(self, work: Callable[[], T]) -> T:
        if self._file.is_another():
            await self._begin_anew()
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)

    async def _begin_anew(self) -> None:
        """Lets go of a file that was deleted or replaced; what was in it is out of reach.

        Raises:
            ConnectionError: always: the tables of what is there now must be looked at first.
        """
        _log.error("the SQLite file was deleted or replaced while it was open")
        try:
            await asyncio.to_thread(self._file.make_usable)
        except FixConfiguration as error:
            _log.error("%s", error.detail)
        raise ConnectionError


def _checkpoint(connection: Connection) -> None:
    connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").close()


def _engine(url: URL, wait_seconds: float, file: SqliteFile) -> Engine:
    engine = create_engine(
        url,
        pool_size=_CONNECTIONS,
        max_overflow=0,
        pool_timeout=wait_seconds,
        hide_parameters=True,
        connect_args={"timeout": wait_seconds, "check_same_thread": False},
    )

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, record: Any) -> None:
        record.info[_FILE_KEY] = file.known
        connection.isolation_level = None  # BEGIN is ours, below
        cursor = connection.cursor()
        # NORMAL syncs at checkpoints, not at every turn: a process that dies loses nothing, a
        # machine that loses power at most its last turns, and never the file.
        for pragma in ("synchronous=NORMAL", "foreign_keys=ON", "secure_delete=ON"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "checkout")
    def look(connection: object, record: Any, proxy: object) -> None:
        if record.info[_FILE_KEY] != file.known:
            raise DisconnectionError  # the pool closes it and opens another

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # A writer that begins as a reader cannot wait for the lock: it fails at once.
        if connection.get_execution_options().get("immediate"):
            connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine
