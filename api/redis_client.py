"""Connections to Redis, alike for everything that replicas share."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from redis.asyncio import ConnectionPool, Redis

_CONNECT_SECONDS = 1.0


def redis_pool(url: str, *, seconds: float) -> "ConnectionPool":
    """Connections that wait ``seconds`` for a reply; those that died idle are opened anew, once."""
    # Loaded where Redis is used: the package takes 7 MB.
    from redis.asyncio import ConnectionPool
    from redis.asyncio.retry import Retry
    from redis.backoff import NoBackoff
    from redis.exceptions import ConnectionError as RedisConnectionError

    return ConnectionPool.from_url(
        url,
        socket_connect_timeout=min(seconds, _CONNECT_SECONDS),
        socket_timeout=seconds,
        retry=Retry(NoBackoff(), 1, supported_errors=(RedisConnectionError,)),
    )


def redis_client(url: str, *, seconds: float) -> "Redis":
    """A client with a pool of its own, closed by its ``aclose``."""
    from redis.asyncio import Redis

    return Redis.from_pool(redis_pool(url, seconds=seconds))
