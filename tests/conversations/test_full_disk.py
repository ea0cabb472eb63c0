"""The disk under SQLite is full, or its file is taken away: readiness says so, and it ends."""

import logging
import os
from pathlib import Path

import pytest

from conversations.store import ConversationStore
from errors import RetryLater
from tests.conversations.conftest import Place
from tests.conversations.turns import turn
from tests.small_disk import fill_up, small_disk

FILE = "book-chat.sqlite3"


async def test_a_full_disk_is_seen_by_readiness_and_is_over_when_there_is_room(
    tmp_path: Path,
) -> None:
    with small_disk(tmp_path / "disk", 2) as disk:
        ballast = fill_up(disk, leave=1 << 20)
        async with Place(None, disk).open() as store:
            session_id = store.new_session()
            await store.remember(turn(session_id, "a1"))
            with ballast.open("r+b") as file:
                file.truncate(0)
            ballast = fill_up(disk)
            with pytest.raises(RetryLater):
                await store.remember(turn(session_id, "a2"))
            with pytest.raises(RetryLater):
                await store.ping()
            assert len(await store.history(session_id)) == 1
            ballast.unlink()
            await store.ping()
            await store.remember(turn(session_id, "a3"))
            assert len(await store.history(session_id)) == 2


def delete(folder: Path) -> None:
    """The database, with its log and index."""
    for file in folder.glob(f"{FILE}*"):
        file.unlink()


async def begun_anew(store: ConversationStore) -> None:
    """A session works again, one failed call later."""
    with pytest.raises(RetryLater):
        await store.ping()
    await store.ping()
    session_id = store.new_session()
    await store.remember(turn(session_id, "new"))
    assert len(await store.turns(session_id)) == 1


async def test_a_file_that_was_deleted_under_the_service_is_noticed_and_made_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with Place(None, tmp_path).open() as store:
        session_id = store.new_session()
        await store.remember(turn(session_id, "a1"))
        delete(tmp_path)
        await begun_anew(store)
        assert (tmp_path / FILE).stat().st_mode & 0o077 == 0
        assert await store.history(session_id) == []
    said = [r.message for r in caplog.records if r.levelno >= logging.ERROR]
    assert said == ["the SQLite file was deleted or replaced while it was open"]


async def test_a_file_that_was_replaced_by_a_backup_is_taken_up(tmp_path: Path) -> None:
    place, other = Place(None, tmp_path / "data"), Place(None, tmp_path / "backup")
    place.data_dir.mkdir()
    other.data_dir.mkdir()
    (other.data_dir / "session-secret").write_bytes(os.urandom(32).hex().encode())
    (place.data_dir / "session-secret").write_bytes(
        (other.data_dir / "session-secret").read_bytes()
    )
    async with other.open() as backup:
        session_id = backup.new_session()
        await backup.remember(turn(session_id, "kept"))
    async with place.open() as store:
        await store.remember(turn(store.new_session(), "a1"))
        delete(place.data_dir)
        (other.data_dir / FILE).replace(place.data_dir / FILE)
        await begun_anew(store)
        assert [t["answer"]["answer_id"] for t in await store.turns(session_id)] == ["kept"]


async def test_something_else_in_its_place_is_said_and_answers_go_on(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with Place(None, tmp_path).open() as store:
        await store.ping()
        delete(tmp_path)
        (tmp_path / FILE).write_bytes(b"no database" * 500)
        for _ in range(2):
            with pytest.raises(RetryLater):
                await store.ping()
        assert "the file is not an SQLite database" in caplog.text
        (tmp_path / FILE).unlink()
        await begun_anew(store)
