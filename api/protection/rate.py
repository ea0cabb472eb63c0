"""How many questions a client may ask in a time."""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from limits import RateLimitItem, parse
from limits.aio.storage import MemoryStorage, RedisStorage
from limits.aio.strategies import SlidingWindowCounterRateLimiter
from limits.errors import StorageError

from api.redis_client import redis_pool
from circuit_breaker import CircuitBreaker
from errors import RetryLater
from metering import Counter, Part

if TYPE_CHECKING:
    from redis.asyncio import ConnectionPool

_REDIS_SECONDS: Final = 1.0
_REDIS_PAUSE_SECONDS: Final = 5.0


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
        counter: Counter | None = None,
    ) -> None:
        self._counter = counter or Counter()
        self._item = None if limit == "0" else parse(limit)
        self._here = SlidingWindowCounterRateLimiter(MemoryStorage())
        self._shared: SlidingWindowCounterRateLimiter | None = None
        self._pool: ConnectionPool | None = None
        if redis_url:
            self._pool = redis_pool(redis_url, seconds=_REDIS_SECONDS)
            given: Any = {"connection_pool": self._pool}
            storage = RedisStorage(
                "async+redis://",
                implementation="redispy",
                wrap_exceptions=True,
                key_prefix="book-chat:limits",
                **given,
            )
            self._shared = SlidingWindowCounterRateLimiter(storage)
        # Not every question shall wait for a Redis that is away.
        self._breaker = CircuitBreaker(1, _REDIS_PAUSE_SECONDS, clock)

    async def aclose(self) -> None:
        """Closes the connections to Redis."""
        if self._pool:
            await self._pool.aclose()

    async def check(self, client: str, cost: int = 1, *, times: int = 1) -> None:
        """Counts ``cost`` questions of ``client``; ``times`` as many as usual are allowed.

        Raises:
            RetryLater: code ``rate_limited``, with the seconds until the next one is allowed.
        """
        if self._item is None:
            return
        item = type(self._item)(self._item.amount * times, self._item.multiples)
        wait = await self._wait(item, client, cost)
        if wait is not None:
            raise RetryLater(
                "Too many questions in a short time; please wait a moment.",
                code="rate_limited",
                retry_after=min(max(1.0, wait), 60.0),
            )

    async def _wait(self, item: RateLimitItem, client: str, cost: int) -> float | None:
        """Seconds until ``client`` may ask again; None: it may now."""
        if self._shared and self._breaker.lets_pass():
            try:
                wait = await _hit(self._shared, item, client, cost)
            except StorageError:
                self._breaker.failure()
            else:
                self._breaker.success()
                return wait
        if self._shared:
            self._counter.degraded(Part.REDIS)
        return await _hit(self._here, item, client, cost)


async def _hit(
    limiter: SlidingWindowCounterRateLimiter, item: RateLimitItem, client: str, cost: int
) -> float | None:
    if await limiter.hit(item, client, cost=cost):
        return None
    return (await limiter.get_window_stats(item, client)).reset_time - time.time()
