"""Picks the loader for a source: one line per format."""

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

from errors import FixConfiguration
from loaders.document import Book, site_address
from loaders.files import walk
from loaders.formats import docusaurus, epub, html, markdown, pdf
from loaders.formats.flavors import flavor_of
from loaders.formats.site import config_file
from loaders.formats.website import load_website

Loader = Callable[..., Book]


def _published_by_docusaurus(path: Path) -> bool:
    folders = [path, *path.parents] if path.is_dir() else list(path.parents)
    return _holds(*docusaurus.SUFFIXES)(path) and any(map(config_file, folders))


def _published_by_another_tool(path: Path) -> bool:
    return path.is_dir() and flavor_of(path) is not None


def _holds(*suffixes: str) -> Callable[[Path], bool]:
    """Accepts a file with such a name and a folder with such a file somewhere in it."""

    def accepts(path: Path) -> bool:
        if path.is_file():
            return path.name.lower().endswith(suffixes)
        return next(walk(path, suffixes), None) is not None

    return accepts


# The first that accepts a source reads it. Markdown that no tool claims is read as Docusaurus.
_LOADERS: Final[tuple[tuple[Callable[[Path], bool], Loader], ...]] = (
    (_published_by_docusaurus, docusaurus.load_docusaurus),
    (_published_by_another_tool, markdown.load_markdown),
    (_holds(*docusaurus.SUFFIXES), docusaurus.load_docusaurus),
    (_holds(*markdown.SUFFIXES), markdown.load_markdown),
    (_holds(*html.SUFFIXES), html.load_html),
    (_holds(*epub.SUFFIXES), epub.load_epub),
    (_holds(*pdf.SUFFIXES), pdf.load_pdf),
)
_FORMATS: Final = "Markdown, MDX, Jupyter notebooks, HTML, EPUB or PDF"


def load(source: str | os.PathLike[str], *, book_url: str = "", cache: Path | None = None) -> Book:
    """Sections of a book folder, a file or a site; see ``Book`` for what went wrong per file.

    Args:
        source: a path, or the ``http(s)://`` address of a site with a ``sitemap.xml``.
        book_url: public base URL of a book that is read from disk.
        cache: folder in which pages of a site are kept between runs.

    Raises:
        FixConfiguration: there is nothing at ``source``, or nothing that can be read.
    """
    address = site_address(source)
    if address:
        return load_website(address, cache=cache)
    path = Path(source).absolute()
    if not path.exists():
        raise FixConfiguration(f"BOOK_DIR: there is no file or folder {source}")
    path = _site_below(path) or path
    for accepts, loader in _LOADERS:
        if accepts(path):
            return loader(path, book_url=book_url)
    if path.is_dir():
        raise FixConfiguration(f"BOOK_DIR: {path} holds no file that can be read ({_FORMATS})")
    raise FixConfiguration(f"BOOK_DIR: {path.name} is of no format that can be read ({_FORMATS})")


def _site_below(folder: Path) -> Path | None:
    """The one Docusaurus site in a repository whose top is named as the book."""
    if not folder.is_dir() or config_file(folder) or (folder / "docs").is_dir():
        return None
    configs = [*folder.glob("*/docusaurus.config.*"), *folder.glob("*/*/docusaurus.config.*")]
    sites = {path.parent for path in configs if "node_modules" not in path.parts}
    return sites.pop() if len(sites) == 1 else None


def load_all(
    sources: Iterable[str | os.PathLike[str]], *, book_url: str = "", cache: Path | None = None
) -> Book:
    """Several sources as one book."""
    books = [load(source, book_url=book_url, cache=cache) for source in sources]
    return books[0] if len(books) == 1 else Book.joined(books)
