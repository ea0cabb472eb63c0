"""A Docusaurus site that a test writes file by file."""

from collections.abc import Callable
from pathlib import Path

import pytest
from langchain_core.documents import Document

from loaders.document import Book
from loaders.sources import load


class Site:
    """A site folder with a plain configuration."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.config("")

    def config(self, more: str) -> "Site":
        text = f"module.exports = {{ title: 'T', baseUrl: '/book/', {more} }};\n"
        return self.file("docusaurus.config.js", text)

    def file(self, path: str, text: str | bytes = "# T\n\nText.\n") -> "Site":
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(text.encode() if isinstance(text, str) else text)
        return self

    def page(self, text: str, path: str = "docs/page.mdx") -> list[Document]:
        """Sections of one page."""
        self.file(path, text)
        return list(load(self.root / path))

    def book(self, book_url: str = "") -> Book:
        return load(self.root, book_url=book_url)

    def urls(self, book_url: str = "") -> list[str]:
        return [section.metadata["url"] for section in self.book(book_url)]


@pytest.fixture
def site(tmp_path: Path) -> Site:
    root = tmp_path / "site"
    root.mkdir()
    return Site(root)


@pytest.fixture
def words() -> Callable[[str], int]:
    return lambda text: len(text.split())
