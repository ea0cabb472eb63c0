"""A runnable whose one implementation is an asynchronous stream of partial outputs.

LangChain's own generator runnable re-adds the whole output for every chunk and hops through
several wrappers; here a chunk passes through one frame. Callbacks (LangSmith, LangServe) still
see the run.
"""

import asyncio
import threading
from abc import abstractmethod
from collections.abc import AsyncGenerator, Coroutine, Iterator
from contextlib import aclosing
from functools import cached_property
from typing import Any, TypeVar, cast

from langchain_core.callbacks import AsyncCallbackManager
from langchain_core.runnables import Runnable, RunnableConfig, ensure_config
from langchain_core.runnables.config import get_async_callback_manager_for_config, patch_config

In = TypeVar("In")
Out = TypeVar("Out")
T = TypeVar("T")


class StreamingRunnable(Runnable[In, Out]):
    """Derives invoke, batch and the synchronous forms from ``_stream``."""

    @abstractmethod
    def _stream(
        self, given: Any, config: RunnableConfig, **kwargs: Any
    ) -> AsyncGenerator[Out, None]:
        """Partial outputs: dicts whose strings and lists add up and whose rest comes once."""

    async def astream(
        self, input: In, config: RunnableConfig | None = None, **kwargs: Any
    ) -> AsyncGenerator[Out, None]:
        """Partial outputs as they come. Closing the generator stops the providers' streams."""
        config = ensure_config(config)
        manager: AsyncCallbackManager = get_async_callback_manager_for_config(config)
        run = await manager.on_chain_start(
            None, input, name=self.get_name(), run_id=config.pop("run_id", None)
        )
        total: dict[str, Any] = {}
        try:
            child = patch_config(config, callbacks=run.get_child())
            async with aclosing(self._stream(input, child, **kwargs)) as parts:
                async for part in parts:
                    accumulate(total, cast(dict[str, Any], part))
                    yield part
        except BaseException as error:
            await run.on_chain_error(error)
            raise
        await run.on_chain_end(joined(total))

    async def ainvoke(self, input: In, config: RunnableConfig | None = None, **kwargs: Any) -> Out:
        """The whole output: the sum of the stream."""
        total: dict[str, Any] = {}
        async with aclosing(self.astream(input, config, **kwargs)) as parts:
            async for part in parts:
                accumulate(total, cast(dict[str, Any], part))
        return cast(Out, joined(total))

    def invoke(self, input: In, config: RunnableConfig | None = None, **kwargs: Any) -> Out:
        """As ``ainvoke``; works where a loop already runs, such as in a notebook."""
        return self._wait(self.ainvoke(input, config, **kwargs))

    def stream(
        self, input: In, config: RunnableConfig | None = None, **kwargs: Any
    ) -> Iterator[Out]:
        """As ``astream``, pulled from a loop in the background."""
        parts = self.astream(input, config, **kwargs)
        try:
            while True:
                try:
                    yield self._wait(anext(parts))
                except StopAsyncIteration:
                    return
        finally:
            self._wait(parts.aclose())

    @cached_property
    def _loop(self) -> asyncio.AbstractEventLoop:
        # Pooled connections belong to a loop, so the synchronous calls share one.
        loop = asyncio.new_event_loop()
        threading.Thread(target=loop.run_forever, name="book-chain", daemon=True).start()
        return loop

    def _wait(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()


def accumulate(total: dict[str, Any], part: dict[str, Any]) -> None:
    """Adds a partial output in linear time; ``joined`` gives the result."""
    for key, value in part.items():
        if isinstance(value, str):
            total.setdefault(key, []).append(value)
        elif isinstance(value, list):
            total.setdefault(key, [[]])[0].extend(value)
        else:
            total[key] = value


def joined(total: dict[str, Any]) -> dict[str, Any]:
    """The sum of the accumulated parts as plain values."""
    plain: dict[str, Any] = {}
    for key, value in total.items():
        if isinstance(value, list):
            plain[key] = value[0] if isinstance(value[0], list) else "".join(value)
        else:
            plain[key] = value
    return plain
