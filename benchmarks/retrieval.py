"""Hybrid search of the embedded engine by the book's size: time, CPU, memory, disk.

Vectors are random unit vectors and texts are words drawn by Zipf's law, 120 to a chunk, so every
question has candidates everywhere; embedding the question is not counted. Each size is measured
in a process of its own, after the collection was filled, its vector index built, and reopened.
"""

import argparse
import asyncio
import json
import resource
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Awaitable, Callable, Iterator, Sequence
from pathlib import Path
from statistics import median
from typing import Any, Final

import numpy as np
from langchain_core.documents import Document
from langchain_core.embeddings import Embeddings

DIMENSIONS: Final = 384
BAR_CHUNKS: Final = 20_000
BAR_MS: Final = 5.0
"""Median of a hybrid search at ``BAR_CHUNKS`` on the clock, on a machine that is quiet."""
_SIZES: Final = (1_000, 20_000, 100_000)
_SEARCHES: Final = 200
_K: Final = 32
_VOCABULARY: Final = 20_000
_WORDS: Final = 120
_BLOCK: Final = 500
_INFO_NAME: Final = "synthetic"

Row = dict[str, Any]


def measure(sizes: Sequence[int] = _SIZES) -> list[Row]:
    """One row per number of chunks."""
    return [_in_fresh_process(size) for size in sizes]


def table(rows: Sequence[Row]) -> str:
    """The rows as a Markdown table."""
    lines = [
        "| chunks | hybrid p50 / p95 | CPU | in one module | sparse | fill | vector index "
        "| reopen | memory | disk |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {row['chunks']:,} | {row['hybrid_ms']:.2f} / {row['hybrid_p95_ms']:.2f} ms "
        f"| {row['cpu_ms']:.2f} ms | {row['scoped_ms']:.2f} ms | {row['sparse_ms']:.2f} ms "
        f"| {row['fill_s']:.1f} s | {row['index_s']:.1f} s | {row['reopen_ms']:.0f} ms "
        f"| +{row['memory_mb']:.0f} MB | {row['disk_mb']:.0f} MB |"
        for row in rows
    ]
    return "\n".join(lines)


class _Book(Embeddings):
    """Chunks, questions and vectors, the same every time."""

    def __init__(self, seed: int = 7) -> None:
        self._chance = np.random.default_rng(seed)
        shares = 1 / np.arange(10, _VOCABULARY + 10)
        self._shares = shares / shares.sum()

    def vectors(self, count: int) -> list[list[float]]:
        drawn = self._chance.standard_normal((count, DIMENSIONS))
        unit: list[list[float]] = (drawn / np.linalg.norm(drawn, axis=1, keepdims=True)).tolist()
        return unit

    def text(self, words: int) -> str:
        drawn = self._chance.choice(_VOCABULARY, size=words, p=self._shares)
        return " ".join(f"word{number}" for number in drawn)

    def blocks(self, chunks: int) -> Iterator[list[Document]]:
        for start in range(0, chunks, _BLOCK):
            yield [self._chunk(number) for number in range(start, min(start + _BLOCK, chunks))]

    def _chunk(self, number: int) -> Document:
        path = f"module-{number % 10}/page-{number // 200}.md"
        metadata = {
            "path": path,
            "title": f"Page {number // 200}",
            "heading": f"Section {number // 3}",
            "breadcrumb": [f"Page {number // 200}", f"Section {number // 3}"],
            "url": f"/docs/{path}#section-{number // 3}",
            "section_id": str(uuid.uuid5(uuid.NAMESPACE_URL, f"section {number // 3}")),
            "index": number % 200,
            "locale": "en",
            "kind": "text",
            "scopes": [f"module-{number % 10}", path],
            "tokens": _WORDS,
            "digest": f"{number:032x}",
        }
        point = str(uuid.uuid5(uuid.NAMESPACE_URL, f"chunk {number}"))
        return Document(id=point, page_content=self.text(_WORDS), metadata=metadata)

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        return self.vectors(len(texts))

    def embed_query(self, text: str) -> list[float]:
        return self.vectors(1)[0]

    async def aembed_query(self, text: str) -> list[float]:
        return self.embed_query(text)


