"""How many answers at once, how many questions a minute per client, how long a request."""

import asyncio
import ipaddress
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, Final

from limits import RateLimitItem, parse
from limits.aio.storage import MemoryStorage, RedisStorage
from limits.aio.strategies import SlidingWindowCounterRateLimiter
from limits.errors import StorageError
from redis.asyncio import ConnectionPool
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

import metering
from errors import RetryLater

QUEUE_SECONDS: Final = 5.0
_REDIS_SECONDS: Final = 1.0
_REDIS_PAUSE_SECONDS: Final = 5.0
MAX_BODY: Final = 4 * 1024 * 1024
"""Bytes of a request's body: eight questions with their longest histories."""


def reconnecting() -> Retry:
    """Connections that died while they were idle are opened anew, once."""
    return Retry(NoBackoff(), 1, supported_errors=(RedisConnectionError,))


class RateLimiter:
    """Questions per client (address or session) and time: ``limit`` such as ``30/minute``, or 0.

    Shared through Redis when ``redis_url`` is set; while Redis is away each process counts for
    itself, which ``degraded:redis`` tells.
    """

    def __init__(
        self,
        limit: str,
        redis_url: str | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._item = None if limit == "0" else parse(limit)
        self._here = SlidingWindowCounterRateLimiter(MemoryStorage())
        self._shared: SlidingWindowCounterRateLimiter | None = None
        self._pool: ConnectionPool | None = None
        if redis_url:
            self._pool = ConnectionPool.from_url(
                redis_url,
                socket_connect_timeout=_REDIS_SECONDS,
                socket_timeout=_REDIS_SECONDS,
                retry=reconnecting(),
            )
            given: Any = {"connection_pool": self._pool}
            storage = RedisStorage(
                "async+redis://",
                implementation="redispy",
                wrap_exceptions=True,
                key_prefix="book-chat:limits",
                **given,
            )
            self._shared = SlidingWindowCounterRateLimiter(storage)
        self._clock = clock
        self._away_until = 0.0

    async def aclose(self) -> None:
        """Closes the connections to Redis."""
        if self._pool:
            await self._pool.aclose()

    async def check(self, client: str, cost: int = 1) -> None:
        """Counts ``cost`` questions of ``client``.

        Raises:
            RetryLater: code ``rate_limited``, with the seconds until the next one is allowed.
        """
        if self._item is None:
            return
        wait = await self._wait(self._item, client, cost)
        if wait is not None:
            raise RetryLater(
                "Too many questions in a short time; please wait a moment.",
                code="rate_limited",
                retry_after=min(max(1.0, wait), 60.0),
            )

    async def _wait(self, item: RateLimitItem, client: str, cost: int) -> float | None:
        """Seconds until ``client`` may ask again; None: it may now."""
        if self._shared and self._clock() >= self._away_until:
            try:
                return await _hit(self._shared, item, client, cost)
            except StorageError:
                # Not every question shall wait for a Redis that is away.
                self._away_until = self._clock() + _REDIS_PAUSE_SECONDS
        if self._shared:
            metering.count("degraded:redis")
        return await _hit(self._here, item, client, cost)


async def _hit(
    limiter: SlidingWindowCounterRateLimiter, item: RateLimitItem, client: str, cost: int
) -> float | None:
    if await limiter.hit(item, client, cost=cost):
        return None
    return (await limiter.get_window_stats(item, client)).reset_time - time.time()


class Slots:
    """At most ``size`` answers at once; a few more wait a short while."""

    def __init__(self, size: int, queue_seconds: float = QUEUE_SECONDS) -> None:
        self.size = size
        self._free = asyncio.Semaphore(size)
        self._queue = size
        self._seconds = queue_seconds
        self.waiting = 0
        self.taken = 0
        self._given_back = asyncio.Event()
        self._closed = False

    def close(self) -> None:
        """Gives out no more: the process is about to end."""
        self._closed = True

    def give_back(self, count: int) -> None:
        """For what ``acquire`` returned."""
        self.taken -= count
        for _ in range(count):
            self._free.release()
        self._given_back.set()

    async def acquire(self, count: int = 1) -> Callable[[], None]:
        """Takes ``count`` slots, or all there are; returns what gives them back, once.

        Raises:
            RetryLater: code ``overloaded``.
        """
        if self._closed or (self._free.locked() and self.waiting >= self._queue):
            raise _overloaded()
        held = _Held(self)
        self.waiting += 1
        try:
            async with asyncio.timeout(self._seconds):
                for _ in range(min(count, self.size)):
                    await self._free.acquire()
                    held.taken()
        except BaseException as error:
            held.release()
            if isinstance(error, TimeoutError):
                raise _overloaded() from None
            raise
        finally:
            self.waiting -= 1
        return held.release

    async def idle(self, seconds: float) -> bool:
        """Waits until no answer is being made; False when that takes longer."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while self.taken:
                    self._given_back.clear()
                    await self._given_back.wait()
        return not self.taken


class _Held:
    """Slots that one request holds."""

    def __init__(self, slots: Slots) -> None:
        self._slots = slots
        self._count = 0

    def taken(self) -> None:
        self._count += 1
        self._slots.taken += 1

    def release(self) -> None:
        count, self._count = self._count, 0
        self._slots.give_back(count)


def _overloaded() -> RetryLater:
    return RetryLater(
        "Many readers are asking at once; please try again in a few seconds.",
        code="overloaded",
        retry_after=5,
    )


def client_address(connection: HTTPConnection, trusted: Sequence[str]) -> str:
    """The reader's address; a proxy's header is believed only when the proxy is trusted."""
    peer = connection.client.host if connection.client else "unknown"
    if not _is_trusted(peer, trusted):
        return peer
    hops = connection.headers.get("x-forwarded-for", "").split(",")
    for hop in reversed([h.strip() for h in hops if h.strip()]):
        if not _is_trusted(hop, trusted):
            return hop
    return peer


def _is_trusted(address: str, trusted: Sequence[str]) -> bool:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    return any(parsed in ipaddress.ip_network(net, strict=False) for net in trusted)


class BodyLimit:
    """ASGI middleware: a body over ``limit`` bytes is refused with 413, however it is sent."""

    def __init__(self, app: ASGIApp, limit: int = MAX_BODY) -> None:
        self._app = app
        self._limit = limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Counts while the route reads."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        read = _declared(scope)

        async def receive_counted() -> Message:
            nonlocal read
            # Before anything is read: whoever waits for "100 Continue" need not send it.
            if read > self._limit:
                raise HTTPException(413)
            message = await receive()
            arrived = len(message.get("body", b""))
            if not _declared(scope):
                read += arrived
                if read > self._limit:
                    raise HTTPException(413)
            return message

        await self._app(scope, receive_counted, send)


def _declared(scope: Scope) -> int:
    """Content-Length, 0 when there is none."""
    values = [value for name, value in scope["headers"] if name == b"content-length"]
    return int(values[0]) if values and values[0].isdigit() else 0
