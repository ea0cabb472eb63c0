"""Picks the loader for a source: one line per format."""

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

from errors import FixConfiguration
from loaders.document import Book
from loaders.docusaurus import SUFFIXES, load_docusaurus

Loader = Callable[..., Book]


def _has(*suffixes: str) -> Callable[[Path], bool]:
    return lambda path: path.is_dir() or path.name.lower().endswith(suffixes)


# First match wins.
_LOADERS: Final[tuple[tuple[Callable[[Path], bool], Loader], ...]] = (
    (_has(*SUFFIXES), load_docusaurus),
)


def load(source: str | os.PathLike[str], *, book_url: str = "") -> Book:
    """Sections of a book folder or file; see ``Book`` for what went wrong per file.

    Raises:
        FixConfiguration: there is nothing at ``source``, or nothing that can be read.
    """
    path = Path(source).absolute()
    if not path.exists():
        raise FixConfiguration(f"BOOK_DIR: there is no file or folder {source}")
    for accepts, loader in _LOADERS:
        if accepts(path):
            return loader(path, book_url=book_url)
    raise FixConfiguration(f"BOOK_DIR: {path.name} is of no format that can be read")


def load_all(sources: Iterable[str | os.PathLike[str]], *, book_url: str = "") -> Book:
    """Several sources as one book."""
    books = [load(source, book_url=book_url) for source in sources]
    return books[0] if len(books) == 1 else Book.joined(books)
