"""Brings a collection in line with a book: only what is new is embedded, stale chunks go last."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import nullcontext
from itertools import islice
from typing import Final

from langchain_core.documents import Document

from errors import FixConfiguration
from loaders.document import Book
from loaders.index.embedding import Embedder, EmbeddingQueue
from loaders.index.options import IndexOptions, IndexSummary, Progress
from loaders.index.stats import Tally, payload_digest
from loaders.index.store import IndexStore
from loaders.splitter.splitter import VERSION, Splitter
from schema import CollectionInfo

__all__ = ["IndexOptions", "IndexSummary", "fingerprint_of", "index_book"]

_BLOCK: Final = 128


def fingerprint_of(embeddings: Embedder, options: IndexOptions) -> str:
    """Embedding model, dimensions, splitter version and chunk size: what vectors depend on."""
    return f"{embeddings.fingerprint}/split-{VERSION}-{_budget(embeddings, options)}"


def _budget(embeddings: Embedder, options: IndexOptions) -> int:
    # A little below the model's limit: the two special tokens and joints between blocks.
    limit = int(getattr(embeddings, "max_tokens", options.chunk_tokens + 8))
    return min(options.chunk_tokens, limit - 8)


async def index_book(
    source_documents: Book,
    *,
    store: IndexStore,
    embeddings: Embedder,
    options: IndexOptions | None = None,
    progress: Progress = lambda summary: None,
) -> IndexSummary:
    """Indexes ``source_documents``; the served book stays whole at every moment.

    A crash at any point is finished by the next run, which embeds nothing that is stored.

    Raises:
        FixConfiguration: the book is empty, or somebody else is indexing this collection.
        RetryLater: a provider stayed unreachable.
    """
    run = _Run(source_documents, store, embeddings, options or IndexOptions(), progress)
    # A comparison writes nothing, so it may run beside an indexer.
    async with nullcontext() if run.options.dry_run else store.exclusive():
        return await run.run()


class _Run:
    """One index run."""

    def __init__(
        self,
        book: Book,
        store: IndexStore,
        embeddings: Embedder,
        options: IndexOptions,
        progress: Progress,
    ) -> None:
        self.options = options
        self._book, self._store, self._embeddings = book, store, embeddings
        self._progress = progress
        self._summary = IndexSummary(
            pages=book.pages, billable=embeddings.billable, dry_run=options.dry_run
        )
        self._fingerprint = fingerprint_of(embeddings, options)
        self._tally = Tally()
        self._chunks = self._split()

    def _split(self) -> Iterator[Document]:
        splitter = Splitter(
            self._embeddings.count_tokens,
            _budget(self._embeddings, self.options),
            self._fingerprint,
        )
        return splitter.split(self._counted())

    def _counted(self) -> Iterator[Document]:
        for section in self._book:
            self._summary.sections += 1
            yield section

    async def run(self) -> IndexSummary:
        started = time.monotonic()
        summary = self._summary
        first = await self._next_block()
        if not first:
            reasons = "; ".join(map(str, self._book.problems[:3]))
            raise FixConfiguration(
                "BOOK_DIR: the book has no text to index" + (f" ({reasons})" if reasons else "")
            )
        served = await self._store.served()
        target, existing = await self._target(served, first[0].metadata["locale"])
        stale = await self._compare(first, target, existing)
        # What could not be read this time may be there the next: then nothing is stale for sure.
        prune = self.options.prune and not any(p.transient for p in self._book.problems)
        stale = stale if prune else []
        summary.removed = len(stale)
        summary.book_version = self._tally.version()
        summary.problems = list(self._book.problems)
        summary.collection = target or ""
        if target is not None and not self.options.dry_run:
            await self._finish(target, served, stale)
        summary.seconds = time.monotonic() - started
        self._progress(summary)
        return summary

    async def _target(
        self, served: tuple[str, CollectionInfo] | None, language: str
    ) -> tuple[str | None, dict[str, str]]:
        """The collection to fill and what it holds; None when only a new one would do."""
        target: str | None = None
        if served is not None and served[1].fingerprint == self._fingerprint:
            target = served[0]
        if target is None or self.options.rebuild:
            target = await self._store.unfinished(self._fingerprint)
        if target is not None:
            return target, await self._store.digests(target)
        if not self.options.dry_run:
            info = CollectionInfo(fingerprint=self._fingerprint, language=language)
            target = await self._store.create(info, self._embeddings.dimensions)
        return target, {}

    async def _compare(
        self, first: list[Document], target: str | None, existing: dict[str, str]
    ) -> list[str]:
        """Writes what is new or moved; returns the ids that the book no longer has."""
        queue = EmbeddingQueue(
            self._embeddings, self._write(target), self.options.concurrency, self.options.sleep
        )
        summary, block = self._summary, first
        async with queue:
            while block:
                moved: list[Document] = []
                for chunk in block:
                    self._tally.add(chunk)
                    before = existing.pop(str(chunk.id), None)
                    if before is None:
                        summary.added += 1
                        await queue.put(chunk)
                    elif before == chunk.metadata["digest"]:
                        summary.unchanged += 1
                    else:
                        moved.append(chunk)
                summary.updated += len(moved)
                if moved and target is not None and not self.options.dry_run:
                    await self._store.update_payloads(target, moved)
                summary.chunks, summary.documents = self._tally.chunks, len(self._tally.pages)
                summary.embedding_calls = queue.calls
                self._progress(summary)
                block = await self._next_block()
        summary.embedding_calls = queue.calls
        return list(existing)

    def _write(
        self, target: str | None
    ) -> Callable[[list[Document], list[list[float]]], Awaitable[None]] | None:
        if target is None or self.options.dry_run:
            return None
        return lambda chunks, vectors: self._store.upsert(target, chunks, vectors)

    async def _next_block(self) -> list[Document]:
        """Reading and splitting is work for the CPU: it must not hold up the event loop."""
        return await asyncio.to_thread(self._read_block)

    def _read_block(self) -> list[Document]:
        block = list(islice(self._chunks, _BLOCK))
        for chunk in block:
            chunk.metadata["digest"] = payload_digest(chunk)
        return block

    async def _finish(
        self, target: str, served: tuple[str, CollectionInfo] | None, stale: list[str]
    ) -> None:
        summary = self._summary
        for start in range(0, len(stale), 1000):
            await self._store.delete(target, stale[start : start + 1000])
        info = CollectionInfo(
            fingerprint=self._fingerprint,
            book_version=summary.book_version,
            complete=True,
            chunks=summary.chunks,
            documents=summary.documents,
            language=self._tally.language(),
            outline=True,
        )
        before = served[1] if served is not None and served[0] == target else None
        if self.options.calibrate is not None:
            if (
                before is not None
                and before.calibration
                and before.book_version == info.book_version
            ):
                info.calibration = before.calibration
            else:
                headings = self._tally.sample()
                info.calibration = await self.options.calibrate(target, headings)
        if info != before:
            await self._store.write_info(
                target, info, self._tally.vocabulary, self._tally.outline()
            )
        if served is None or served[0] != target:
            await self._store.switch(target)
            summary.switched = True
