"""Answers to repeated questions, shared between replicas through Redis."""

import hashlib
import time
from collections.abc import Callable
from typing import Any, Final

import orjson
from pydantic import ValidationError
from redis.asyncio import Redis
from redis.exceptions import RedisError

import metering
from api.protection.rate import reconnecting
from chains.answer_key import AnswerKey
from schema import Answer

_PREFIX: Final = "book-chat:answered:"
_TIMEOUT_SECONDS: Final = 0.3
_PAUSE_SECONDS: Final = 5.0


class RedisAnswers:
    """See ``chains.wrappers.cached.AnswerStore``."""

    def __init__(self, url: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._redis: Any = Redis.from_url(
            url,
            socket_connect_timeout=_TIMEOUT_SECONDS,
            socket_timeout=_TIMEOUT_SECONDS,
            retry=reconnecting(),
        )
        self._clock = clock
        self._away_until = 0.0

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
        # Not every question shall wait for a Redis that is away.
        if self._clock() < self._away_until:
            return None
        try:
            return await getattr(self._redis, command)(*arguments, **options)
        except (RedisError, OSError):
            metering.count("degraded:redis")
            self._away_until = self._clock() + _PAUSE_SECONDS
            return None


def _name(key: AnswerKey) -> str:
    # The question itself stays out of Redis' key space, where monitoring shows it.
    return _PREFIX + hashlib.sha256(orjson.dumps(key)).hexdigest()
