"""What was read of each file of a book, kept between runs: an unchanged one is not read again.

A record is found by the file's content and by all else that it was made with. So it is never out
of date, and one that is lost costs nothing but time.
"""

import contextlib
import hashlib
import json
import logging
import sqlite3
import sys
import zlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from types import TracebackType
from typing import Final, NamedTuple, Self

from langchain_core.documents import Document

from loaders.document import Problem
from loaders.index.stats import IndexStats

FILE: Final = "read.sqlite"
PACKAGES: Final = (
    *("markdown-it-py", "mdit-py-plugins", "pypdf", "pyyaml", "selectolax", "snowballstemmer"),
    *("tokenizers", "tree-sitter", "tree-sitter-typescript"),
)
"""Whose releases may read or cut a page in another way."""
_CODE: Final = ("loaders", "providers", "schema.py", "text")
_ROOT: Final = Path(__file__).resolve().parents[2]
_WAIT_SECONDS: Final = 1.0
_COMMIT_EVERY: Final = 64
_log = logging.getLogger(__name__)


class Row(NamedTuple):
    """A chunk: its id before repeats are told apart, and its payload's digest."""

    id: str
    digest: str


@dataclass
class FileRecord:
    """All that an index run needs of a file whose chunks are stored already."""

    rows: list[Row] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    stats: IndexStats = field(default_factory=IndexStats)

    def add(self, chunk: Document) -> None:
        """Counts a chunk whose metadata has its ``digest``."""
        self.rows.append(Row(str(chunk.id), chunk.metadata["digest"]))
        self.stats.add(chunk)

    def dumps(self) -> bytes:
        """Compressed JSON; its checksum is part of it."""
        problems = [asdict(problem) for problem in self.problems]
        text = json.dumps([self.rows, problems, self.stats.state()], separators=(",", ":"))
        return zlib.compress(text.encode(), 1)

    @classmethod
    def loads(cls, data: bytes) -> Self:
        """The inverse of ``dumps``.

        Raises:
            ValueError, zlib.error: ``data`` was damaged.
        """
        rows, problems, stats = json.loads(zlib.decompress(data))
        return cls(
            [Row(*row) for row in rows],
            [Problem(**problem) for problem in problems],
            IndexStats.of_state(stats),
        )


class FileCache:
    """Records in an SQLite file; without it when the file cannot be used.

    Args:
        folder: where the file is; None: nothing is kept.
        made_with: what records depend on beside the files, such as the chunks' size.
    """

    def __init__(self, folder: Path | None, made_with: str) -> None:
        self._path = None if folder is None else folder / FILE
        self._made_with = f"{program()}/{made_with}"
        self._database: sqlite3.Connection | None = None
        self._used: set[str] = set()

    def __enter__(self) -> Self:
        if self._path is not None:
            with self._dropped_on_error():
                self._path.parent.mkdir(parents=True, exist_ok=True)
                # Whoever reads files does so in threads, one after the other.
                self._database = sqlite3.connect(
                    self._path, timeout=_WAIT_SECONDS, check_same_thread=False
                )
                self._database.execute(
                    "CREATE TABLE IF NOT EXISTS files"
                    " (key TEXT PRIMARY KEY, record BLOB NOT NULL) WITHOUT ROWID"
                )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._database is not None:
            with self._dropped_on_error(), contextlib.closing(self._database):
                self._database.commit()

    def get(self, key: str) -> FileRecord | None:
        """What was read of the file with this key; None if that is not known."""
        if self._database is None or not key:
            return None
        with self._dropped_on_error():
            name = self._name(key)
            found = self._database.execute("SELECT record FROM files WHERE key = ?", (name,))
            row = found.fetchone()
            if row is not None:
                self._used.add(name)
                return FileRecord.loads(row[0])
        return None

    def put(self, key: str, record: FileRecord) -> None:
        """Keeps what was read of a file, unless it may be readable another time."""
        if self._database is None or not key or any(p.skipped for p in record.problems):
            return
        with self._dropped_on_error():
            name = self._name(key)
            self._used.add(name)
            self._database.execute("REPLACE INTO files VALUES (?, ?)", (name, record.dumps()))
            if len(self._used) % _COMMIT_EVERY == 0:  # a crash loses no more than these
                self._database.commit()

    def forget_others(self) -> None:
        """Drops records of files that this book no longer has."""
        if self._database is not None:
            with self._dropped_on_error():
                kept = {name for (name,) in self._database.execute("SELECT key FROM files")}
                gone = [(name,) for name in kept - self._used]
                self._database.executemany("DELETE FROM files WHERE key = ?", gone)
                self._database.commit()

    def _name(self, key: str) -> str:
        return hashlib.sha256(f"{self._made_with}\0{key}".encode()).hexdigest()

    @contextlib.contextmanager
    def _dropped_on_error(self) -> Iterator[None]:
        """A book can be read without a cache; a damaged one is made anew by the next run."""
        try:
            yield
        except (sqlite3.Error, OSError, ValueError, TypeError, zlib.error) as error:
            _log.warning("every file of the book is read: what was kept of them fails (%s)", error)
            database, self._database = self._database, None
            if database is not None:
                database.close()
            # Those are a lock, a full disk or a folder that may not be written to.
            if self._path is not None and not isinstance(error, sqlite3.OperationalError | OSError):
                self._path.unlink(missing_ok=True)


@cache
def program() -> str:
    """Names the code that reads and cuts books, and the packages it does so with."""
    digest = hashlib.sha256(sys.version.encode())
    for path in (_ROOT / name for name in _CODE):
        for file in [path] if path.is_file() else sorted(path.rglob("*.py")):
            digest.update(file.read_bytes())
    for package in PACKAGES:
        with contextlib.suppress(PackageNotFoundError):
            digest.update(f"{package} {version(package)}\n".encode())
    return digest.hexdigest()
