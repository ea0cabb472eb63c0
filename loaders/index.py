"""Brings a collection in line with a book: only what is new is embedded, stale chunks go last."""

import asyncio
import hashlib
import json
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Final, Protocol

from langchain_core.documents import Document

from errors import FixConfiguration
from loaders.document import Book, Problem
from loaders.embedding import Embedder, EmbeddingQueue
from loaders.splitter import VERSION, Splitter
from loaders.store import IndexStore
from schema import CollectionInfo

_BLOCK: Final = 128
_SAMPLE: Final = 64
_NOT_STORED: Final = ("embed_text", "sentence_vectors", "digest")


class Calibrate(Protocol):
    """Measures abstention thresholds of a filled collection that is not served yet."""

    def __call__(self, collection: str, headings: Sequence[str], /) -> Awaitable[dict[str, float]]:
        """Thresholds by name, from questions made of ``headings``."""
        ...


@dataclass(frozen=True)
class IndexOptions:
    """How to index.

    Args:
        dry_run: only compare; nothing is embedded or written.
        rebuild: fill a new collection and switch to it, even if the fingerprint is the same.
        prune: remove chunks that the book no longer has.
        chunk_tokens: most tokens of one chunk, heading path included; the embedding model's
            own limit lowers it.
        concurrency: embedding requests under way at once.
        calibrate: run before the switch; its result is stored with the collection.
        sleep: waits that a provider asked for.
    """

    dry_run: bool = False
    rebuild: bool = False
    prune: bool = True
    chunk_tokens: int = 400
    concurrency: int = 4
    calibrate: Calibrate | None = None
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep


@dataclass
class IndexSummary:
    """What an index run did, or with ``dry_run`` would do; also its progress while it runs."""

    pages: int | None = None
    """Pages to expect, if known."""
    documents: int = 0
    sections: int = 0
    chunks: int = 0
    added: int = 0
    updated: int = 0
    """Chunks whose text stayed and whose place, title or URL changed: no embedding."""
    unchanged: int = 0
    removed: int = 0
    embedding_calls: int = 0
    billable: bool = False
    collection: str = ""
    book_version: str = ""
    switched: bool = False
    dry_run: bool = False
    seconds: float = 0.0
    problems: list[Problem] = field(default_factory=list)


Progress = Callable[[IndexSummary], None]


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
        self._tally = _Tally()
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
        target, existing = await self._target(served)
        stale = await self._compare(first, target, existing)
        summary.removed = len(stale) if self.options.prune else 0
        summary.book_version = self._tally.version()
        summary.problems = list(self._book.problems)
        summary.collection = target or ""
        if target is not None and not self.options.dry_run:
            await self._finish(target, served, stale)
        summary.seconds = time.monotonic() - started
        self._progress(summary)
        return summary

    async def _target(
        self, served: tuple[str, CollectionInfo] | None
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
            info = CollectionInfo(fingerprint=self._fingerprint)
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
        if self.options.prune:
            for start in range(0, len(stale), 1000):
                await self._store.delete(target, stale[start : start + 1000])
        info = CollectionInfo(
            fingerprint=self._fingerprint,
            book_version=summary.book_version,
            complete=True,
            chunks=summary.chunks,
            documents=summary.documents,
            language=self._tally.language(),
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
            await self._store.write_info(target, info)
        if served is None or served[0] != target:
            await self._store.switch(target)
            summary.switched = True


class _Tally:
    """What is kept of every chunk: a few bytes, whatever the book's size."""

    def __init__(self) -> None:
        self.chunks = 0
        self.pages: set[int] = set()
        self._sum = 0
        self._locales: Counter[str] = Counter()
        self._sample: dict[str, str] = {}

    def add(self, chunk: Document) -> None:
        metadata = chunk.metadata
        self.chunks += 1
        self.pages.add(hash(metadata["path"]))
        self._locales[metadata["locale"]] += 1
        # A sum of hashes is the same in whatever order the chunks come.
        digest = hashlib.sha256(f"{chunk.id}\0{metadata['url']}".encode()).digest()
        self._sum = (self._sum + int.from_bytes(digest[:16])) % (1 << 128)
        if metadata["kind"] == "text":
            self._keep(metadata["heading"])

    def _keep(self, heading: str) -> None:
        """The headings with the smallest hashes: the same sample of the same book."""
        self._sample[hashlib.sha256(heading.encode()).hexdigest()] = heading
        if len(self._sample) > 2 * _SAMPLE:
            self._sample = dict(sorted(self._sample.items())[:_SAMPLE])

    def sample(self) -> list[str]:
        return [heading for _, heading in sorted(self._sample.items())[:_SAMPLE]]

    def language(self) -> str:
        return self._locales.most_common(1)[0][0] if self._locales else "en"

    def version(self) -> str:
        return f"{self._sum:032x}"[:16]


def payload_digest(chunk: Document) -> str:
    """SHA-256 over what is stored of a chunk beside its vectors."""
    stored: dict[str, Any] = {k: v for k, v in chunk.metadata.items() if k not in _NOT_STORED}
    text = json.dumps([chunk.page_content, stored], sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:32]
