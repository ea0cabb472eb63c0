"""Indexes a book into the embedded engine and kills itself with SIGKILL at a chosen step.

``python -m tests.loaders.crashing BOOK DATA LOG STEP``; step 0 never comes.
"""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

from loaders.index.run import IndexOptions, IndexSummary, index_book
from loaders.sources import load
from providers.embedded.minilm import MiniLMEmbeddings
from providers.factory import open_stores
from providers.qdrant.index_store import QdrantIndexStore
from providers.qdrant.vector_store import BookVectorStore
from settings import Settings
from tests.loaders.memory_store import CountingEmbeddings

_WRITES = (
    *("create", "upsert", "set_vectors", "update_payloads", "delete"),
    *("write_info", "settle", "switch"),
)


class LoggingEmbeddings(CountingEmbeddings):
    """Writes a line per embedded text, which outlives a kill."""

    def __init__(self, log: Path) -> None:
        super().__init__(max_batch=4)
        self._log = log

    async def aembed_documents(self, texts: list[str]) -> list[list[float]]:
        vectors = await super().aembed_documents(texts)
        with self._log.open("a", encoding="utf-8") as file:
            file.writelines(f"{text!r}\n" for text in texts)
        return vectors


class DyingStore:
    """The real store; the process dies before or after the ``at``-th write."""

    def __init__(self, store: Any, at: int) -> None:
        self._store, self._at = store, at
        self.steps = 0

    def _step(self) -> None:
        self.steps += 1
        if self.steps == self._at:
            os.kill(os.getpid(), signal.SIGKILL)

    def __getattr__(self, name: str) -> Any:
        method: Callable[..., Awaitable[Any]] = getattr(self._store, name)
        if name not in _WRITES:
            return method

        async def dying(*arguments: Any) -> Any:
            self._step()
            result = await method(*arguments)
            self._step()
            return result

        return dying


def opened(data: Path) -> AbstractAsyncContextManager[tuple[BookVectorStore, QdrantIndexStore]]:
    """The embedded stores below ``data``."""
    settings = Settings(data_dir=data, qdrant_url=None, _env_file=None)  # type: ignore[call-arg]  # pydantic-settings - its own argument
    return open_stores(settings, MiniLMEmbeddings())


async def run(book: Path, data: Path, log: Path, at: int = 0) -> tuple[IndexSummary, int]:
    """The summary and the number of steps that the run took."""
    async with opened(data) as (_, real):
        store = DyingStore(real, at)
        summary = await index_book(
            load(book),
            store=store,
            embeddings=LoggingEmbeddings(log),
            options=IndexOptions(concurrency=2, cache=data / "pages"),
        )
        return summary, store.steps


async def contents(data: Path) -> tuple[str, dict[str, str], str]:
    """Served collection, digest of every chunk in it, book version."""
    async with opened(data) as (_, store):
        served = await store.served()
        if served is None:
            return "", {}, ""
        return served[0], await store.digests(served[0]), served[1].book_version


def run_until(book: Path, data: Path, log: Path, at: int) -> None:
    """A run that dies at step ``at``; in a process of its own."""
    asyncio.run(run(book, data, log, at))
