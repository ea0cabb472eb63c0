"""The same question before: an answer that stands for good is not made again."""

from collections import OrderedDict
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import Any, Protocol, cast

from langchain_core.runnables import RunnableConfig

import metering
from chains.answer.builder import AnswerBuilder
from chains.answer.cache_key import AnswerKey, AnswerKeys
from chains.runnable import AnswerRunnable, AnswerWrapper
from chains.state import AnswerState, as_state
from schema import Answer, AnswerChunk


class AnswerStore(Protocol):
    """Answers of all replicas; ``api.runs.redis_answers`` provides it. Never raises."""

    async def get(self, key: AnswerKey) -> Answer | None:
        """The answer, if one is there and can be reached."""

    async def put(self, key: AnswerKey, answer: Answer, seconds: float) -> None:
        """Keeps an answer so long."""


class AnswerCache:
    """Answers by everything that shapes them; the least recently used go first.

    Args:
        size: answers that this process keeps.
        seconds: after which an answer is made anew.
        clock: monotonic seconds.
        store: asked for what this process does not have.
    """

    def __init__(
        self,
        size: int,
        seconds: float,
        clock: Callable[[], float],
        store: AnswerStore | None = None,
    ) -> None:
        self._size = size
        self._seconds = seconds
        self._clock = clock
        self._store = store
        self._answers: OrderedDict[AnswerKey, tuple[float, Answer]] = OrderedDict()

    async def get(self, key: AnswerKey) -> Answer | None:
        """The answer, unless it is too old."""
        found = self._answers.get(key)
        if found is not None and self._clock() - found[0] <= self._seconds:
            self._answers.move_to_end(key)
            return found[1]
        return await self._store.get(key) if self._store else None

    async def put(self, key: AnswerKey, answer: Answer) -> None:
        """Keeps an answer."""
        self._answers[key] = (self._clock(), answer)
        self._answers.move_to_end(key)
        while len(self._answers) > self._size:
            self._answers.popitem(last=False)
        if self._store:
            await self._store.put(key, answer, self._seconds)


class CachedAnswers(AnswerWrapper):
    """Looks into ``cache`` before it asks ``inner``."""

    def __init__(self, inner: AnswerRunnable, cache: AnswerCache, keys: AnswerKeys) -> None:
        super().__init__(inner, "cached")
        self._cache = cache
        self._keys = keys

    async def astream(
        self, input: Any, config: RunnableConfig | None = None, **kwargs: Any
    ) -> AsyncGenerator[AnswerChunk]:
        """The cached answer, or the partial answers of ``inner``, which are then cached."""
        state = as_state(input)
        key = await self._keys.of(state)
        # Whoever asks for another answer must not get the same one.
        found = None if state.question.replaces else await self._cache.get(key)
        if found is not None:
            metering.count(metering.Event.CACHE_HIT)
            for part in _again(state, found):
                yield part
            return
        answer = AnswerBuilder()
        async with aclosing(self.inner.astream(state, config)) as parts:
            async for part in parts:
                answer.add(part)
                yield part
        whole = Answer.model_validate(answer.sum())
        if whole.status != "degraded":
            # Other readers get it, so it belongs to no session.
            await self._cache.put(key, whole.model_copy(update={"session_id": None}))


def _again(state: AnswerState, cached: Answer) -> list[AnswerChunk]:
    """A cached answer as an answer to the question of ``state``."""
    rest = cast(AnswerChunk, cached.model_dump(exclude={"sources", "answer", "citations"}))
    state.made_elsewhere = lambda: rest
    return [
        {"sources": [source.model_dump() for source in cached.sources]},
        {
            **rest,
            "answer": cached.answer,
            "citations": [citation.model_dump() for citation in cached.citations],
            **state.personal(),
        },
    ]
