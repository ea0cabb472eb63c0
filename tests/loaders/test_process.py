"""An index run in a process of its own: what it did is kept, however it ends."""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from errors import FixConfiguration, RetryLater
from loaders.index.options import IndexSummary
from loaders.index.process import COMMAND, index_apart
from loaders.index.remote import STORE_METHODS
from settings import Settings
from tests.loaders.memory_store import MemoryStore

Methods = dict[str, Callable[..., Awaitable[Any]]]


@pytest.fixture
def book(tmp_path: Path) -> Path:
    folder = tmp_path / "book"
    folder.mkdir()
    for n in range(3):
        text = f"# Page {n}\n\nText of {n}.\n\n## Part\n\nMore of {n}.\n"
        (folder / f"page-{n}.md").write_text(text, encoding="utf-8")
    return folder


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def methods(store: MemoryStore) -> Methods:
    async def nearest(collection: str, vectors: list[list[float]]) -> list[float]:
        return [0.5 for _ in vectors]

    return {**{name: getattr(store, name) for name in STORE_METHODS}, "nearest": nearest}


async def run(
    book: Path, methods: Methods, seen: list[IndexSummary], command: tuple[str, ...] = COMMAND
) -> IndexSummary:
    settings = Settings(_env_file=None, book_dir=book, data_dir=book.parent / "data")  # type: ignore[call-arg]  # pydantic-settings' own argument
    return await index_apart(
        (settings, False),
        methods,
        progress=seen.append,
        record_call=lambda *call: None,
        command=command,
    )


async def test_what_the_store_refuses_ends_the_run_and_the_next_one_goes_on(
    book: Path, store: MemoryStore, methods: Methods
) -> None:
    async def dying(collection: str, info: Any, *rest: Any) -> None:
        await store.write_info(collection, info, *rest)
        if info.complete:
            raise FixConfiguration("DATA_DIR: the disk is full", code="retrieval_unavailable")

    with pytest.raises(FixConfiguration, match="DATA_DIR: the disk is full"):
        await run(book, {**methods, "write_info": dying}, [])
    assert store.alias is None
    assert len(store.collections["book--1"].chunks) == 6

    seen: list[IndexSummary] = []
    summary = await run(book, methods, seen)

    assert (summary.added, summary.unchanged, summary.embedded) == (0, 6, 6)
    assert {so_far.phase for so_far in seen} == {"words", "vectors"}
    served = await store.served()
    assert served is not None
    assert served[1].pending == 0
    assert served[1].calibration == {"heading": 0.5, "off_topic": 0.5}
    assert all(len(vector) == 384 for vector in store.collections["book--1"].vectors.values())
    assert all("sentence_vectors" in chunk.metadata for chunk in store.book.values())


@pytest.mark.parametrize(
    ("program", "said"),
    [
        ("import os; os.kill(os.getpid(), 9)", "was ended by SIGKILL"),
        ("import os; os.kill(os.getpid(), 7)", "was ended by SIGBUS"),
        ("raise SystemExit(3)", r"ended \(3\)"),
    ],
)
async def test_an_indexer_that_ends_early_is_tried_again_later(
    program: str, said: str, book: Path, methods: Methods
) -> None:
    with pytest.raises(RetryLater, match=said):
        await run(book, methods, [], (sys.executable, "-c", program))


async def test_stopping_the_service_stops_the_indexer(book: Path, methods: Methods) -> None:
    asked = asyncio.Event()

    async def hanging() -> None:
        asked.set()
        await asyncio.Event().wait()

    work = asyncio.create_task(run(book, {**methods, "served": hanging}, []))
    await asked.wait()
    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await work
