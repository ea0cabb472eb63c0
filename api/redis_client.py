"""Connections to Redis, alike for everything that replicas share."""

from redis.asyncio import ConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError

_CONNECT_SECONDS = 1.0


def redis_pool(url: str, *, seconds: float) -> ConnectionPool:
    """Connections that wait ``seconds`` for a reply; those that died idle are opened anew, once."""
    return ConnectionPool.from_url(
        url,
        socket_connect_timeout=min(seconds, _CONNECT_SECONDS),
        socket_timeout=seconds,
        retry=Retry(NoBackoff(), 1, supported_errors=(RedisConnectionError,)),
    )


def redis_client(url: str, *, seconds: float) -> Redis:
    """A client with a pool of its own, closed by its ``aclose``."""
    return Redis.from_pool(redis_pool(url, seconds=seconds))
