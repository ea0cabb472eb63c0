"""The SQLite file: found usable, or refused, before the first connection."""

import contextlib
import sqlite3
from pathlib import Path
from typing import Final

from errors import FixConfiguration

_ADVICE: Final = {
    sqlite3.SQLITE_NOTADB: "the file is not an SQLite database",
    sqlite3.SQLITE_CORRUPT: "the SQLite file is damaged",
    sqlite3.SQLITE_CANTOPEN: "the SQLite file cannot be opened",
    sqlite3.SQLITE_READONLY: "the SQLite file cannot be written",
    sqlite3.SQLITE_PERM: "the SQLite file cannot be written",
}


def make_usable(path: Path, wait_seconds: float) -> None:
    """Makes the file if it is missing, with a write-ahead log. Blocks for some milliseconds.

    A file that is locked for long is left for later.

    Raises:
        FixConfiguration: the file cannot be used.
    """
    make_folder(path.parent)
    with contextlib.suppress(OSError):  # what is wrong is said below, by name
        path.touch(mode=0o600)
        path.chmod(0o600)  # readers' conversations are nobody else's
    try:
        with contextlib.closing(sqlite3.connect(path, timeout=wait_seconds)) as connection:
            connection.execute("PRAGMA journal_mode=WAL")
    except sqlite3.Error as error:
        # The lower byte is the kind; the rest tells more than is needed.
        advice = _ADVICE.get(getattr(error, "sqlite_errorcode", 0) & 0xFF)
        if advice:
            raise FixConfiguration(f"DATABASE_URL: {advice}") from None


class SqliteFile:
    """Which file a path led to: a deleted one is written to without an error, and is lost."""

    def __init__(self, path: Path, wait_seconds: float) -> None:
        self._path, self._wait = path, wait_seconds
        self.known = self._identity()

    def _identity(self) -> tuple[int, int] | None:
        try:
            status = self._path.stat()
        except OSError:
            return None
        return status.st_dev, status.st_ino

    def is_another(self) -> bool:
        """True when the path leads to another file than before, or to none. Takes microseconds."""
        return self.known is not None and self._identity() != self.known

    def make_usable(self) -> None:
        """Takes the file that is there now for the database, or makes one.

        Raises:
            FixConfiguration: it cannot be used.
        """
        make_usable(self._path, self._wait)
        self.known = self._identity()


def make_folder(folder: Path) -> None:
    """Makes ``folder``, or raises FixConfiguration."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        raise FixConfiguration("DATA_DIR: cannot be made") from None
