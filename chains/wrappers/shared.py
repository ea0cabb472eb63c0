"""The same question right now: readers who ask it meanwhile share one answer.

A class that clicks the same suggested question costs one answer (request coalescing). Making it
goes on while anybody follows, and stops when the last reader leaves.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any

from langchain_core.runnables import RunnableConfig

import metering
from chains.answer.cache_key import AnswerKey, AnswerKeys
from chains.answer.feed import Feed
from chains.runnable import AnswerRunnable, AnswerWrapper
from chains.state import AnswerState, as_state
from schema import AnswerChunk

Place = tuple[asyncio.AbstractEventLoop, AnswerKey]
"""An event loop's futures are of no use in another loop; a notebook has two."""


@dataclass
class RunningAnswer:
    """An answer being made; ``state`` is that of the reader who asked first."""

    state: AnswerState
    place: Place
    parts: Feed[AnswerChunk] = field(default_factory=Feed)
    task: asyncio.Task[None] | None = None


class SharedAnswers(AnswerWrapper):
    """Asks ``inner`` once for all who ask the same at the same time."""

    def __init__(self, inner: AnswerRunnable, keys: AnswerKeys) -> None:
        super().__init__(inner, "shared")
        self._keys = keys
        self._running: dict[Place, RunningAnswer] = {}

    @property
    def followers(self) -> int:
        """Readers of all answers that are being made."""
        return sum(running.parts.followers for running in self._running.values())

    async def astream(
        self, input: Any, config: RunnableConfig | None = None, **kwargs: Any
    ) -> AsyncGenerator[AnswerChunk]:
        """Partial answers from the beginning. Raises what making the answer raised."""
        state = as_state(input)
        running = await self._join(state, config)
        try:
            async with aclosing(running.parts.follow()) as parts:
                async for part in parts:
                    if running.state is not state and "status" in part:
                        part = {**part, **state.personal()}
                    yield part
        finally:
            if not running.parts.ended and not running.parts.followers:
                await self._stop(running)

    async def _join(self, state: AnswerState, config: RunnableConfig | None) -> RunningAnswer:
        """The answer that is being made for the question's key, or a new one."""
        place = (asyncio.get_running_loop(), await self._keys.of(state))
        running = self._running.get(place)
        if running is None:
            running = self._running[place] = RunningAnswer(state, place)
            with metering.metered(state.meter):
                running.task = asyncio.create_task(self._make(running, config))
        else:
            state.made_elsewhere = running.state.rest
            state.meter.counter.event(metering.Event.JOINED)
        return running

    async def _make(self, running: RunningAnswer, config: RunnableConfig | None) -> None:
        error: BaseException | None = None
        try:
            async with aclosing(self.inner.astream(running.state, config)) as parts:
                async for part in parts:
                    running.parts.add(part)
        except BaseException as raised:
            error = raised
            if isinstance(raised, asyncio.CancelledError):
                raise
        finally:
            self._leave(running)
            running.parts.end(error)

    async def _stop(self, running: RunningAnswer) -> None:
        self._leave(running)  # nobody may join it any more
        if running.task is not None:
            running.task.cancel()
            await asyncio.gather(running.task, return_exceptions=True)

    def _leave(self, running: RunningAnswer) -> None:
        if self._running.get(running.place) is running:
            del self._running[running.place]
