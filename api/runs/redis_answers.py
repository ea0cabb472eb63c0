"""Answers to repeated questions, shared between replicas through Redis."""

import hashlib
import time
from collections.abc import Callable
from typing import Any, Final

import orjson
from pydantic import ValidationError
from redis.exceptions import RedisError

from api.redis_client import redis_client
from chains.answer.cache_key import AnswerKey
from circuit_breaker import CircuitBreaker
from metering import Counter, Part
from schema import Answer

_PREFIX: Final = "book-chat:answered:"
_TIMEOUT_SECONDS: Final = 0.3
_PAUSE_SECONDS: Final = 5.0


class RedisAnswers:
    """See ``chains.wrappers.cached.AnswerStore``."""

    def __init__(
        self,
        url: str,
        clock: Callable[[], float] = time.monotonic,
        counter: Counter | None = None,
    ) -> None:
        self._redis: Any = redis_client(url, seconds=_TIMEOUT_SECONDS)
        self._counter = counter or Counter()
        # Not every question shall wait for a Redis that is away.
        self._breaker = CircuitBreaker(1, _PAUSE_SECONDS, clock)

    async def get(self, key: AnswerKey) -> Answer | None:
        """The answer, if one is there and can be reached."""
        raw = await self._try("get", _name(key))
        try:
            return Answer.model_validate_json(raw) if raw else None
        except ValidationError:
            return None  # another version of this program wrote it

    async def put(self, key: AnswerKey, answer: Answer, seconds: float) -> None:
        """Keeps an answer so long."""
        await self._try("set", _name(key), answer.model_dump_json(), ex=max(1, int(seconds)))

    async def aclose(self) -> None:
        """Closes the connections."""
        await self._redis.aclose()

    async def _try(self, command: str, *arguments: Any, **options: Any) -> Any:
        if not self._breaker.lets_pass():
            return None
        try:
            found = await getattr(self._redis, command)(*arguments, **options)
        except (RedisError, OSError):
            self._counter.degraded(Part.REDIS)
            self._breaker.failure()
            return None
        self._breaker.success()
        return found


def _name(key: AnswerKey) -> str:
    # The question itself stays out of Redis' key space, where monitoring shows it.
    return _PREFIX + hashlib.sha256(orjson.dumps(key)).hexdigest()
