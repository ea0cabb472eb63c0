"""Brings a collection in line with a book: words first, then the vectors of what is new.

All of the book is found by its words within seconds. A chunk without vectors is marked in the
collection itself, so the next run, in any process, finishes what a crash left.
"""

import asyncio
import time
from contextlib import nullcontext
from typing import Final

from langchain_core.documents import Document

from errors import FixConfiguration
from loaders.document import Book
from loaders.index.embedding import Embedder, EmbeddingQueue
from loaders.index.file_cache import FileCache
from loaders.index.options import IndexOptions, IndexSummary, Progress
from loaders.index.reading import BookReader
from loaders.index.store import IndexStore
from loaders.splitter.splitter import VERSION, Splitter
from schema import CollectionInfo

__all__ = ["IndexOptions", "IndexSummary", "fingerprint_of", "index_book"]

_BLOCK: Final = 128
_SAY_SECONDS: Final = 2.0


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
    options = options or IndexOptions()
    fingerprint = fingerprint_of(embeddings, options)
    # A comparison writes nothing, so it may run beside an indexer.
    async with nullcontext() if options.dry_run else store.exclusive():
        with FileCache(options.cache, fingerprint) as cache:
            splitter = Splitter(embeddings.count_tokens, _budget(embeddings, options), fingerprint)
            reader = BookReader(source_documents, splitter, cache)
            summary = await _Run(
                reader, source_documents, store, embeddings, options, progress
            ).run()
            if not options.dry_run:
                cache.forget_others()
            return summary


