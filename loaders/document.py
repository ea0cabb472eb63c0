"""What every loader hands on: one ``Document`` per section, and what went wrong per file."""

import hashlib
import json
import os
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, NotRequired, TypedDict
from urllib.parse import quote, urlsplit

from langchain_core.documents import Document

_BOUNDARY: Final = re.compile(r"[/\-_.]+")
# A Path, which BOOK_DIR is, makes one slash of the two.
_SITE: Final = re.compile(r"(https?):/{1,2}([^/].*)", re.I)
# Escaping letters of other scripts would only make anchors unreadable: browsers do it.
_URL_SAFE: Final = "/:@!$&'()*+,;=-._~%"
_ITEM: Final = re.compile(r"(?:[-*+]|\d+[.)])\s")
_EXERCISES: Final = re.compile(r"(?:\d+[.)]?\s*)?(?:exercises|homework|assignments|مشقیں)", re.I)
_ECHO_HEADING: Final = re.compile(
    r"knowledge check|self[- ]?(check|assessment|test)|quiz|(review|discussion|check|reflection|"
    r"practice|study|comprehension|exam) questions?|check your (understanding|knowledge)|"
    r"test your|questions|سوالات|جائزہ|مشق",
    re.I,
)


class SectionMetadata(TypedDict):
    """``Document.metadata`` of a section; paths are POSIX and relative to the book."""

    path: str
    title: str
    heading: str
    breadcrumb: list[str]
    headings: list[str]
    """Page title and headings down to this one: what is embedded in front of the text."""
    url: str
    section_id: str
    locale: str
    kind: Literal["text", "echo"]
    scopes: list[str]
    version: NotRequired[str]
    """Of a book with several versions, such as ``2.0`` or ``current``."""
    figures: NotRequired[list[dict[str, str]]]
    """The section's pictures, each a ``Figure``."""
    links: NotRequired[list[str]]
    """Targets of all links of the page, as written; on its first section only."""


@dataclass(frozen=True)
class Problem:
    """A file that did not go in as it stands; ``reason`` is for people."""

    path: str
    reason: str
    skipped: bool = False
    """Nothing of the file went in."""
    transient: bool = False
    """It may go in the next time, so what is indexed of it must stay."""

    def __str__(self) -> str:
        return f"{self.path}: {self.reason}"

    @classmethod
    def unparsable(cls, path: str, error: Exception) -> "Problem":
        """Of a page that no parser should have stumbled over."""
        return cls(path, f"cannot be parsed ({type(error).__name__})", skipped=True)


Report = Callable[[Problem], None]


@dataclass(frozen=True)
class SourceFile:
    """A page, mostly; or a file that holds many, such as a PDF.

    Args:
        read: its sections in reading order; what went wrong is reported.
        key: names all that ``read`` depends on, the file's content included: what was read under
            a key need not be read again. Empty: that is not known.
    """

    read: Callable[[Report], Iterable[Document]]
    key: str = ""


def key_of(content: str | bytes, *others: object) -> str:
    """A ``SourceFile.key``: SHA-256 over a file's content and whatever else its sections depend on.

    Args:
        content: of the file.
        others: what JSON can hold.
    """
    digest = hashlib.sha256(json.dumps(others).encode())
    digest.update(content.encode("utf-8", "surrogatepass") if isinstance(content, str) else content)
    return digest.hexdigest()


@dataclass
class Book:
    """Files of a book, read while they are iterated; then ``problems`` is complete.

    Args:
        files: in reading order, possibly opened lazily.
        pages: number of pages to expect, for a progress bar; None if it is not known.
        problems: grows while ``files`` are read.
    """

    files: Iterable[SourceFile]
    pages: int | None = None
    problems: list[Problem] = field(default_factory=list)

    def __iter__(self) -> Iterator[Document]:
        """The sections of all files."""
        for file in self.files:
            yield from file.read(self.problems.append)

    @classmethod
    def joined(cls, books: Sequence["Book"]) -> "Book":
        """Several books as one; its problems are theirs, in order, as they are found."""
        known = [book.pages for book in books]
        joined = cls((), sum(p for p in known if p) if None not in known else None)

        def files() -> Iterator[SourceFile]:
            for book in books:
                yield from book.files
                joined.problems.extend(book.problems)

        joined.files = files()
        return joined


