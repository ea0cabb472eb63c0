"""Base of the runnables whose one implementation is an asynchronous stream of partial answers.

LangChain's own generator runnable adds the whole output up for every chunk and passes it through
several wrappers. Here a chunk passes through one frame; callbacks still see every run.
"""

from abc import abstractmethod
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final, TypeGuard

from langchain_core.callbacks import AsyncCallbackManager, AsyncCallbackManagerForChainRun
from langchain_core.runnables import Runnable, RunnableConfig, ensure_config
from langchain_core.runnables.config import get_async_callback_manager_for_config, patch_config
from langchain_core.runnables.graph import Graph
from pydantic import BaseModel

from background_loop import BackgroundLoop
from chains.answer.builder import AnswerBuilder
from schema import Answer, AnswerChunk, Question

SYNC: Final = BackgroundLoop("book-chat")
"""Synchronous calls share one loop, because pooled connections belong to a loop."""


@dataclass
class TracedRun:
    """A run that callbacks see; ``output`` is what they are shown when it ends."""

    config: RunnableConfig
    """For what is called inside."""
    run: AsyncCallbackManagerForChainRun | None = None
    """None where nobody looks."""
    output: object = None
    seen: bool = False
    """Somebody looks at it."""

    def child(self, tag: str) -> RunnableConfig:
        """As ``config``, with a tag for what is called inside."""
        if self.run is None:
            return self.config
        return patch_config(self.config, callbacks=self.run.get_child(tag))


def is_unseen(config: RunnableConfig | None) -> TypeGuard[RunnableConfig]:
    """``config`` belongs to a run that no callback sees, so none sees what is called inside."""
    outer = config.get("callbacks") if config else None
    return (
        isinstance(outer, AsyncCallbackManager)
        and outer.parent_run_id is not None
        and not outer.handlers
    )


@asynccontextmanager
async def traced(
    name: str, given: object, config: RunnableConfig | None = None
) -> AsyncIterator[TracedRun]:
    """A named run for callbacks and traces, inside the run that ``config`` belongs to.

    Without ``config`` it is inside the runnable that called this code.
    """
    if not is_unseen(config):
        config = ensure_config(config)
    if is_unseen(config):
        yield TracedRun(config)
        return
    manager = get_async_callback_manager_for_config(config)
    run_id = config.pop("run_id", None)
    shown: Any = given
    run = await manager.on_chain_start(None, shown, name=name, run_id=run_id)
    inside = patch_config(config, callbacks=run.get_child())
    open_run = TracedRun(inside, run, seen=bool(run.handlers))
    try:
        yield open_run
    except BaseException as error:
        await run.on_chain_error(error)
        raise
    await run.on_chain_end(open_run.output)


class AnswerRunnable(Runnable[Any, AnswerChunk]):
    """Derives invoke, batch and the synchronous forms from ``astream``.

    Input: a ``Question``, its JSON object, the bare text, or an ``AnswerState``. Output: an
    ``Answer`` as a JSON object; the stream yields partial ones that add up to it.
    """

    @abstractmethod
    def astream(
        self, input: Any, config: RunnableConfig | None = None, **kwargs: Any
    ) -> AsyncGenerator[AnswerChunk]:
        """Partial answers as they come. Closing the generator stops the providers' streams."""

    async def ainvoke(
        self, input: Any, config: RunnableConfig | None = None, **kwargs: Any
    ) -> AnswerChunk:
        """The whole answer: the sum of the stream."""
        answer = AnswerBuilder()
        async with aclosing(self.astream(input, config, **kwargs)) as parts:
            async for part in parts:
                answer.add(part)
        return answer.sum()

    def invoke(
        self, input: Any, config: RunnableConfig | None = None, **kwargs: Any
    ) -> AnswerChunk:
        """As ``ainvoke``; works where a loop already runs, such as in a notebook."""
        return SYNC.run(self.ainvoke(input, config, **kwargs))

    def stream(
        self, input: Any, config: RunnableConfig | None = None, **kwargs: Any
    ) -> Iterator[AnswerChunk]:
        """As ``astream``, pulled from a loop in the background."""
        parts = self.astream(input, config, **kwargs)
        try:
            while True:
                try:
                    yield SYNC.run(anext(parts))
                except StopAsyncIteration:
                    return
        finally:
            SYNC.run(parts.aclose())

    def __repr__(self) -> str:
        """Its name."""
        return self.get_name()

    def get_input_schema(self, config: RunnableConfig | None = None) -> type[BaseModel]:
        """``Question``."""
        return Question

    def get_output_schema(self, config: RunnableConfig | None = None) -> type[BaseModel]:
        """``Answer``."""
        return Answer


class AnswerWrapper(AnswerRunnable):
    """A runnable around another one; either can be used without the other."""

    def __init__(self, inner: AnswerRunnable, name: str) -> None:
        self.inner = inner
        self.name = name

    def get_graph(self, config: RunnableConfig | None = None) -> Graph:
        """This wrapper, followed by what it wraps."""
        graph = Graph()
        given = graph.add_node(self.get_input_schema(config))
        own = graph.add_node(self)
        graph.add_edge(given, own)
        inner = self.inner.get_graph(config)
        inner.trim_first_node()
        first, _ = graph.extend(inner)
        if first is not None:
            graph.add_edge(own, first)
        return graph
