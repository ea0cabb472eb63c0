"""Answers that any replica can resume or cancel, kept for a while in Redis.

Each answer is a stream whose entry ids are its ``seq`` plus one, so writing twice changes nothing
and a reader begins anywhere. A key beside it says that the replica which makes it is alive.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import suppress
from typing import Any, Final

import orjson
from redis.exceptions import RedisError, ResponseError

from api.redis_client import redis_client
from api.runs.local import KEEP_SECONDS, LocalRun
from api.runs.run import Run, RunEvent
from errors import RetryLater
from metering import Counter, Part

_PREFIX: Final = "book-chat:answer:"
_CANCEL: Final = "book-chat:cancel"
_BEAT_SECONDS: Final = 3.0
_ALIVE_SECONDS: Final = 10
_PAUSE_SECONDS: Final = 1.0
_TRIES: Final = 30
_CLOSE_SECONDS: Final = 3.0
_LOST: Final = "The connection to this answer was lost; please ask again."


class RedisRuns:
    """See ``api.runs.local.SharedRuns``."""

    def __init__(
        self, url: str, keep_seconds: float = KEEP_SECONDS, counter: Counter | None = None
    ) -> None:
        # A stream is waited for at most _BEAT_SECONDS; longer silence is a connection that died.
        self._redis: Any = redis_client(url, seconds=2 * _BEAT_SECONDS)
        self._counter = counter or Counter()
        self._keep = int(keep_seconds)
        self._copies: set[asyncio.Task[None]] = set()
        self._listener: asyncio.Task[None] | None = None

    async def ping(self) -> None:
        """Raises RetryLater when Redis cannot be reached."""
        try:
            await self._redis.ping()
        except (RedisError, OSError):
            raise _away() from None

    def listen(self, cancel: Callable[[str], None]) -> None:
        """From now on ``cancel`` is called with the ids of answers that others want stopped."""
        self._listener = asyncio.create_task(self._hear(cancel))

    def publish(self, run: LocalRun) -> None:
        """Copies the events of ``run`` as they come."""
        task = asyncio.create_task(self._copy(run))
        self._copies.add(task)
        task.add_done_callback(self._copies.discard)

    async def find(self, answer_id: str) -> Run | None:
        """The answer of another replica."""
        key = _PREFIX + answer_id
        try:
            first = await self._redis.xrange(key, count=1)
            last = await self._redis.xrevrange(key, count=1)
        except (RedisError, OSError):
            self._counter.degraded(Part.REDIS)
            raise _away() from None
        if not first:
            return None
        ask_id = orjson.loads(first[0][1][b"frame"])["id"]
        # The mark of the end comes after the last frame, and ids begin with 1.
        ended = int(last[0][0].split(b"-")[0]) - 1 if b"end" in last[0][1] else None
        return RemoteRun(self._redis, self._counter, answer_id, ask_id, ended)

    async def aclose(self) -> None:
        """Gives the last frames a moment to be copied."""
        if self._copies:
            await asyncio.wait(self._copies, timeout=_CLOSE_SECONDS)
        tasks = [*self._copies, *([self._listener] if self._listener else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._redis.aclose()

    async def _copy(self, run: LocalRun) -> None:
        position = 0
        failed = 0
        while failed < _TRIES:
            events = await run.log.since(position, _BEAT_SECONDS)
            frames = [event.frame for event in events]
            ended = run.finished and position + len(frames) == len(run.log.items)
            try:
                await self._write(run.answer_id, position, frames, ended)
            except (RedisError, OSError):
                self._counter.degraded(Part.REDIS)
                failed += 1
                await asyncio.sleep(_PAUSE_SECONDS)
                continue
            position += len(frames)
            if ended:
                return

    async def _write(self, answer_id: str, position: int, frames: list[bytes], ended: bool) -> None:
        key = _PREFIX + answer_id
        batch = self._redis.pipeline(transaction=False)
        for seq, frame in enumerate(frames, position):
            batch.xadd(key, {"frame": frame}, id=f"{seq + 1}-0")
        if ended:
            batch.xadd(key, {"end": ""}, id=f"{position + len(frames) + 1}-0")
        batch.set(f"{key}:alive", "", ex=_ALIVE_SECONDS)
        batch.expire(key, self._keep)
        for result in await batch.execute(raise_on_error=False):
            # An entry that is there already was written by a try whose answer got lost.
            if isinstance(result, Exception) and not isinstance(result, ResponseError):
                raise result

    async def _hear(self, cancel: Callable[[str], None]) -> None:
        while True:
            with suppress(RedisError, OSError):
                async with self._redis.pubsub() as channel:
                    await channel.subscribe(_CANCEL)
                    while True:
                        message = await channel.get_message(
                            ignore_subscribe_messages=True, timeout=_BEAT_SECONDS
                        )
                        if message:
                            cancel(message["data"].decode())
            self._counter.degraded(Part.REDIS)
            await asyncio.sleep(_PAUSE_SECONDS)


class RemoteRun(Run):
    """An answer that another replica makes, or made."""

    def __init__(
        self, redis: Any, counter: Counter, answer_id: str, ask_id: str, events: int | None
    ) -> None:
        super().__init__(answer_id, ask_id, keep=True)
        self._redis = redis
        self._counter = counter
        self._key = _PREFIX + answer_id
        self._events = events
        """How many there are in all; None while it may still be made."""
        self._ended = events is not None
        self._finished = self._ended

    @property
    def finished(self) -> bool:
        """No event comes any more."""
        return self._finished

    def reaches(self, seq: int) -> bool:
        """False when there is no such event; while it is made, copies may lag behind."""
        return self._events is None or seq < self._events

    async def cancel(self) -> None:
        """Asks the replica that makes it to stop."""
        try:
            await self._redis.publish(_CANCEL, self._key.removeprefix(_PREFIX))
        except (RedisError, OSError):
            self._counter.degraded(Part.REDIS)
            raise _away() from None

    async def events(self, after: int = -1) -> AsyncGenerator[RunEvent]:
        """Events whose ``seq`` is greater than ``after``; an error if the maker died."""
        seen = max(0, after + 1)
        try:
            while True:
                entries = await self._entries(seen)
                for fields in entries:
                    if b"end" in fields:
                        return
                    yield RunEvent(frame=fields[b"frame"])
                    seen += 1
                if not entries and (self._ended or not await self._alive()):
                    if not self._ended:
                        yield self._lost(seen)
                    return
        except (RedisError, OSError):
            self._counter.degraded(Part.REDIS)
            yield self._lost(seen)
        finally:
            self._finished = True

    async def _entries(self, seen: int) -> list[dict[bytes, bytes]]:
        wait = None if self._ended else int(_BEAT_SECONDS * 1000)
        found = await self._redis.xread({self._key: f"{seen}-0"}, count=500, block=wait)
        streams = found.items() if isinstance(found, dict) else found or []
        return [fields for _, entries in streams for _, fields in _flat(entries)]

    async def _alive(self) -> bool:
        return bool(await self._redis.exists(f"{self._key}:alive"))

    def _lost(self, seq: int) -> RunEvent:
        error = {"code": "model_unavailable", "message": _LOST, "retry_after": 5}
        return RunEvent({"type": "error", "id": self.ask_id, "seq": seq, **error})


def _flat(entries: Any) -> list[Any]:
    """redis-py wraps a stream's entries in one more list when it speaks RESP3."""
    return list(entries[0]) if entries and isinstance(entries[0], list) else list(entries)


def _away() -> RetryLater:
    return RetryLater("Redis cannot be reached right now.", code="overloaded", retry_after=2)
