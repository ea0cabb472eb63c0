"""Connections to PostgreSQL."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, Final, TypeVar

from sqlalchemy import Connection, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from circuit_breaker import CircuitBreaker

_LOCK: Final = 0x626F6F6B63686174
"""Names the advisory lock under which a database is migrated."""
CONNECT_SECONDS: Final = 3
PAUSE_SECONDS: Final = 1.0
"""After a failure the server is left alone so long."""
_CONNECTIONS: Final = 10
_ADVICE: Final = {
    "authentication failed": "DATABASE_URL: PostgreSQL refuses this user or password",
    "no password supplied": "DATABASE_URL: PostgreSQL asks for a password",
    "no pg_hba.conf entry": "DATABASE_URL: PostgreSQL does not let this client in",
    "does not exist": "DATABASE_URL: PostgreSQL has no such user or database",
    "permission denied": "DATABASE_URL: this user may not create tables",
    "invalid connection option": "DATABASE_URL: has an option that PostgreSQL does not know",
    "invalid sslmode": "DATABASE_URL: sslmode is not valid",
}
T = TypeVar("T")


class PostgresConnections:
    """A pool; while the server is away only one caller at a time waits for it.

    Args:
        url: of the driver.
        wait_seconds: how long to wait for a free connection.
    """

    def __init__(self, url: URL, wait_seconds: float) -> None:
        # Prepared statements break behind PgBouncer, which Neon and others put in front.
        arguments: dict[str, Any] = {"prepare_threshold": None}
        if "connect_timeout" not in url.query:
            arguments["connect_timeout"] = CONNECT_SECONDS
        self._engine = create_async_engine(
            url,
            pool_size=_CONNECTIONS // 2,
            max_overflow=_CONNECTIONS - _CONNECTIONS // 2,
            pool_timeout=wait_seconds,
            pool_pre_ping=True,
            pool_recycle=300,
            hide_parameters=True,
            connect_args=arguments,
        )
        self._breaker = CircuitBreaker(
            1, PAUSE_SECONDS, time.monotonic, look=wait_seconds + CONNECT_SECONDS
        )
        self._writers = asyncio.Semaphore(_CONNECTIONS)

    async def read(self, work: Callable[[Connection], T]) -> T:
        """Outside any transaction: that saves round trips."""
        async with self._connected() as connection:
            await connection.execution_options(isolation_level="AUTOCOMMIT")
            return await connection.run_sync(work)

    async def write(self, work: Callable[[Connection], T], *, alone: bool) -> T:
        """In a transaction; ``alone``: no other process is in such a one."""
        async with self._writers, self._connected() as connection, connection.begin():
            if alone:
                # Bound to the transaction: a session's lock breaks behind PgBouncer.
                await connection.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK})"))
            return await connection.run_sync(work)

    async def truncate_log(self) -> None:
        """Nothing: readers of the database cannot see its log."""

    def advice(self, error: BaseException | None) -> str | None:
        """What the operator must mend before a failed start can work, or None."""
        said = str(getattr(error, "orig", None))
        return next((advice for words, advice in _ADVICE.items() if words in said), None)

    async def close(self) -> None:
        """Closes all connections."""
        await self._engine.dispose()

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[AsyncConnection]:
        if not self._breaker.lets_pass():
            raise ConnectionError
        async with AsyncExitStack() as stack:
            try:
                connection = await stack.enter_async_context(self._engine.connect())
            except DBAPIError:
                self._breaker.failure()
                raise
            self._breaker.success()
            yield connection