def site_address(source: str | os.PathLike[str]) -> str:
    """The address of a source that is a site; empty if it is a path."""
    address = _SITE.fullmatch(str(source))
    return f"{address[1]}://{address[2]}" if address else ""


@dataclass(frozen=True)
class Address:
    """Where a book is published.

    Composition: a ``book_url`` with a path is the whole public base; one without a path is
    followed by ``base_url``; an empty one gives URLs that are paths only.
    """

    book_url: str = ""
    base_url: str = "/"

    def url(self, route: str, anchor: str = "") -> str:
        """Public URL of ``route``, which is relative to the site's base, and an anchor."""
        if self.book_url and urlsplit(self.book_url).path.strip("/"):
            base = self.book_url
        else:
            base = f"{self.book_url.rstrip('/')}/{self.base_url.strip('/')}"
        page = f"{base.rstrip('/')}/{route.lstrip('/')}"
        return escape(page) + (f"#{escape(anchor)}" if anchor else "")


class PageAddress(Address):
    """The address of one page whose public URL is known."""

    def url(self, route: str, anchor: str = "") -> str:
        """``book_url`` itself, with an anchor."""
        return escape(self.book_url) + (f"#{escape(anchor)}" if anchor else "")


def escape(url: str) -> str:
    """Percent-encodes what would end a URL in Markdown or HTML; keeps readable letters."""
    if url.isascii():
        return quote(url, safe=_URL_SAFE)
    return "".join(c if ord(c) > 127 and c.isprintable() else quote(c, safe=_URL_SAFE) for c in url)


def scopes(paths: Iterable[str]) -> list[str]:
    """Every lower-case prefix, cut at ``/ - _ .``, that names one of ``paths``.

    ``module-1/ros2.md`` is reached by ``module-1`` and ``module-1/ros2``, not by ``mod``.
    Routes (which begin with ``/``) are reached with and without the slash.
    """
    found: dict[str, None] = {}
    for path in paths:
        whole = path.lower().rstrip("/")
        bare = whole.lstrip("/")
        ends = [m.start() for m in _BOUNDARY.finditer(bare)] + [len(bare)]
        for prefix in (bare[:end] for end in ends):
            if prefix:
                found[prefix] = None
                if whole.startswith("/"):
                    found[f"/{prefix}"] = None
    return list(found)


def unique(ids: Iterable[str], taken: set[str]) -> str:
    """The first of ``ids`` that is free; numbered when none is."""
    candidate = ""
    for candidate in ids:
        if candidate not in taken:
            taken.add(candidate)
            return candidate
    number = 2
    while f"{candidate}~{number}" in taken:
        number += 1
    taken.add(f"{candidate}~{number}")
    return f"{candidate}~{number}"


def is_echo(headings: Sequence[str], text: str) -> bool:
    """Whether ``text`` only asks: questions or exercises that nothing here answers."""
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    if not lines:
        return False
    if any(_EXERCISES.fullmatch(heading.strip()) for heading in headings[-1:]):
        items = [line for line in lines if _ITEM.match(line)]
        return len(items) >= 3 and sum(map(len, items)) >= 0.8 * sum(map(len, lines))
    asked = [line for line in lines if line.rstrip('*_`)" ').endswith(("?", "؟", "？"))]
    size = sum(map(len, lines))
    share = sum(map(len, asked)) / size
    named = any(_ECHO_HEADING.search(heading) for heading in headings[-2:])
    return len(asked) >= 2 and share >= (0.4 if named else 0.7)
