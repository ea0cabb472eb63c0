"""The indexed book page by page: what agents read, and what a citation opens without a BOOK_URL."""

import re
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol
from urllib.parse import unquote, urlsplit

from langchain_core.documents import Document

from api.book_pages.markdown import markdown_of
from errors import RetryLater
from schema import CollectionInfo
from text.outline import Outline
from text.sentences import split_sentences

_SUMMARY: Final = 200
_KEPT: Final = 64
_MARKDOWN_FILE: Final = re.compile(r"\.mdx?$")
_DIGITS: Final = re.compile(r"(\d+)")


class PageStore(Protocol):
    """What the pages need of a vector store; ``BookVectorStore`` provides it."""

    async def info(self) -> CollectionInfo | None:
        """What the served collection says about itself."""

    async def outline(self, book_version: str) -> Outline:
        """The structure of that version of the book."""

    async def first_chunks(self) -> list[Document]:
        """The first chunk of every page."""

    async def page(self, path: str) -> list[Document]:
        """All chunks of one page, in order."""


@dataclass(frozen=True)
class PageEntry:
    """A page in the book's contents."""

    path: str
    """The file's path inside the book."""
    title: str
    url: str
    """Where the page is published, or its path alone; no anchor."""
    locale: str
    folders: tuple[str, ...]
    summary: str
    version: str | None = None
    """Of a book with several versions."""

    @property
    def name(self) -> str:
        """The page's name below ``/pages/``: its path without ``.md`` or ``.mdx``."""
        return _MARKDOWN_FILE.sub("", self.path)

    @property
    def parent(self) -> str:
        """The folder that the file lies in."""
        return self.path.rpartition("/")[0]


@dataclass(frozen=True)
class Contents:
    """The pages of the book as it is indexed now, in reading order."""

    version: str
    """The index's ``book_version``."""
    title: str
    language: str
    pages: tuple[PageEntry, ...]
    """Those that are listed: of a site with versions, the ones that readers get by default."""
    all_pages: tuple[PageEntry, ...]
    by_name: dict[str, PageEntry]
    """By path inside the book, with and without its ending, and by the path it is published at."""

    def find(self, name: str) -> PageEntry | None:
        """The page of that name, path or published path; ``.md`` may follow each of them."""
        bare = name.strip("/")
        return self.by_name.get(bare) or self.by_name.get(bare.removesuffix(".md"))

    @property
    def groups(self) -> dict[str, list[PageEntry]]:
        """Pages by the name of their folder at the top; those of no folder come first."""
        names = {(p.locale, p.parent): p.folders[0] for p in self.pages if p.folders}
        groups: dict[str, list[PageEntry]] = {"": []}
        for page in self.pages:
            groups.setdefault(names.get((page.locale, page.parent), ""), []).append(page)
        return {name: pages for name, pages in groups.items() if pages}

    def beside(self, page: PageEntry) -> tuple[PageEntry | None, PageEntry | None]:
        """The pages before and after ``page`` in its language and version."""
        own = page.locale, page.version
        same = [other for other in self.all_pages if (other.locale, other.version) == own]
        at = same.index(page)
        return (same[at - 1] if at else None, same[at + 1] if at + 1 < len(same) else None)


class BookPages:
    """Reads pages from the index; what was made of a version is kept until the next one."""

    def __init__(self, store: PageStore) -> None:
        self._store = store
        self._contents: Contents | None = None
        self._chunks: OrderedDict[str, list[Document]] = OrderedDict()

    async def contents(self) -> Contents:
        """The pages of the served book.

        Raises:
            RetryLater: nothing is indexed yet, or the store is away.
        """
        info = await self._store.info()
        if info is None:
            raise RetryLater("The book is not indexed yet.", code="retrieval_unavailable")
        known = self._contents
        if known is None or known.version != info.book_version or not info.complete:
            self._contents = known = await self._read(info)
            self._chunks.clear()
        return known

    async def _read(self, info: CollectionInfo) -> Contents:
        outline = await self._store.outline(info.book_version)
        order = {page.path: number for number, page in enumerate(outline.pages)}
        # The outline has the pages in the book's own language; translations follow by their paths.
        pages = sorted(
            map(_entry, await self._store.first_chunks()),
            key=lambda page: (
                page.locale != info.language,
                page.locale,
                order.get(page.path, len(order)),
                _natural(page.path),
            ),
        )
        title = outline.title or (pages[0].title if pages else "")
        beside = info.versions_beside(None)
        listed = tuple(page for page in pages if page.version not in beside)
        return Contents(
            info.book_version, title, info.language, listed, tuple(pages), _by_name(pages)
        )

    async def at(self, url: str) -> PageEntry | None:
        """The page at an address below ``/pages/``, of this service or of any other name of it."""
        name = unquote(urlsplit(url).path.partition("/pages/")[2])
        return (await self.contents()).find(name)

    async def chunks(self, page: PageEntry) -> Sequence[Document]:
        """The page's chunks in reading order."""
        if page.path not in self._chunks:
            self._chunks[page.path] = await self._store.page(page.path)
            while len(self._chunks) > _KEPT:
                self._chunks.popitem(last=False)
        return self._chunks[page.path]

    async def markdown(self, page: PageEntry) -> str:
        """The page as Markdown, with its title."""
        return markdown_of(page.title, await self.chunks(page))


def _entry(first: Document) -> PageEntry:
    fields = first.metadata
    breadcrumb = list(fields["breadcrumb"])
    # Folders stand before the title; headings below it.
    at = breadcrumb.index(fields["title"]) if fields["title"] in breadcrumb else 0
    return PageEntry(
        path=fields["path"],
        title=fields["title"],
        url=fields["url"].partition("#")[0],
        locale=fields["locale"],
        folders=tuple(breadcrumb[:at]),
        summary=_summary(first.page_content),
        version=fields.get("version"),
    )


def _summary(text: str) -> str:
    """The page's first sentence, if it begins with one."""
    first = text.strip().partition("\n\n")[0].replace("\n", " ")
    if not first or first[0] in "`|#<$":
        return ""
    sentence = next(iter(split_sentences(first)), "")
    return sentence if len(sentence) <= _SUMMARY else sentence[:_SUMMARY].rsplit(" ", 1)[0] + " …"


def _natural(name: str) -> list[tuple[int, str]]:
    return [(int(p), "") if p.isdecimal() else (0, p) for p in _DIGITS.split(name)]


def _by_name(pages: Sequence[PageEntry]) -> dict[str, PageEntry]:
    """Exact paths win over shortened ones, and files over the addresses of others."""
    names: dict[str, PageEntry] = {}
    for page in pages:
        names.setdefault(page.path, page)
    for page in pages:
        names.setdefault(page.name, page)
    for page in pages:
        names.setdefault(unquote(urlsplit(page.url).path).strip("/"), page)
    return names
