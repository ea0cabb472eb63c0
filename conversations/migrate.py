"""Brings a database to this version's layout."""

from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection

from errors import FixConfiguration

NEWEST: Final = "0006"
_MIGRATIONS: Final = Path(__file__).parent / "migrations"


def is_current(connection: Connection) -> bool:
    """Whether nothing is missing; a database one step newer will do, as a single step only adds.

    Raises:
        FixConfiguration: the database is more than one step newer than this program.
    """
    revision = MigrationContext.configure(connection).get_current_revision()
    if revision is not None and int(revision) > int(NEWEST) + 1:
        raise FixConfiguration("DATABASE_URL: was migrated by a much newer version")
    return revision is not None and int(revision) >= int(NEWEST)


def migrate(connection: Connection) -> None:
    """Runs the missing steps in the caller's transaction, which must hold the lock."""
    if not is_current(connection):
        config = Config()
        config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
        config.attributes["connection"] = connection
        command.upgrade(config, NEWEST)
