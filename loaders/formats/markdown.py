"""Sections of plain Markdown folders and notebooks: MkDocs, mdBook, Jupyter Book or none."""

import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any, Final

from langchain_core.documents import Document

from loaders.document import Address, Book, Problem, Report, SourceFile, key_of
from loaders.figures import beside_pages
from loaders.files import read_text, walk
from loaders.formats.flavors import Flavor, flavor_of, plain
from loaders.mdx.page import Page, parse_page, text_of
from loaders.sections import Place, documents

SUFFIXES: Final = (".md", ".markdown", ".ipynb")
_EXCLUDE: Final = ("**/_*.md", "**/.ipynb_checkpoints/**")


def load_markdown(source: Path, *, book_url: str = "") -> Book:
    """Sections of a book's folder, of a plain folder, or of one file.

    Routes and anchors are those of the tool whose configuration lies in the folder. Notebooks
    give their Markdown and their code, not their outputs.
    """
    book = Book(())
    report = book.problems.append
    folder = source.parent if source.is_file() else source
    flavor = (None if source.is_file() else flavor_of(folder)) or plain(folder)
    exclude = (*_EXCLUDE, *flavor.exclude)
    walked = walk(flavor.folder, SUFFIXES, exclude, report)
    paths = [source.name] if source.is_file() else flavor.pages(list(walked))
    book.pages = len(paths)
    book.files = _Folder(flavor, paths, Address(book_url or flavor.site_url), report)
    return book


class _Folder:
    """Reads pages one by one."""

    def __init__(self, flavor: Flavor, paths: list[str], address: Address, report: Report) -> None:
        self._flavor, self._paths = flavor, paths
        self._address, self._report = address, report
        self._entries = {entry.path: entry for entry in flavor.contents}

    def __iter__(self) -> Iterator[SourceFile]:
        for path in self._paths:
            text = read_text(self._flavor.folder / path, path, self._report)
            if text is not None:
                yield from self._file(path, text)

    def _file(self, path: str, text: str) -> Iterator[SourceFile]:
        try:
            notebook = path.lower().endswith(".ipynb")
            source = notebook_markdown(text) if notebook else self._flavor.expand(path, text)
        except _NotebookError as error:
            self._report(Problem(path, str(error), skipped=True))
        except Exception as error:  # noqa: BLE001 - whatever one page does, the rest goes in
            self._report(Problem.unparsable(path, error))
        else:
            route, (title, above) = self._flavor.route(path), self._entry(path)
            flavor, address = self._flavor, self._address
            where = (path, route, title, above, flavor.language, repr(address))
            key = key_of(source, "markdown", flavor.name, *where)
            yield SourceFile(partial(self._sections, path, source), key)

    def _sections(self, path: str, source: str, report: Report) -> Iterator[Document]:
        try:
            page = parse_page(source, mdx=False, anchors=self._flavor.anchors())
        except Exception as error:  # noqa: BLE001 - whatever one page does, the rest goes in
            report(Problem.unparsable(path, error))
            return
        for reason in page.problems:
            report(Problem(path, reason))
        if page.front_matter.get("draft") is not True:
            yield from documents(page, self._place(path, page))

    def _entry(self, path: str) -> tuple[str, tuple[str, ...]]:
        """Title of a page in the table of contents, and what it stands below."""
        entry = self._entries.get(path)
        return (entry.title, entry.above) if entry else ("", PurePosixPath(path).parent.parts)

    def _place(self, path: str, page: Page) -> Place:
        route, (listed, above) = self._flavor.route(path), self._entry(path)
        title = text_of(page.front_matter.get("title")) or page.h1 or listed
        return Place(
            path=path,
            title=title or PurePosixPath(path).stem,
            folders=above,
            locale=self._flavor.language,
            address=self._address,
            picture=beside_pages(self._address, path) if self._flavor.keeps_pictures else None,
            route=route,
            reached_by=(path, f"/{route}"),
        )


class _NotebookError(Exception):
    """The file is no notebook; the text says so."""


def notebook_markdown(text: str) -> str:
    """Markdown of a notebook: text cells as they are, code cells as fenced code."""
    try:
        notebook = json.loads(text)
        cells: list[dict[str, Any]] = notebook["cells"]
        kernel = notebook.get("metadata", {}).get("kernelspec", {})
        parts = [_cell(cell, str(kernel.get("language") or "python")) for cell in cells]
    except (ValueError, KeyError, TypeError, AttributeError):
        raise _NotebookError("is no Jupyter notebook of format 4") from None
    return "\n\n".join(part for part in parts if part) + "\n"


def _cell(cell: dict[str, Any], language: str) -> str:
    source = cell.get("source", "")
    text = ("".join(source) if isinstance(source, list) else str(source)).strip("\n")
    if not text.strip() or cell.get("cell_type") not in ("markdown", "code"):
        return ""
    if cell["cell_type"] == "markdown":
        return text
    fence = "````" if "```" in text else "```"
    return f"{fence}{language}\n{text}\n{fence}"