class _Run:
    """One index run."""

    def __init__(
        self,
        reader: BookReader,
        book: Book,
        store: IndexStore,
        embeddings: Embedder,
        options: IndexOptions,
        progress: Progress,
    ) -> None:
        self.options = options
        self._reader, self._stats, self._book = reader, reader.stats, book
        self._store, self._embeddings = store, embeddings
        self._progress = progress
        self._summary = IndexSummary(
            pages=book.pages, billable=embeddings.billable, dry_run=options.dry_run
        )
        self._fingerprint = fingerprint_of(embeddings, options)
        self._served: tuple[str, CollectionInfo] | None = None
        self._blocks = reader.blocks()

    async def run(self) -> IndexSummary:
        started = time.monotonic()
        summary = self._summary
        first = await self._next_block()
        while first is not None and not self._reader.language:
            first = await self._next_block()
        if first is None:
            reasons = "; ".join(map(str, self._book.problems[:3]))
            raise FixConfiguration(
                "BOOK_DIR: the book has no text to index" + (f" ({reasons})" if reasons else "")
            )
        self._served = await self._store.served()
        target, existing = await self._target(self._reader.language)
        self._reader.stored = existing
        stale = await self._compare(first, target, existing)
        # What could not be read this time may be there the next: then nothing is stale for sure.
        prune = self.options.prune and not any(p.transient for p in self._book.problems)
        stale = stale if prune else []
        summary.removed = len(stale)
        summary.book_version = str(self._reader.version)
        summary.problems = list(self._book.problems)
        summary.collection = target or ""
        if target is not None and not self.options.dry_run:
            await self._finish(target, stale)
        else:
            left = len(await self._store.pending(target)) if target else 0
            summary.to_embed = summary.added + left
            summary.embedding_calls = -(-summary.to_embed // self._embeddings.max_batch)
        summary.seconds = time.monotonic() - started
        self._progress(summary)
        return summary

    async def _target(self, language: str) -> tuple[str | None, dict[str, str]]:
        """The collection to fill and what it holds; None when only a new one would do."""
        target: str | None = None
        served = self._served
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
        block: list[Document] | None = first
        while block is not None:
            new: list[Document] = []
            moved: list[Document] = []
            for chunk in block:
                before = existing.pop(str(chunk.id), None)
                if before is None:
                    new.append(chunk)
                elif before != chunk.metadata["digest"]:
                    moved.append(chunk)
            if target is not None and not self.options.dry_run:
                await self._write_words(target, new, moved)
            self._summary.added += len(new)
            self._summary.updated += len(moved)
            self._count()
            block = await self._next_block()
        self._count()
        return list(existing)

    def _count(self) -> None:
        summary, stats = self._summary, self._stats
        summary.documents, summary.sections = stats.pages, stats.sections
        summary.chunks = max(stats.chunks, summary.added + summary.updated)
        summary.unchanged = summary.chunks - summary.added - summary.updated
        self._progress(summary)

    async def _write_words(self, target: str, new: list[Document], moved: list[Document]) -> None:
        before = self._before(target)
        if new and before is not None and not self._summary.added:
            # Searches must know that some chunks have no vectors, before there is such a chunk.
            pending = max(1, before.pending)
            await self._store.write_info(target, before.model_copy(update={"pending": pending}))
        if new:
            await self._store.upsert(target, new)
        if moved:
            await self._store.update_payloads(target, moved)

    def _before(self, target: str) -> CollectionInfo | None:
        """What ``target`` said of itself when this run began, if readers are served from it."""
        return self._served[1] if self._served and self._served[0] == target else None

    async def _next_block(self) -> list[Document] | None:
        """Reading and splitting is work for the CPU: it must not hold up the event loop."""
        return await asyncio.to_thread(next, self._blocks, None)

    async def _finish(self, target: str, stale: list[str]) -> None:
        """Serves the words, or waits for the vectors where the served book has all of its own."""
        before = self._before(target)
        for start in range(0, len(stale), 1000):
            await self._store.delete(target, stale[start : start + 1000])
        order = self._stats.by_importance(await self._store.pending(target))
        info = self._info(len(order), before.calibration if before else {})
        if info == before and not order:
            return
        await self._store.write_info(target, info, self._stats.vocabulary, self._stats.outline())
        if not self._is_whole_already():
            await self._serve(target)
        self._summary.phase, self._summary.to_embed = "vectors", len(order)
        self._progress(self._summary)
        await self._embed(target, info, order)
        if self.options.calibrate is not None:
            info.calibration = await self.options.calibrate(target, self._stats.sample())
        await self._store.settle(target)
        await self._store.write_info(target, info.model_copy(update={"pending": 0}))
        await self._serve(target)

    def _info(self, pending: int, calibration: dict[str, float]) -> CollectionInfo:
        return CollectionInfo(
            fingerprint=self._fingerprint,
            book_version=self._summary.book_version,
            complete=True,
            chunks=self._summary.chunks,
            pending=pending,
            documents=self._summary.documents,
            language=self._stats.language(),
            languages=self._stats.languages(),
            versions=self._stats.versions(),
            calibration=calibration,
            outline=True,
        )

    def _is_whole_already(self) -> bool:
        """Whether readers are served by vectors that the embedding model of now can compare."""
        model = f"{self._embeddings.fingerprint}/"
        served = self._served[1] if self._served else None
        return served is not None and not served.pending and served.fingerprint.startswith(model)

    async def _serve(self, target: str) -> None:
        served = self._served[0] if self._served else None
        if target != served and not self._summary.switched:
            await self._store.switch(target)
            self._summary.switched = True

    async def _embed(self, target: str, info: CollectionInfo, order: list[str]) -> None:
        """Gives chunks their vectors in this order, and says now and then how many are left."""
        summary, said = self._summary, time.monotonic()

        async def write(chunks: list[Document], vectors: list[list[float]]) -> None:
            nonlocal said
            await self._store.set_vectors(target, chunks, vectors)
            summary.embedded += len(chunks)
            summary.embedding_calls = queue.calls
            self._progress(summary)
            if time.monotonic() - said > _SAY_SECONDS:
                said = time.monotonic()
                # The last ones are said to be in when the collection has been calibrated.
                left = max(1, summary.to_embed - summary.embedded)
                await self._store.write_info(target, info.model_copy(update={"pending": left}))

        queue = EmbeddingQueue(
            self._embeddings, write, self.options.concurrency, self.options.sleep
        )
        async with queue:
            for start in range(0, len(order), _BLOCK):
                for chunk in await self._store.to_embed(target, order[start : start + _BLOCK]):
                    await queue.put(chunk)
        summary.embedding_calls = queue.calls
