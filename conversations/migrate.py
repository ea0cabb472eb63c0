"""Brings a database to this version's layout."""

from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection

from errors import FixConfiguration

NEWEST: Final = "0001"
_MIGRATIONS: Final = Path(__file__).parent / "migrations"


def migrate(connection: Connection) -> None:
    """Runs the missing steps in the caller's transaction, which must hold the lock.

    A database one step newer is used as it is: each step only adds.

    Raises:
        FixConfiguration: the database is more than one step newer than this program.
    """
    current = MigrationContext.configure(connection).get_current_revision()
    if current is not None and int(current) > int(NEWEST):
        if int(current) > int(NEWEST) + 1:
            raise FixConfiguration("DATABASE_URL: was migrated by a much newer version")
        return
    if current == NEWEST:
        return
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, NEWEST)
