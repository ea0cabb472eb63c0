"""The embedded engine for coroutines, and its vector index built in a process of its own.

The engine holds the interpreter lock while it works. A thread would stall the event loop just
as long, and cost two switches of threads besides: so reading happens on the loop, unless somebody
writes. Building a vector index takes seconds to minutes; it runs in a child process on a copy of
the collection, which then takes the original's place.
"""

import asyncio
import logging
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, Final

from errors import BookChatError, RetryLater
from providers.qdrant.engine.client import EdgeClient
from providers.qdrant.engine.errors import EdgeError
from providers.qdrant.engine.soundness import look

_OPTIMISE: Final = "providers.qdrant.engine.optimise"
_ROOT: Final = str(Path(__file__).resolve().parents[3])
_NOTHING_TO_DO: Final = 3
"""See ``optimise``, which imports the engine and is not imported here."""
_LOOK_AGAIN_SECONDS: Final = 10.0
_READING: Final = frozenset({"retrieve", "query_points", "query_batch_points", "scroll"})
_log = logging.getLogger(__name__)


class AsyncEdgeClient:
    """The methods of ``EdgeClient`` as coroutines; writing has one thread of its own."""

    def __init__(self, client: EdgeClient) -> None:
        self._client = client
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="qdrant-edge")
        self._looking: asyncio.Task[None] | None = None

    def __getattr__(self, name: str) -> Callable[..., Awaitable[Any]]:
        method = getattr(self._client, name)

        reading = name in _READING
        lock = self._client.shards.lock

        async def call(*args: Any, **kwargs: Any) -> Any:
            try:
                return await once(*args, **kwargs)
            except (EdgeError, BookChatError):
                self._look_again()
                raise

        async def once(*args: Any, **kwargs: Any) -> Any:
            if reading and lock.acquire(blocking=False):
                try:
                    # A caller that asks in a loop lets others have their turn.
                    return method(*args, **kwargs)
                finally:
                    lock.release()
                    await asyncio.sleep(0)
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._executor, partial(method, *args, **kwargs))

        return call

    async def look(self) -> None:
        """Looks at the files of every collection in doubt; a damaged one is dropped."""
        shards = self._client.shards
        for name in shards.in_doubt():
            verdict = await look(shards.path(shards.folder_of(name)))
            try:
                if verdict.sound:
                    shards.resume(name)
                elif verdict.damaged:
                    shards.give_up(name, verdict.reason)
                else:
                    shards.suspend(name, verdict.reason, _LOOK_AGAIN_SECONDS)
            except EdgeError as error:
                _log.error("what was found of %s is not recorded: %s", name, error)

    def _look_again(self) -> None:
        """Begins to look at what was closed for some trouble, if enough time has passed."""
        idle = self._looking is None or self._looking.done()
        if idle and self._client.shards.due():
            self._looking = asyncio.create_task(self.look())

    async def optimize(self, collection_name: str) -> None:
        """Builds the vector index of a collection; searches go on meanwhile.

        If somebody writes to the collection meanwhile, their writes win and the work is lost.
        """
        # Copying waits for the disk, not for the engine: not on the engine's thread.
        try:
            staged = await asyncio.to_thread(self._client.stage, collection_name)
        except RetryLater as error:
            _log.warning("no vector index was built: %s", error.detail)
            return
        if staged is None:
            return
        copy, state = staged
        done = False
        try:
            done = await _optimise_apart(self._client.shards.path(copy))
        finally:
            finish = partial(self._client.unstage, collection_name, copy, state, done=done)
            await asyncio.to_thread(finish)

    async def close(self) -> None:
        """Flushes and gives the folder back."""
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.gather(self._looking, return_exceptions=True)
        await asyncio.get_running_loop().run_in_executor(self._executor, self._client.close)
        self._executor.shutdown()


async def _optimise_apart(folder: Path) -> bool:
    """Runs the optimiser in a child process; True when it did its work."""
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", _OPTIMISE, str(folder)),
        env={**os.environ, "PYTHONPATH": os.pathsep.join([_ROOT, *sys.path])},
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        _, trouble = await child.communicate()
    except asyncio.CancelledError:
        child.kill()
        await child.wait()
        raise
    if child.returncode not in (0, _NOTHING_TO_DO):
        # Searches stay right without it, only slower.
        _log.warning("no vector index was built: %s", _why(child.returncode or 0, trouble))
    return child.returncode == 0


def _why(status: int, trouble: bytes) -> str:
    """In one line how the optimiser ended; a panic's traceback helps nobody."""
    if status < 0:
        return f"its builder was ended by {signal.Signals(-status).name}"
    lines = trouble.decode("utf-8", "replace").strip().splitlines()
    if any("panicked at" in line for line in lines):
        return "the engine panicked"
    return lines[-1][-200:] if lines else f"its builder ended with {status}"
