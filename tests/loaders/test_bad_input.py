"""Whatever an author leaves in the folder: it is named, and the rest goes in."""

import os
from pathlib import Path
from typing import Any

import pytest

from errors import FixConfiguration
from loaders.files import walk
from loaders.mdx.page import Page, parse_page
from loaders.sources import load
from tests.loaders.conftest import Site


def reasons(site: Site) -> dict[str, str]:
    book = site.book()
    assert [s.metadata["path"] for s in book if s.metadata["path"] == "good.md"] == ["good.md"]
    return {problem.path: problem.reason for problem in book.problems}


@pytest.fixture(autouse=True)
def good_page(site: Site) -> None:
    site.file("docs/good.md")


def test_broken_front_matter(site: Site) -> None:
    site.file("docs/bad.md", "---\ntitle: [\n---\n# Still here\n\nText.\n")

    assert "not valid YAML" in reasons(site)["bad.md"]
    assert "bad.md" in {s.metadata["path"] for s in site.book()}


def test_invalid_utf8(site: Site) -> None:
    site.file("docs/bad.md", b"# T\n\nCaf\xe9 is here.\n")

    assert reasons(site)["bad.md"] == "not valid UTF-8 in line 3; the bad bytes are replaced"
    assert "Caf\ufffd is here." in [s.page_content for s in site.book()]


def test_an_unclosed_fence(site: Site) -> None:
    site.file("docs/bad.md", "# T\n\n```\ncode\n\n## Swallowed\n")

    assert reasons(site)["bad.md"] == "code fence in line 3 is not closed"


def test_a_fifty_megabyte_file(site: Site) -> None:
    with (site.root / "docs/big.md").open("wb") as file:
        file.truncate(50_000_000)

    assert reasons(site)["big.md"] == "50 MB, the limit for one file is 20 MB"


def test_a_symlink_loop(site: Site) -> None:
    (site.root / "docs/m").mkdir()
    (site.root / "docs/m/up").symlink_to(site.root / "docs", target_is_directory=True)
    (site.root / "docs/self.md").symlink_to(site.root / "docs/self.md")

    found = reasons(site)

    assert found["m/up"] == "symbolic link that leads back to a folder above it"
    assert "in a circle" in found["self.md"]


def test_a_path_outside_the_book(site: Site, tmp_path: Path) -> None:
    (tmp_path / "secret.md").write_text("# Secret\n\nText.\n")
    (site.root / "docs/out.md").symlink_to(tmp_path / "secret.md")
    (site.root / "docs/outside").symlink_to(tmp_path, target_is_directory=True)

    found = reasons(site)

    assert found["out.md"] == found["outside"] == "symbolic link that leads out of the book"


def test_a_link_within_the_book_is_followed(site: Site) -> None:
    site.file("docs/m/a.md")
    (site.root / "docs/n").symlink_to(site.root / "docs/m", target_is_directory=True)

    assert {s.metadata["path"] for s in site.book()} == {"good.md", "m/a.md", "n/a.md"}


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything: run as another user")
def test_an_unreadable_file(site: Site) -> None:
    site.file("docs/bad.md")
    (site.root / "docs/bad.md").chmod(0)

    assert "cannot be read" in reasons(site)["bad.md"]


def test_a_page_that_breaks_the_parser_is_left_out(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    def parse(source: str, **options: Any) -> Page:
        if "boom" in source:
            raise RecursionError
        return parse_page(source, **options)

    monkeypatch.setattr("loaders.formats.docusaurus.parse_page", parse)
    site.file("docs/bad.md", "boom")

    assert reasons(site)["bad.md"] == "cannot be parsed (RecursionError)"


def test_a_thousand_nested_quotes_and_brackets_end(site: Site) -> None:
    site.file("docs/bad.md", ">" * 3000 + " deep\n\n" + "[" * 5000 + "\n\n" + "<a " * 3000)

    assert reasons(site) == {}


def test_a_missing_book_says_so(site: Site) -> None:
    with pytest.raises(FixConfiguration, match="BOOK_DIR: there is no file or folder"):
        load(site.root / "nowhere")


def test_a_file_of_no_known_format_says_so(site: Site) -> None:
    with pytest.raises(FixConfiguration, match="of no format that can be read"):
        load(site.file("a.xyz").root / "a.xyz")


def test_pages_come_in_reading_order(site: Site) -> None:
    for name in ("chapter-10", "chapter-2", "index", "chapter-1", "b/z", "b/README"):
        site.file(f"docs/{name}.md")

    assert list(walk(site.root / "docs", (".md",))) == [
        "index.md",
        "b/README.md",
        "b/z.md",
        "chapter-1.md",
        "chapter-2.md",
        "chapter-10.md",
        "good.md",
    ]
