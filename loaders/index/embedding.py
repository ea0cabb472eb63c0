"""Embeds chunks in full batches, a few at once, at the pace that the provider allows."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from types import TracebackType
from typing import Final, Protocol, Self, runtime_checkable

from langchain_core.documents import Document

from errors import RetryLater

_ATTEMPTS: Final = 8
_LONGEST_WAIT: Final = 60.0

Write = Callable[[list[Document], list[list[float]]], Awaitable[None]]
Sleep = Callable[[float], Awaitable[None]]


class Embedder(Protocol):
    """Embeddings that say what they are."""

    @property
    def fingerprint(self) -> str:
        """What vectors must share to be compared."""

    @property
    def dimensions(self) -> int:
        """Length of a vector."""

    @property
    def max_batch(self) -> int:
        """Texts in one call."""

    @property
    def billable(self) -> bool:
        """Calls leave this process and may cost money."""

    def count_tokens(self, text: str) -> int:
        """Tokens of ``text`` as the model counts them."""
        ...

    async def aembed_documents(self, texts: list[str]) -> list[list[float]]:
        """One vector per text."""
        ...


@runtime_checkable
class EmbedsSentences(Protocol):
    """Embedded models also give a vector per sentence, for the extractive answerer."""

    def embed_with_sentences(
        self, chunks: Sequence[tuple[str, str]]
    ) -> list[tuple[list[float], str]]:
        """The vector of each chunk and, as base64 of int8 unit vectors, a row per sentence.

        Args:
            chunks: what is embedded (heading path and text), and the text at its end.
        """
        ...


class EmbeddingQueue:
    """Takes chunks one by one; leaves the context when all are embedded and written.

    Args:
        write: stores embedded chunks.
        concurrency: batches under way at once.
        sleep: waits before a batch is tried again.
    """

    def __init__(self, embeddings: Embedder, write: Write, concurrency: int, sleep: Sleep) -> None:
        self.calls = 0
        self._embeddings, self._write, self._sleep = embeddings, write, sleep
        self._free = asyncio.Semaphore(concurrency)
        self._open = asyncio.Event()
        self._open.set()
        self._batch: list[Document] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._failed: BaseException | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is None and self._batch and self._failed is None:
            await self._send()
        if isinstance(error, asyncio.CancelledError):
            for task in self._tasks:
                task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if error is None and self._failed is not None:
            raise self._failed

    async def put(self, chunk: Document) -> None:
        """Adds a chunk; waits while enough batches are under way."""
        self._batch.append(chunk)
        if len(self._batch) >= self._embeddings.max_batch:
            await self._send()

    async def _send(self) -> None:
        batch, self._batch = self._batch, []
        await self._free.acquire()
        if self._failed is not None:
            self._free.release()
            raise self._failed
        task = asyncio.create_task(self._store(batch))
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._free.release()
        if not task.cancelled() and task.exception() is not None and self._failed is None:
            self._failed = task.exception()

    async def _store(self, batch: list[Document]) -> None:
        if isinstance(self._embeddings, EmbedsSentences):
            self.calls += 1
            vectors = await asyncio.to_thread(_embed_with_sentences, self._embeddings, batch)
        else:
            vectors = await self._embed([chunk.metadata["embed_text"] for chunk in batch])
        await self._write(batch, vectors)

    async def _embed(self, texts: list[str]) -> list[list[float]]:
        for attempt in range(_ATTEMPTS):
            await self._open.wait()
            self.calls += 1
            try:
                return await self._embeddings.aembed_documents(texts)
            except RetryLater as error:
                if attempt == _ATTEMPTS - 1 or self._failed is not None:
                    raise
                await self._pause(error.retry_after, attempt)
        raise AssertionError("unreachable")

    async def _pause(self, asked: float | None, attempt: int) -> None:
        """What one batch was asked to wait, all wait: they share the provider's limit."""
        wait = min(2.0**attempt, _LONGEST_WAIT) if asked is None else asked
        self._open.clear()
        try:
            await self._sleep(wait)
        finally:
            self._open.set()


def _embed_with_sentences(model: EmbedsSentences, batch: list[Document]) -> list[list[float]]:
    texts = [(chunk.metadata["embed_text"], chunk.page_content) for chunk in batch]
    vectors = []
    for chunk, (vector, sentences) in zip(batch, model.embed_with_sentences(texts), strict=True):
        if sentences:
            chunk.metadata["sentence_vectors"] = sentences
        vectors.append(vector)
    return vectors
