"""A live site goes in through its sitemap, politely."""

import threading
from collections import Counter
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from errors import FixConfiguration
from loaders.document import Book
from loaders.formats.website import load_website
from loaders.sources import load


class Web:
    """A site on the loopback; counts requests by path and status."""

    def __init__(self) -> None:
        self.pages: dict[str, str] = {}
        self.statuses: dict[str, list[int]] = {}
        self.locations: dict[str, str] = {}
        self.seen: Counter[tuple[str, int]] = Counter()
        self.at_once = self.most_at_once = 0
        self.barrier: threading.Barrier | None = None
        self._lock = threading.Lock()
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                site.answer(self)

            def log_message(self, format: str, *args: object) -> None:
                """Silence."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        with self._lock:
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
        if self.barrier is not None and request.path.startswith("/p/"):
            self.barrier.wait(10)
        status, body = self._response(request)
        with self._lock:
            self.at_once -= 1
            self.seen[request.path, status] += 1
        request.send_response(status)
        request.send_header("ETag", f'"{hash(body)}"')
        request.send_header("Retry-After", "3")
        request.send_header("Content-Length", str(len(body)))
        if request.path in self.locations:
            request.send_header("Location", self.locations[request.path])
        request.end_headers()
        request.wfile.write(body)

    def _response(self, request: BaseHTTPRequestHandler) -> tuple[int, bytes]:
        path = request.path
        if path in self.locations:
            return 302, b""
        if self.statuses.get(path):
            return self.statuses[path].pop(0), b""
        if path not in self.pages:
            return 404, b""
        body = self.pages[path].replace("BASE", self.url).encode()
        if request.headers.get("If-None-Match") == f'"{hash(body)}"':
            return 304, b""
        return 200, body

    def sitemap(self, *pages: str, path: str = "/sitemap.xml") -> None:
        entries = "".join(f"<url><loc>BASE{page}</loc></url>" for page in pages)
        self.pages[path] = f'<?xml version="1.0"?><urlset>{entries}</urlset>'
        for page in pages:
            self.pages.setdefault(page, f"<main><h1>{page}</h1><p>Text.</p></main>")


@pytest.fixture
def web() -> Iterator[Web]:
    site = Web()
    thread = threading.Thread(target=site.server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield site
    site.server.shutdown()
    site.server.server_close()
    thread.join()


def paths(book: Book) -> list[str]:
    return [section.metadata["path"] for section in book]


def test_every_page_of_the_sitemap_is_read_in_its_order(web: Web) -> None:
    web.sitemap("/docs/b", "/docs/a", "/docs/b")
    web.pages["/docs/a"] = "<main><h1>A</h1><h2 id='x'>X</h2><p>Text.</p></main>"

    book = load(web.url)

    assert paths(book) == ["docs/b", "docs/a"]
    assert book.pages == 2
    section = list(book)[1]
    assert section.metadata["url"] == f"{web.url}/docs/a#x"
    assert "docs/a" in section.metadata["scopes"]


def test_only_pages_below_the_given_address_are_read(web: Web) -> None:
    web.sitemap("/book/a", "/blog/b", "/bookshop/c", "/book/file.pdf")
    web.pages["/sitemap.xml"] += "<url><loc>http://elsewhere.example/book/x</loc></url>"

    assert paths(load(f"{web.url}/book/")) == ["a"]


def test_a_book_dir_that_is_an_address_works_as_a_path_too(web: Web) -> None:
    web.sitemap("/a")

    assert paths(load(Path(web.url))) == ["a"]


def test_robots_txt_is_obeyed(web: Web) -> None:
    waits: list[float] = []
    web.pages["/robots.txt"] = (
        "User-agent: *\nDisallow: /private/\nCrawl-delay: 2\nSitemap: BASE/maps/index.xml\n"
    )
    web.pages["/maps/index.xml"] = (
        "<sitemapindex><sitemap><loc>BASE/maps/1.xml</loc></sitemap></sitemapindex>"
    )
    web.sitemap("/a", "/private/b", path="/maps/1.xml")
    book = load_website(web.url, sleep=waits.append)

    assert paths(book) == ["a"]
    assert [str(problem) for problem in book.problems] == ["private/b: robots.txt forbids it"]
    assert ("/private/b", 200) not in web.seen
    assert set(waits) == {2.0}


def test_a_few_pages_are_fetched_at_once(web: Web) -> None:
    web.sitemap(*(f"/p/{n}" for n in range(8)))
    web.barrier = threading.Barrier(4)

    assert len(paths(load_website(web.url, at_once=4))) == 8

    assert web.most_at_once == 4


def test_pages_that_did_not_change_are_not_sent_again(web: Web, tmp_path: Path) -> None:
    web.sitemap("/a", "/b")
    first = list(load(web.url, cache=tmp_path))
    web.pages["/b"] = "<main><h1>New</h1><p>Text.</p></main>"

    second = list(load(web.url, cache=tmp_path))

    assert [web.seen["/a", 200], web.seen["/a", 304], web.seen["/b", 200]] == [1, 1, 2]
    assert first[0] == second[0]
    assert second[1].metadata["title"] == "New"


def test_a_busy_server_is_asked_again_when_it_says(web: Web) -> None:
    waits: list[float] = []
    web.sitemap("/a")
    web.statuses["/a"] = [503, 429]

    assert paths(load_website(web.url, sleep=waits.append)) == ["a"]
    assert waits == [3.0, 3.0]


def test_pages_that_cannot_be_had_are_named_and_the_rest_goes_in(web: Web) -> None:
    web.sitemap("/a", "/gone", "/away", "/b")
    web.statuses["/gone"] = [404]
    web.locations["/away"] = "http://elsewhere.example/"
    book = load(web.url)

    assert paths(book) == ["a", "b"]
    assert [str(problem) for problem in book.problems] == [
        "gone: the server answers 404",
        "away: redirects to another site",
    ]


def test_a_site_without_a_sitemap_says_so(web: Web) -> None:
    with pytest.raises(FixConfiguration, match=r"no sitemap\.xml .*answers 404"):
        load(web.url)
