"""Sections of PDF files: by their outline, else by page; citations open the page."""

import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from langchain_core.documents import Document

from loaders.document import (
    Address,
    Book,
    Problem,
    Report,
    SectionMetadata,
    is_echo,
    scopes,
    unique,
)
from loaders.files import whole_files

if TYPE_CHECKING:  # it takes a fifth of a second to import, and most books are no PDF
    from pypdf import PdfReader

SUFFIXES: Final = (".pdf",)
_HYPHENATED: Final = re.compile(r"(?<=[a-z])-\n(?=[a-z])")
_PARAGRAPH_END: Final = re.compile(r"[.!?:;۔؟]\s*$")
_NUMBER: Final = re.compile(r"\s*(page\s*)?\d+\s*", re.I)

logging.getLogger("pypdf").setLevel(logging.ERROR)  # it warns of every oddity in a file


@dataclass(frozen=True)
class _Mark:
    """An entry of the outline: its title, the titles above it, and the page it opens."""

    trail: tuple[str, ...]
    page: int


def load_pdf(source: Path, *, book_url: str = "") -> Book:
    """Sections of a PDF file or a folder of them; URLs end in ``#page=N``.

    Encrypted files that need a password and scans without text are named as problems.
    """
    address = Address(book_url)
    return whole_files(source, SUFFIXES, "pdf", address, _Reader(address).sections)


class _Reader:
    """Reads a file page by page."""

    def __init__(self, address: Address) -> None:
        self._address = address

    def sections(self, path: str, content: bytes, report: Report) -> Iterator[Document]:
        """Of one file."""
        from pypdf.errors import PyPdfError

        found = False
        try:
            for section in self._sections(path, content):
                found = True
                yield section
        except _UnreadableError as error:
            report(Problem(path, str(error), skipped=not found))
        except (PyPdfError, OSError, ValueError, KeyError, TypeError, RecursionError) as error:
            reason = f"is no readable PDF ({type(error).__name__})"
            report(Problem(path, reason, skipped=not found))
        else:
            if not found:
                reason = "has no text; a scan must go through text recognition first"
                report(Problem(path, reason, skipped=True))

    def _sections(self, path: str, content: bytes) -> Iterator[Document]:
        reader = _open(content)
        title = _title(reader) or Path(path).stem
        marks = _marks(reader)
        taken: set[str] = set()
        for mark, after in pairwise([*marks, _Mark((), len(reader.pages))]):
            text = "\n\n".join(
                part
                for number in range(mark.page, max(after.page, mark.page + 1))
                if (part := _text(reader, number))
            )
            if text:
                yield self._document(path, title, mark, text, taken)

    def _document(self, path: str, title: str, mark: _Mark, text: str, taken: set[str]) -> Document:
        headings = [title, *(name for name in mark.trail if name != title)]
        anchor = f"page={mark.page + 1}"
        metadata = SectionMetadata(
            path=path,
            title=title,
            heading=headings[-1],
            breadcrumb=headings,
            headings=headings,
            url=self._address.url(path, anchor),
            section_id=unique([f"{path}#{anchor}"], taken),
            locale="en",
            kind="echo" if is_echo(headings, text) else "text",
            scopes=scopes([path, f"/{path}"]),
        )
        return Document(text, metadata=dict(metadata))


class _UnreadableError(Exception):
    """The file cannot be read without its owner; the text says why."""


def _open(content: bytes) -> "PdfReader":
    from pypdf import PdfReader
    from pypdf.errors import DependencyError

    try:
        reader = PdfReader(BytesIO(content))
        # Many files are encrypted with an empty password: anybody may read them.
        if reader.is_encrypted and not reader.decrypt(""):
            raise _UnreadableError("is encrypted and needs a password")
    except DependencyError:
        raise _UnreadableError("is encrypted in a way that cannot be read") from None
    return reader


def _title(reader: "PdfReader") -> str:
    title = reader.metadata.title if reader.metadata else None
    return " ".join(str(title or "").split())


def _marks(reader: "PdfReader") -> list[_Mark]:
    """The outline in page order; one mark a page where there is none."""
    found = [m for m in _outline(reader, reader.outline, ()) if 0 <= m.page < len(reader.pages)]
    found.sort(key=lambda mark: mark.page)
    if not found:
        return [_Mark((f"Page {n + 1}",), n) for n in range(len(reader.pages))]
    # Text is cut at pages: of several entries on one page, the deepest trail names them all.
    by_page = {mark.page: mark for mark in found}
    marks = [by_page[page] for page in sorted(by_page)]
    return marks if marks[0].page == 0 else [_Mark((), 0), *marks]


def _outline(reader: "PdfReader", entries: list[Any], above: tuple[str, ...]) -> Iterator[_Mark]:
    trail = above
    for entry in entries:
        if isinstance(entry, list):
            yield from _outline(reader, entry, trail)
            continue
        page = reader.get_destination_page_number(entry)
        trail = (*above, " ".join(str(entry.title).split()))
        if page is not None and page >= 0:
            yield _Mark(trail, page)


def _text(reader: "PdfReader", number: int) -> str:
    """Text of a page with its lines joined to paragraphs and the page number gone."""
    lines = _HYPHENATED.sub("", reader.pages[number].extract_text()).split("\n")
    lines = [line.strip() for line in lines if not _NUMBER.fullmatch(line)]
    text = ""
    longest = max(map(len, lines), default=0)
    for before, line in pairwise(["", *lines]):
        ends = not before or (_PARAGRAPH_END.search(before) and len(before) < longest * 0.85)
        text += ("\n\n" if ends or not line else " ") + line
    return re.sub(r"\n{3,}", "\n\n", text).strip()
