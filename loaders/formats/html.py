"""Sections of a folder of HTML pages, such as a site that was built already."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Final
from urllib.parse import urlsplit

from langchain_core.documents import Document

from loaders.document import Address, Book, PageAddress, Problem, Report, SourceFile, key_of
from loaders.figures import as_written
from loaders.files import read_text, walk
from loaders.formats.html_page import HtmlPage, parse_html
from loaders.sections import Place, documents

SUFFIXES: Final = (".html", ".htm", ".xhtml")
_EXCLUDE: Final = ("**/404.html", "**/search.html", "**/genindex.html", "**/_*/**")


def load_html(source: Path, *, book_url: str = "") -> Book:
    """Sections of a page or a folder of pages, linked to where the pages say they are published.

    Pages that tell search engines to stay away (``noindex``) stay out.
    """
    book = Book(())
    report = book.problems.append
    folder = source.parent if source.is_file() else source
    paths = [source.name] if source.is_file() else list(walk(folder, SUFFIXES, _EXCLUDE, report))
    book.pages = len(paths)
    book.files = _Folder(folder, paths, book_url, report)
    return book


class _Folder:
    """Reads pages one by one."""

    def __init__(self, folder: Path, paths: list[str], book_url: str, report: Report) -> None:
        self._folder, self._paths, self._book_url = folder, paths, book_url
        self._report = report

    def __iter__(self) -> Iterator[SourceFile]:
        for path in self._paths:
            source = read_text(self._folder / path, path, self._report)
            if source is not None:
                key = key_of(source, "html", path, self._book_url)
                yield SourceFile(partial(self._page, path, source), key)

    def _page(self, path: str, source: str, report: Report) -> Iterator[Document]:
        try:
            parsed = parse_html(source)
        except Exception as error:  # noqa: BLE001 - whatever one page does, the rest goes in
            report(Problem.unparsable(path, error))
            return
        if parsed.noindex:
            return
        route = path.removesuffix("index.html")
        canonical = parsed.canonical if not self._book_url else ""
        address = PageAddress(canonical) if canonical else Address(self._book_url)
        yield from html_sections(parsed, path, address, route)


def html_sections(parsed: HtmlPage, path: str, address: Address, route: str) -> Iterator[Document]:
    """Documents of a parsed page that is published at ``route`` of ``address``."""
    url = address.url(route)
    return documents(
        parsed.page,
        Place(
            path=path,
            title=parsed.title or PurePosixPath(path).stem,
            folders=tuple(part for part in PurePosixPath(path).parent.parts if part != "/"),
            locale=parsed.language.split("-")[0].lower() or "en",
            address=address,
            picture=as_written,
            route=route,
            reached_by=(path, urlsplit(url).path or "/"),
        ),
    )