def _in_fresh_process(chunks: int) -> Row:
    command = [sys.executable, "-m", "benchmarks.retrieval", "--chunks", str(chunks)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    row: Row = json.loads(done.stdout)
    return row


async def _measure_here(chunks: int) -> Row:
    """Fills, closes and searches a collection of ``chunks`` in this process."""
    from providers.factory import open_stores
    from settings import Settings

    book = _Book()
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(_env_file=None, data_dir=Path(folder))  # type: ignore[call-arg]  # pydantic-settings' own argument
        async with open_stores(settings, book) as (_, index):
            row = await _fill(index, book, chunks)
        before = _resident_mb()
        started = time.perf_counter()
        async with open_stores(settings, book) as (store, _):
            await store.info()
            row["reopen_ms"] = (time.perf_counter() - started) * 1000
            ask = store.asimilarity_search_with_score
            questions = [book.text(9) for _ in range(_SEARCHES)]
            hybrid, row["cpu_ms"] = await _timed(lambda q: ask(q, _K), questions)
            scoped, _cpu = await _timed(lambda q: ask(q, _K, scope="module-3"), questions)
            sparse, _cpu = await _timed(lambda q: ask(q, _K, sparse_only=True), questions)
            row["memory_mb"] = _resident_mb() - before
        row["disk_mb"] = _disk_mb(Path(folder))
    row["hybrid_ms"], row["hybrid_p95_ms"] = median(hybrid), sorted(hybrid)[-len(hybrid) // 20]
    row["scoped_ms"], row["sparse_ms"] = median(scoped), median(sparse)
    row["peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return row


async def _fill(index: Any, book: _Book, chunks: int) -> Row:
    from schema import CollectionInfo

    info = CollectionInfo(fingerprint=_INFO_NAME)
    name = await index.create(info, DIMENSIONS)
    started = time.perf_counter()
    for block in book.blocks(chunks):
        await index.upsert(name, block, book.vectors(len(block)))
    filled = time.perf_counter()
    await index.write_info(name, info.model_copy(update={"complete": True, "chunks": chunks}))
    await index.switch(name)
    await index.settle(name)
    return {
        "chunks": chunks,
        "fill_s": filled - started,
        "index_s": time.perf_counter() - filled,
    }


async def _timed(
    ask: Callable[[str], Awaitable[Any]], questions: Sequence[str]
) -> tuple[list[float], float]:
    """Milliseconds of each search, and the CPU milliseconds of one, embedding included."""
    for question in questions[:20]:
        await ask(question)
    cpu, took = time.process_time(), []
    for question in questions:
        started = time.perf_counter()
        await ask(question)
        took.append((time.perf_counter() - started) * 1000)
    return took, (time.process_time() - cpu) * 1000 / len(questions)


def _resident_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 2**20


def _disk_mb(folder: Path) -> float:
    return sum(file.stat().st_blocks * 512 for file in folder.rglob("*")) / 2**20


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints the table; exit status 1 if the bar is missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.retrieval", description=__doc__)
    parser.add_argument("--chunks", type=int, help="measure one size in this process, as JSON")
    parser.add_argument("--sizes", type=int, nargs="+", default=list(_SIZES))
    options = parser.parse_args(arguments)
    if options.chunks:
        print(json.dumps(asyncio.run(_measure_here(options.chunks))))
        return 0
    rows = measure(options.sizes)
    print(table(rows))
    judged = [row for row in rows if row["chunks"] <= BAR_CHUNKS]
    return 0 if all(row["hybrid_ms"] <= BAR_MS for row in judged) else 1


if __name__ == "__main__":
    sys.exit(main())
