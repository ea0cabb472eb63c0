"""The database's layout: what migrations make, and versions side by side."""

from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, text

from conversations import migrate
from conversations.database import database_url
from conversations.tables import metadata
from errors import FixConfiguration, FixQuestion
from tests.conversations.conftest import Place
from tests.conversations.turns import turn


def on(place: Place, use: Any) -> Any:
    engine = create_engine(database_url(place.url, place.data_dir))
    with engine.begin() as connection:
        result = use(connection)
    engine.dispose()
    return result


def set_revision(revision: str) -> Any:
    update = text("UPDATE alembic_version SET version_num = :revision")
    return lambda connection: connection.execute(update, {"revision": revision})


async def test_migrations_make_exactly_the_tables(place: Place) -> None:
    async with place.open():
        pass

    def differences(connection: Connection) -> Any:
        return compare_metadata(MigrationContext.configure(connection), metadata)

    assert on(place, differences) == []


def test_the_newest_migration_is_the_one_the_program_expects() -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(migrate.__file__).parent / "migrations"))
    scripts = ScriptDirectory.from_config(config)
    assert scripts.get_heads() == [migrate.NEWEST]
    revisions = sorted(script.revision for script in scripts.walk_revisions())
    assert revisions == [f"{number:04}" for number in range(1, len(revisions) + 1)]


async def test_a_program_one_version_back_reads_and_writes(place: Place) -> None:
    newer = f"{int(migrate.NEWEST) + 1:04}"
    async with place.open() as store:
        session_id = store.new_session()
        await store.remember(turn(session_id, "a1"))

    def step(connection: Connection) -> None:
        connection.execute(text("ALTER TABLE turns ADD COLUMN mood VARCHAR(8)"))
        connection.execute(text("ALTER TABLE turns ADD COLUMN score INTEGER NOT NULL DEFAULT 0"))
        set_revision(newer)(connection)

    on(place, step)
    async with place.open() as store:
        await store.remember(turn(session_id, "a2"))
        await store.rate("a2", session_id, "up", None)
        assert [t["rating"] for t in await store.turns(session_id)] == [None, "up"]


async def test_a_program_far_behind_its_database_does_not_start(place: Place) -> None:
    async with place.open():
        pass
    on(place, set_revision(f"{int(migrate.NEWEST) + 2:04}"))
    with pytest.raises(FixConfiguration):
        async with place.open():
            pass


async def test_conversations_of_the_first_layout_are_read_under_the_new_names(
    place: Place,
) -> None:
    async with place.open() as store:
        session_id, deleted = store.new_session(), store.new_session()
        await store.remember(turn(session_id, "a1", said="Kept."))
        await store.remember(turn(deleted, "a2"))
        await store.forget(deleted)
        store.record_calls("cohere", "chat", "ok", 7)

    def back(connection: Connection) -> None:
        config = Config()
        folder = Path(migrate.__file__).parent / "migrations"
        config.set_main_option("script_location", str(folder))
        config.attributes["connection"] = connection
        command.downgrade(config, "0001")
        assert connection.execute(text("SELECT said FROM turns")).scalars().all() == ["Kept."]

    on(place, back)
    async with place.open() as store:
        assert [past.answer for past in await store.history(session_id)] == ["Kept."]
        assert store.calls_this_month() == 7
        with pytest.raises(FixQuestion):
            await store.history(deleted)
