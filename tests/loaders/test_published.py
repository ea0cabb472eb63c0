"""Every URL that is indexed opens its heading in the site that real Docusaurus builds."""

import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from langchain_core.documents import Document

from loaders.mdx.page import parse_page
from loaders.sources import load
from tests.built_book import built_book

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("docusaurus")]
BASE = "/physical-ai-book/"


@pytest.fixture(scope="module")
def site() -> Path:
    """A built copy of the sample book with a folder of difficult pages in it."""
    return built_book()


class Published(HTMLParser):
    """Ids of a built page, and those of its headings that readers can link to."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.ids: set[str] = set()
        self.headings: list[str] = []
        self.feed(path.read_text("utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        identifier = values.get("id")
        if identifier:
            self.ids.add(identifier)
            if re.fullmatch("h[2-6]", tag) and "anchor" in (values.get("class") or ""):
                self.headings.append(identifier)


def page_of(site: Path, url: str) -> Path:
    """The built file that a URL opens."""
    path = unquote(urlsplit(url).path).removeprefix(BASE).strip("/")
    index = site / "build" / path / "index.html"
    return index if index.is_file() else site / "build" / f"{path}.html"


def test_every_indexed_url_opens_its_heading_in_both_locales(site: Path) -> None:
    sections = list(load(site))
    pages: dict[Path, Published] = {}
    missing: list[str] = []
    for section in sections:
        url = section.metadata["url"]
        assert url.startswith(BASE)
        path = page_of(site, url)
        if path not in pages and path.is_file():
            pages[path] = Published(path)
        anchor = unquote(urlsplit(url).fragment)
        if path not in pages or (anchor and anchor not in pages[path].ids):
            missing.append(url)

    assert missing == []
    assert {section.metadata["locale"] for section in sections} == {"en", "ur"}
    assert len(sections) > 300


def test_no_published_heading_with_text_is_left_out(site: Path) -> None:
    indexed: dict[Path, set[str]] = {}
    for section in load(site):
        url = section.metadata["url"]
        indexed.setdefault(page_of(site, url), set()).add(unquote(urlsplit(url).fragment))

    textless = _without_text(site) | {"footnote-label"}
    left_out = {
        heading
        for path, anchors in indexed.items()
        for heading in Published(path).headings
        if heading not in anchors | textless
    }

    # Headings inside list items and quotes stay in the text around them.
    assert left_out == {"in-list", "in-quote"}


def _without_text(site: Path) -> set[str]:
    """Anchors of headings with nothing but another heading or a component below them."""
    sources = [p for p in site.rglob("*.md*") if "node_modules" not in p.parts]
    sections = [s for p in sources for s in parse_page(p.read_text("utf-8")).sections]
    return {s.trail[-1].anchor for s in sections if s.trail and not s.text}


def test_every_built_page_of_the_book_is_indexed(site: Path) -> None:
    build = site / "build"
    indexed = {page_of(site, section.metadata["url"]) for section in load(site)}

    built = {path for path in build.rglob("docs/**/*.html") if "/tags/" not in path.as_posix()}
    untranslated = {path for path in built if path.is_relative_to(build / "ur")} - indexed

    assert built - indexed - untranslated == set()


def documents_of(site: Path, path: str) -> list[Document]:
    return [s for s in load(site) if s.metadata["path"] == path]


def test_drafts_and_partials_are_neither_built_nor_indexed(site: Path) -> None:
    for name in ("draft.md", "_partial.md"):
        assert (site / "docs/tricky/third" / name).is_file()
        assert documents_of(site, f"tricky/third/{name}") == []
    assert not (site / "build/docs/tricky/third/draft").exists()
