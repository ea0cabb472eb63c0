"""Files of the embedded engine that somebody or a disk damaged: found, said, and made anew."""

import asyncio
import logging
import os
import random
import shutil
from pathlib import Path
from typing import cast

import pytest

from errors import BookChatError, RetryLater
from providers.qdrant.engine import soundness
from providers.qdrant.engine.async_client import AsyncEdgeClient
from providers.qdrant.engine.probe import _why
from providers.qdrant.engine.sparse_files import copy_with_holes
from tests.providers.books import WordEmbeddings, chunk, fill, stores_at

BOOK = [chunk(f"robot number {i} walks", index=i) for i in range(40)]
KINDS = ("empty", "half", "flipped", "noise", "gone")
SEEDS = (1, 2)


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a book that was closed properly."""
    folder = tmp_path_factory.mktemp("sound")
    asyncio.run(_filled(folder))
    return folder


async def _filled(folder: Path) -> None:
    async with stores_at(WordEmbeddings(), folder) as (_, index):
        await fill(index, BOOK)


def damage(path: Path, kind: str, dice: random.Random) -> None:
    """Does one kind of damage where the file's data is."""
    content = path.read_bytes()
    if kind == "gone":
        path.unlink()
    elif kind in ("empty", "half"):
        os.truncate(path, 0 if kind == "empty" else len(content) // 2)
    elif content:
        changed = bytearray(content)
        for _ in range(20):
            at = dice.randrange(min(len(content), 4096))
            changed[at] = changed[at] ^ 0xFF if kind == "flipped" else dice.randrange(256)
        path.write_bytes(changed)


def shatter(folder: Path) -> None:
    """Damages what the chunks say."""
    for pages in folder.glob("qdrant/*/segments/*/payload_storage/page_0.dat"):
        damage(pages, "noise", random.Random(1))  # noqa: S311 - repeatable dice


def remove_folders(data: Path) -> None:
    """All files of all collections."""
    for entry in (data / "qdrant").iterdir():
        if entry.is_dir():
            shutil.rmtree(entry)


def cases(folder: Path, seed: int) -> list[tuple[str, str]]:
    """Some files, each with one kind of damage, other ones for each seed."""
    inside = folder / "qdrant"
    files = sorted(str(p.relative_to(inside)) for p in inside.glob("*/**/*") if p.is_file())
    dice = random.Random(seed)  # noqa: S311 - repeatable dice
    every = [(file, kind) for file in files for kind in KINDS]
    return dice.sample(every, 10)


@pytest.mark.parametrize("seed", SEEDS)
async def test_a_damaged_file_never_ends_the_process_and_the_book_can_be_indexed(
    sound: Path, tmp_path: Path, seed: int, caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    dice = random.Random(seed)  # noqa: S311 - repeatable dice
    for number, (file, kind) in enumerate(cases(sound, seed)):
        folder = tmp_path / str(number)
        shutil.copytree(sound, folder, copy_function=copy_with_holes)
        damage(folder / "qdrant" / file, kind, dice)
        caplog.clear()
        async with stores_at(WordEmbeddings(), folder) as (search, index):
            try:
                hits = await search.asimilarity_search_with_score("robot 3", 5)
                assert len(hits) == 5, (file, kind)
            except BookChatError:
                # What is damaged is gone: the next index run finds nothing and makes it.
                assert await index.served() is None, (file, kind)
                said = [r for r in caplog.records if r.levelno >= logging.ERROR]
                assert len(said) == 1, (file, kind)
                assert "is dropped and made anew" in said[0].message
            await fill(index, BOOK)
            assert len(await search.asimilarity_search_with_score("robot 3", 5)) == 5
        shutil.rmtree(folder)
    assert "panicked" not in capfd.readouterr().err


async def test_a_folder_that_is_gone_is_said_in_one_line(
    sound: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    shutil.copytree(sound, tmp_path / "data")
    remove_folders(tmp_path / "data")
    async with stores_at(WordEmbeddings(), tmp_path / "data") as (_, index):
        assert await index.served() is None
    assert [r.message.partition("(")[2] for r in caplog.records] == [
        "its files are gone): it is dropped and made anew"
    ]


async def test_a_book_that_was_closed_properly_is_not_looked_at(
    sound: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = tmp_path / "data"
    async with stores_at(WordEmbeddings(), data) as (_, index):
        await fill(index, BOOK)
    monkeypatch.setattr(soundness, "_PROBE", tmp_path / "is not there")
    async with stores_at(WordEmbeddings(), data) as (search, _):
        assert await search.asimilarity_search_with_score("robot 3", 5)


async def test_damage_that_shows_in_use_closes_the_index_until_it_is_made_anew(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with stores_at(WordEmbeddings(), tmp_path) as (search, index):
        name = await fill(index, BOOK)
        engine = cast(AsyncEdgeClient, search._async)
        shards = engine._client.shards
        shards.suspend(name, "its files are looked at")
        shatter(tmp_path)
        with pytest.raises(RetryLater, match="its files are looked at"):
            await search.asimilarity_search_with_score("robot 3", 5)
        assert engine._looking is not None
        await engine._looking
        assert await index.served() is None
        await fill(index, BOOK)
        assert await search.asimilarity_search_with_score("robot 3", 5)


async def test_a_folder_that_is_removed_under_the_process_is_noticed_and_made_anew(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with stores_at(WordEmbeddings(), tmp_path) as (search, index):
        await fill(index, BOOK)
        remove_folders(tmp_path)
        with pytest.raises(RetryLater):
            await search.asimilarity_search_with_score("robot 3", 5)
        looking = cast(AsyncEdgeClient, search._async)._looking
        assert looking is not None
        await looking
        assert await index.served() is None
        assert "its files are gone" in caplog.text
        await fill(index, BOOK)
        assert await search.asimilarity_search_with_score("robot 3", 5)


@pytest.mark.parametrize("number", [13, 24, 28])
def test_what_is_no_damage_drops_nothing(number: int) -> None:
    error = Exception(f"Service runtime error: IO Error: failed (os error {number})")
    said = _why(error)
    verdict = soundness._verdict(0, said, Path())
    assert not verdict.sound
    assert not verdict.damaged
