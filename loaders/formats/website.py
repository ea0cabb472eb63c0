"""Sections of a live site, page by page through its sitemap.xml."""

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urljoin, urlsplit

from langchain_core.documents import Document
from selectolax.lexbor import LexborHTMLParser

from errors import FixConfiguration
from loaders.document import Book, PageAddress, Problem, Report, SourceFile, key_of
from loaders.fetching import Fetcher, FetchError, Sleep
from loaders.formats.html import html_sections
from loaders.formats.html_page import parse_html

_AT_ONCE: Final = 4
_MOST_PAGES: Final = 50_000
_NO_PAGE: Final = (".pdf", ".zip", ".png", ".jpg", ".svg", ".xml", ".json", ".txt", ".gz")


def load_website(
    url: str, *, cache: Path | None = None, sleep: Sleep | None = None, at_once: int = _AT_ONCE
) -> Book:
    """Sections of every page below ``url`` that the site's sitemap names.

    Args:
        url: the book's public address.
        cache: folder that keeps pages with their ETag between runs.
        sleep: waits that robots.txt or the server asks for.
        at_once: pages that are fetched at the same time.

    Raises:
        FixConfiguration: the site has no sitemap, or it names no page below ``url``.
    """
    parts = urlsplit(url)
    site = f"{parts.scheme}://{parts.netloc}"
    fetcher = Fetcher(cache) if sleep is None else Fetcher(cache, sleep)
    named = fetcher.read_robots(site)
    candidates = [urljoin(f"{url.rstrip('/')}/", "sitemap.xml"), *named, f"{site}/sitemap.xml"]
    book = Book(())
    pages = _first_sitemap(fetcher, candidates, url.rstrip("/"), book.problems.append)
    book.pages = len(pages)
    book.files = _Pages(fetcher, pages, url.rstrip("/"), at_once, book.problems.append)
    return book


def _first_sitemap(
    fetcher: Fetcher, candidates: Iterable[str], base: str, report: Report
) -> list[str]:
    reason = ""
    for candidate in dict.fromkeys(candidates):
        try:
            pages = list(dict.fromkeys(_read_sitemap(fetcher, candidate, base, report)))
        except FetchError as error:
            reason = f" ({error})"
            continue
        if pages:
            return pages[:_MOST_PAGES]
    raise FixConfiguration(
        f"the site has no sitemap.xml that names pages below the given address{reason}"
    )


def _read_sitemap(
    fetcher: Fetcher, url: str, base: str, report: Report, depth: int = 0
) -> Iterator[str]:
    # Parsed as HTML on purpose: it knows no entities that could blow up.
    tree = LexborHTMLParser(fetcher.get(url))
    for node in tree.css("loc"):
        page = node.text(strip=True)
        if node.parent is not None and node.parent.tag == "sitemap":
            if depth < 2 and _below(page, _site(base)):
                try:
                    yield from _read_sitemap(fetcher, page, base, report, depth + 1)
                except FetchError as error:
                    report(Problem(page, str(error), skipped=True, transient=error.transient))
        elif _below(page, base) and not urlsplit(page).path.lower().endswith(_NO_PAGE):
            yield page


def _site(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _below(page: str, base: str) -> bool:
    return page == base or page.startswith(f"{base}/")


class _Pages:
    """Fetches a few pages ahead of the one that is read."""

    def __init__(
        self, fetcher: Fetcher, pages: list[str], base: str, at_once: int, report: Report
    ) -> None:
        self._fetcher, self._pages, self._base = fetcher, pages, base
        self._at_once, self._report = at_once, report

    def __iter__(self) -> Iterator[SourceFile]:
        with ThreadPoolExecutor(self._at_once, thread_name_prefix="fetch") as threads:
            ahead: deque[tuple[str, Future[bytes]]] = deque()
            try:
                for page in self._pages:
                    ahead.append((page, threads.submit(self._fetcher.get, page)))
                    if len(ahead) > self._at_once:
                        yield from self._fetched(*ahead.popleft())
                while ahead:
                    yield from self._fetched(*ahead.popleft())
            finally:
                for _, waiting in ahead:
                    waiting.cancel()

    def _fetched(self, url: str, body: "Future[bytes]") -> Iterator[SourceFile]:
        path = unquote(url.removeprefix(self._base).strip("/")) or "index"
        try:
            source = body.result()
        except FetchError as error:
            self._report(Problem(path, str(error), skipped=True, transient=error.transient))
            return
        except Exception as error:  # noqa: BLE001 - whatever one page does, the rest goes in
            self._report(Problem.unparsable(path, error))
            return
        yield SourceFile(partial(_page, path, url, source), key_of(source, "website", path, url))


def _page(path: str, url: str, source: bytes, report: Report) -> Iterator[Document]:
    try:
        parsed = parse_html(source.decode("utf-8", errors="replace"))
    except Exception as error:  # noqa: BLE001 - whatever one page does, the rest goes in
        report(Problem.unparsable(path, error))
        return
    if not parsed.noindex:
        yield from html_sections(parsed, path, PageAddress(url), "")
