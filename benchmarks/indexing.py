"""A book of thousands of pages on the embedded engine: index, one changed page, search, memory.

Everything is real but the model: vectors are random, so what the model takes comes on top (chunks
divided by the chunks a second of ``docs/performance.md``). Each step runs in a process of its own.
"""

import argparse
import asyncio
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any, Final

import numpy as np

from benchmarks.loading import SECTIONS_PER_PAGE, write_book
from providers.embedded.minilm import MiniLMEmbeddings

PAGES: Final = 3_000
UPDATE_BAR_SECONDS: Final = 5.0
_SEARCHES: Final = 200
_K: Final = 32
_STEPS: Final = ("index", "update", "search")

Row = dict[str, Any]


class RandomVectors(MiniLMEmbeddings):
    """The embedded model's tokens and shapes with vectors that cost nothing."""

    def embed_with_sentences(
        self, chunks: Sequence[tuple[str, str]]
    ) -> list[tuple[list[float], str]]:
        """As the model's, without its sentences."""
        return [(vector, "") for vector in self.embed_documents([text for text, _ in chunks])]

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """A random unit vector per text."""
        drawn = np.random.default_rng(len(texts[0])).standard_normal((len(texts), self.dimensions))
        unit: list[list[float]] = (drawn / np.linalg.norm(drawn, axis=1, keepdims=True)).tolist()
        return unit

    def embed_query(self, text: str) -> list[float]:
        """A random unit vector."""
        return self.embed_documents([text])[0]

    async def aembed_query(self, text: str) -> list[float]:
        """A random unit vector."""
        return self.embed_query(text)


def measure(pages: int = PAGES) -> Row:
    """Seconds, megabytes and milliseconds by step."""
    row: Row = {"pages": pages}
    with tempfile.TemporaryDirectory() as folder:
        write_book(Path(folder, "book"), pages * SECTIONS_PER_PAGE)
        for step in _STEPS:
            command = [sys.executable, "-m", "benchmarks.indexing", "--step", step, folder]
            done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
            row |= json.loads(done.stdout)
    return row


def table(row: Row) -> str:
    """The row as a Markdown table."""
    return "\n".join(
        (
            "| pages | chunks | found by words after | all written | peak memory "
            "| one changed page | hybrid p50 / p95 | opened | memory at rest |",
            "|---|---|---|---|---|---|---|---|---|",
            f"| {row['pages']:,} | {row['chunks']:,} | {row['words_s']:.0f} s "
            f"| {row['index_s']:.0f} s | {row['index_peak_mb']:.0f} MB | {row['update_s']:.1f} s "
            f"| {row['hybrid_ms']:.1f} / {row['hybrid_p95_ms']:.1f} ms | {row['open_s']:.1f} s "
            f"| {row['rest_mb']:.0f} MB |",
        )
    )


async def _index(folder: Path) -> Row:
    from loaders.index.options import IndexOptions, IndexSummary
    from loaders.index.run import index_book
    from loaders.sources import load
    from providers.factory import open_stores

    words = 0.0
    started = time.perf_counter()

    def progress(so_far: IndexSummary) -> None:
        nonlocal words
        if so_far.phase == "vectors" and not words:
            words = time.perf_counter() - started

    embeddings = RandomVectors()
    async with open_stores(_settings(folder), embeddings) as (_, store):
        summary = await index_book(
            load(folder / "book"),
            store=store,
            embeddings=embeddings,
            options=IndexOptions(cache=folder / "data" / "pages"),
            progress=progress,
        )
    return {
        "chunks": summary.chunks,
        "words_s": words,
        "index_s": time.perf_counter() - started,
        "index_peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


async def _update(folder: Path) -> Row:
    page = next(iter(sorted((folder / "book").rglob("*.mdx"))))
    page.write_text(page.read_text("utf-8") + "\n\n## Later\n\nOne more section.\n", "utf-8")
    return {"update_s": (await _index(folder))["index_s"]}


async def _search(folder: Path) -> Row:
    from providers.factory import open_stores

    started = time.perf_counter()
    async with open_stores(_settings(folder), RandomVectors()) as (store, _):
        await store.info()
        opened = time.perf_counter() - started
        rest = _resident_mb()
        took = []
        for number in range(_SEARCHES):
            began = time.perf_counter()
            await store.asimilarity_search_with_score(f"torque of joint {number} planner", _K)
            took.append((time.perf_counter() - began) * 1000)
        return {
            "open_s": opened,
            "opened_mb": rest,
            "rest_mb": _resident_mb(),
            "hybrid_ms": median(took),
            "hybrid_p95_ms": sorted(took)[-len(took) // 20],
        }


def _settings(folder: Path) -> Any:
    from settings import Settings

    return Settings(_env_file=None, data_dir=folder / "data")  # type: ignore[call-arg]  # pydantic-settings' own argument


def _resident_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 2**20


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints the table; exit status 1 if the bar is missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.indexing", description=__doc__)
    parser.add_argument("--pages", type=int, default=PAGES)
    parser.add_argument("--step", choices=_STEPS, help="measure one step in this process, as JSON")
    parser.add_argument("folder", nargs="?", type=Path)
    options = parser.parse_args(arguments)
    if options.step:
        step = {"index": _index, "update": _update, "search": _search}[options.step]
        print(json.dumps(asyncio.run(step(options.folder))))
        return 0
    row = measure(options.pages)
    print(table(row))
    return 0 if row["update_s"] <= UPDATE_BAR_SECONDS else 1


if __name__ == "__main__":
    sys.exit(main())
