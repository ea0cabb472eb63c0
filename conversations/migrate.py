"""Brings a database to this version's layout."""

from pathlib import Path
from typing import Final

from sqlalchemy import Connection, String, column, inspect, select, table

from errors import FixConfiguration

NEWEST: Final = "0006"
_MIGRATIONS: Final = Path(__file__).parent / "migrations"
_NOTES: Final = table("alembic_version", column("version_num", String))


def is_current(connection: Connection) -> bool:
    """Whether nothing is missing; a database one step newer will do, as a single step only adds.

    Raises:
        FixConfiguration: the database is more than one step newer than this program.
    """
    revision = _revision(connection)
    if revision is not None and int(revision) > int(NEWEST) + 1:
        raise FixConfiguration("DATABASE_URL: was migrated by a much newer version")
    return revision is not None and int(revision) >= int(NEWEST)


def migrate(connection: Connection) -> None:
    """Runs the missing steps in the caller's transaction, which must hold the lock."""
    if not is_current(connection):
        # Most starts have nothing to migrate, and these take time to load.
        from alembic import command
        from alembic.config import Config

        config = Config()
        config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
        config.attributes["connection"] = connection
        command.upgrade(config, NEWEST)


def _revision(connection: Connection) -> str | None:
    """The step that alembic noted last."""
    if not inspect(connection).has_table(_NOTES.name):
        return None
    found: str | None = connection.execute(select(_NOTES.c.version_num)).scalar()
    return found
