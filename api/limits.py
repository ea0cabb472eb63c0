"""How many answers at once, and how many questions a minute per client."""

import asyncio
import ipaddress
import time
from collections.abc import Callable, Sequence
from typing import Final

from limits import RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage, RedisStorage, Storage
from limits.aio.strategies import SlidingWindowCounterRateLimiter
from limits.errors import StorageError
from starlette.requests import HTTPConnection

import metering
from errors import RetryLater

QUEUE_SECONDS: Final = 5.0


class RateLimiter:
    """Questions a minute per client (address or session); shared through Redis when set."""

    def __init__(self, per_minute: int, redis_url: str | None = None) -> None:
        storage: Storage = MemoryStorage()
        if redis_url:
            storage = RedisStorage(
                f"async+{redis_url}", implementation="redispy", wrap_exceptions=True
            )
        self._item = RateLimitItemPerMinute(per_minute) if per_minute else None
        self._limiter = SlidingWindowCounterRateLimiter(storage)

    async def check(self, client: str, cost: int = 1) -> None:
        """Counts ``cost`` questions of ``client``.

        Raises:
            RetryLater: code ``rate_limited``, with the seconds until the next one is allowed.
        """
        if self._item is None:
            return
        try:
            allowed = await self._limiter.hit(self._item, client, cost=cost)
            reset = (await self._limiter.get_window_stats(self._item, client)).reset_time
        except StorageError:
            metering.count("degraded:redis")
            return
        if not allowed:
            wait = max(1.0, reset - time.time())
            raise RetryLater(
                "Too many questions in a short time; please wait a moment.",
                code="rate_limited",
                retry_after=min(wait, 60.0),
            )


class Slots:
    """At most ``size`` answers at once; a few more wait a short while."""

    def __init__(self, size: int, queue_seconds: float = QUEUE_SECONDS) -> None:
        self.size = size
        self._free = asyncio.Semaphore(size)
        self._queue = size
        self._seconds = queue_seconds
        self.waiting = 0
        self.taken = 0

    async def acquire(self) -> Callable[[], None]:
        """Takes a slot; returns what gives it back (once, however often it is called).

        Raises:
            RetryLater: code ``overloaded``.
        """
        if self._free.locked() and self.waiting >= self._queue:
            raise _overloaded()
        self.waiting += 1
        try:
            async with asyncio.timeout(self._seconds):
                await self._free.acquire()
        except TimeoutError:
            raise _overloaded() from None
        finally:
            self.waiting -= 1
        self.taken += 1
        given_back = False

        def release() -> None:
            nonlocal given_back
            if not given_back:
                given_back = True
                self.taken -= 1
                self._free.release()

        return release


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
