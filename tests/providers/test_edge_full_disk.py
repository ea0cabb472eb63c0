"""The disk of the embedded engine is full: no write begins, readers are served, room ends it."""

import asyncio
from pathlib import Path

import pytest

from errors import RetryLater
from providers.qdrant.engine import disk_space
from providers.qdrant.index_store import QdrantIndexStore
from tests.providers.books import WordEmbeddings, chunk, fill, stores_at
from tests.small_disk import fill_up, small_disk

BOOK = [chunk(f"robot number {i} walks", index=i) for i in range(40)]
MORE = [chunk(f"robot number {i} runs", index=i) for i in range(40, 200)]


async def test_indexing_onto_a_full_disk_is_refused_by_name(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 3) as disk:
        async with stores_at(WordEmbeddings(), disk) as (search, index):
            with pytest.raises(RetryLater, match=r"its disk is full: \d MB are free, .* 64 MB"):
                async with index.exclusive():
                    pass
            with pytest.raises(RetryLater, match="its disk is full"):
                await fill(index, BOOK)
            assert await search.info() is None


async def test_a_disk_that_fills_up_stops_writing_and_not_reading(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 250) as disk:
        async with stores_at(WordEmbeddings(), disk) as (search, index):
            name = await fill(index, BOOK)
            ballast = fill_up(disk)
            for write in (
                index.upsert(name, MORE),
                index.delete(name, [str(BOOK[0].id)]),
                index.write_info(name, (await search.info()) or pytest.fail("no book")),
            ):
                with pytest.raises(RetryLater, match="its disk is full"):
                    await write
            await index.settle(name)
            assert len(await search.asimilarity_search_with_score("robot 3", 5)) == 5
            ballast.unlink()
            await fill(index, MORE)
            assert len(await search.asimilarity_search_with_score("runs", 5)) == 5


async def test_a_book_that_a_full_disk_keeps_from_opening_is_opened_when_there_is_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("providers.qdrant.engine.async_client._LOOK_AGAIN_SECONDS", 0.0)
    with small_disk(tmp_path / "disk", 250) as disk:
        async with stores_at(WordEmbeddings(), disk) as (_, index):
            name = await fill(index, BOOK)
        ballast = fill_up(disk)
        async with stores_at(WordEmbeddings(), disk) as (search, index):
            with pytest.raises(RetryLater, match="cannot be used: the disk is full"):
                await search.asimilarity_search_with_score("robot 3", 5)
            ballast.unlink()
            async with asyncio.timeout(20):
                while await served(index) != name:
                    pass
            assert len(await search.asimilarity_search_with_score("robot 3", 5)) == 5


async def served(index: QdrantIndexStore) -> str | None:
    """The collection; None while it cannot be opened."""
    try:
        found = await index.served()
    except RetryLater:
        return None
    return str(found[0]) if found else None


def test_the_space_that_files_may_take_is_counted(tmp_path: Path) -> None:
    with (tmp_path / "file").open("wb") as file:
        file.write(b"a" * 4096)
        file.truncate(1 << 20)
    taken, holes = disk_space.allocated_and_holes(tmp_path)
    assert (taken, holes) == (4096, (1 << 20) - 4096)
