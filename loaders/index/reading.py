"""Reads a book for the index, in blocks of chunks; what is stored unchanged is not read again."""

from collections.abc import Iterable, Iterator
from typing import Final

from langchain_core.documents import Document

from loaders.document import Book, SourceFile
from loaders.index.file_cache import FileCache, FileRecord
from loaders.index.stats import BookVersion, IndexStats, payload_digest
from loaders.splitter.splitter import ChunkIds, Splitter

_BLOCK: Final = 128
_PAUSE: Final = 64


class BookReader:
    """Goes through the files of a book once.

    Args:
        book: what is read.
        splitter: cuts it.
        cache: what is known of its files.
    """

    def __init__(self, book: Book, splitter: Splitter, cache: FileCache) -> None:
        self._book, self._splitter, self._cache = book, splitter, cache
        self._ids = ChunkIds()
        self._block: list[Document] = []
        self.stats = IndexStats()
        self.version = BookVersion()
        self.language = ""
        """Of the first chunk; empty until there is one."""
        self.stored: dict[str, str] | None = None
        """Digests of stored chunks by id, less those that were met; None: not known yet."""

    def blocks(self) -> Iterator[list[Document]]:
        """Chunks that are new or may have changed; an empty block only says that time went by.

        ``stored`` must be set when a block has come and ``language`` is known.
        """
        for number, file in enumerate(self._book.files, 1):
            record = self._cache.get(file.key)
            if record is not None and record.rows:
                self.language = self.language or record.stats.language()
                if self.stored is None:
                    yield self._taken()
            if record is not None and self._is_stored(record):
                self._count(record)
            else:
                yield from self._read(file)
            if number % _PAUSE == 0:
                yield []
        if self._block:
            yield self._taken()

    def _taken(self) -> list[Document]:
        block, self._block = self._block, []
        return block

    def _read(self, file: SourceFile) -> Iterator[list[Document]]:
        record = FileRecord()
        sections = _counted(file.read(record.problems.append), record.stats)
        for chunk in self._splitter.split(sections):
            chunk.metadata["digest"] = payload_digest(chunk)
            record.add(chunk)
            chunk.id = self._ids.take(str(chunk.id))
            self.version.add(chunk.id, chunk.metadata["digest"])
            self.language = self.language or chunk.metadata["locale"]
            self._block.append(chunk)
            if len(self._block) >= _BLOCK:
                yield self._taken()
        self._cache.put(file.key, record)
        self._count(record)

    def _is_stored(self, record: FileRecord) -> bool:
        """Whether all chunks of a file are stored as they would be written; then they are met."""
        stored = self.stored or {}
        ids = [self._ids.take(row.id) for row in record.rows]
        if any(stored.get(own) != row.digest for own, row in zip(ids, record.rows, strict=True)):
            self._ids.give_back(ids)
            return False
        for own in ids:
            self.version.add(own, stored.pop(own))
        return True

    def _count(self, record: FileRecord) -> None:
        self.stats.merge(record.stats)
        self._book.problems.extend(record.problems)


def _counted(sections: Iterable[Document], stats: IndexStats) -> Iterator[Document]:
    for section in sections:
        stats.add_section(section.metadata)
        yield section
