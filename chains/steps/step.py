"""A step of the flow, and the sequence that the steps make."""

from abc import abstractmethod
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

from langchain_core.callbacks import AsyncCallbackManagerForChainRun
from langchain_core.runnables import Runnable, RunnableConfig, RunnableSequence
from langchain_core.runnables.base import RunnableLike, coerce_to_runnable
from pydantic import BaseModel

import metering
from chains.answer.builder import AnswerBuilder
from chains.runnable import SYNC, AnswerRunnable, is_unseen, traced
from chains.state import AnswerState, as_state
from schema import AnswerChunk, Question


class Step(Runnable[Any, AnswerState]):
    """Takes the state of one answer and returns it with its own part filled in."""

    name: str

    @abstractmethod
    async def fill(self, state: AnswerState, config: RunnableConfig) -> None:
        """Fills its part in; ``config`` is for the runnables that it calls."""

    async def ainvoke(
        self, input: Any, config: RunnableConfig | None = None, **kwargs: Any
    ) -> AnswerState:
        """The state after this step; a first step also takes a question in any form."""
        state = as_state(input)
        if is_unseen(config):
            return await self._run(state, None, config)
        return await self._acall_with_config(self._run, state, config)

    def invoke(
        self, input: Any, config: RunnableConfig | None = None, **kwargs: Any
    ) -> AnswerState:
        """As ``ainvoke``, from where a loop may already run."""
        return SYNC.run(self.ainvoke(input, config))

    async def _run(
        self,
        state: AnswerState,
        run_manager: AsyncCallbackManagerForChainRun | None,
        config: RunnableConfig,
    ) -> AnswerState:
        with metering.metered(state.meter):
            await self.fill(state, config)
        state.lap(self.name)
        return state

    def __or__(self, other: RunnableLike[Any, Any]) -> "AnswerFlow":  # type: ignore[override]  # LangChain's would be its own sequence
        """The flow of this step and ``other``."""
        return AnswerFlow(self, other)

    def __repr__(self) -> str:
        """Its name, as a flow is printed step by step."""
        return self.name

    def get_input_schema(self, config: RunnableConfig | None = None) -> type[BaseModel]:
        """``Question``; the state itself has no JSON form."""
        return Question

    def get_output_schema(self, config: RunnableConfig | None = None) -> type[BaseModel]:
        """``Question``, as above."""
        return Question


class AnswerFlow(AnswerRunnable, RunnableSequence[Any, AnswerChunk]):
    """LangChain's sequence of steps, of which only the last one streams.

    LangChain's own pipes a stream through every step, which costs twice the time per token.
    """

    def __init__(self, *steps: RunnableLike[Any, Any], name: str | None = None) -> None:
        super().__init__(*steps, name=name or "answer")

    async def astream(
        self, input: Any, config: RunnableConfig | None = None, **kwargs: Any
    ) -> AsyncGenerator[AnswerChunk]:
        """The partial answers of the last step, once the others have run."""
        async with traced(self.get_name(), input, config) as run:
            state = input
            for number, step in enumerate([self.first, *self.middle], 1):
                state = await step.ainvoke(state, run.child(f"seq:step:{number}"))
            answer = AnswerBuilder()
            last: Any = self.last.astream(state, run.child(f"seq:step:{len(self.steps)}"))
            async with aclosing(last) as parts:
                async for part in parts:
                    if run.seen:
                        answer.add(part)
                    yield part
            run.output = answer.sum()

    async def ainvoke(self, input: Any, config: RunnableConfig | None = None, **kwargs: Any) -> Any:
        """The whole answer; the state, when this flow ends with a step before the answer."""
        if isinstance(self.last, Step):
            return await RunnableSequence.ainvoke(self, input, config, **kwargs)
        return await super().ainvoke(input, config, **kwargs)

    def __or__(self, other: RunnableLike[Any, Any]) -> "AnswerFlow":  # type: ignore[override]  # LangChain's would be its own sequence
        """This flow, followed by ``other``."""
        return AnswerFlow(*self.steps, coerce_to_runnable(other), name=self.name)

    @classmethod
    def is_lc_serializable(cls) -> bool:
        """Its steps hold connections."""
        return False
