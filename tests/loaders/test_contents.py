"""Tables of contents, includes and snippets of mdBook and MkDocs; folders that hold no book."""

import time
from pathlib import Path

import pytest

from errors import FixConfiguration
from loaders.document import Book
from loaders.sources import load
from tests.loaders.test_formats import urls, write

SUMMARY = """# Summary

[Before you start](intro.md)

# Walking

- [Balance](balance.md)
  - [The zero moment point](balance/zmp.md)
- [Not written yet]()
- [Gaits](./gaits.md#top)
"""


def texts(book: Book) -> dict[str, str]:
    return {section.metadata["path"]: section.page_content for section in book}


def mdbook(root: Path, **pages: str) -> Path:
    files = {"book.toml": '[book]\ntitle = "Robots"\n', "src/SUMMARY.md": "[A](a.md)\n"}
    return write(root, files | {f"src/{name}.md": text for name, text in pages.items()})


def test_an_mdbook_has_the_chapters_of_its_summary_in_that_order(tmp_path: Path) -> None:
    pages = {f"src/{p}.md": f"# {p}\n\nText.\n" for p in ("gaits", "intro", "balance", "left-out")}
    write(tmp_path, pages | {"book.toml": "", "src/SUMMARY.md": SUMMARY})
    write(tmp_path, {"src/balance/zmp.md": "# ZMP\n\nText.\n"})

    sections = list(load(tmp_path))

    assert [s.metadata["path"] for s in sections] == [
        "intro.md",
        "balance.md",
        "balance/zmp.md",
        "gaits.md",
    ]
    assert [s.metadata["breadcrumb"] for s in sections][2] == ["Walking", "Balance", "ZMP"]


@pytest.mark.parametrize(
    ("directive", "shown"),
    [
        ("{{#include code.rs:2}}", "two"),
        ("{{#include code.rs:3:}}", "three\nfour"),
        ("{{#include code.rs::2}}", "one\ntwo"),
        ("{{#include code.rs:part}}", "two\nthree"),
        ("{{#rustdoc_include code.rs:part}}", "two\nthree"),
        ("{{#playground main.rs}}", "```rust\nfn main() {}\n```"),
        ("\\{{#include code.rs}}", "{{#include code.rs}}"),
        ("{{#title Another title}}", ""),
        ("{{#include nowhere.md}}", ""),
        ("{{#include ../../secret.md}}", ""),
    ],
)
def test_an_mdbook_include_is_taken_over(tmp_path: Path, directive: str, shown: str) -> None:
    (tmp_path / "secret.md").write_text("The password.")
    root = mdbook(tmp_path / "book", a=f"# A\n\nBefore.\n\n{directive}\n")
    code = "one\n// ANCHOR: part\ntwo\nthree\n// ANCHOR_END: part\nfour\n"
    lines = "one\ntwo\nthree\nfour\n" if "part" not in directive else code
    write(root, {"src/code.rs": lines, "src/main.rs": "fn main() {}\n"})

    assert texts(load(root))["a.md"] == f"Before.\n\n{shown}".rstrip()


def test_includes_that_include_each_other_end(tmp_path: Path) -> None:
    root = mdbook(tmp_path, a="# A\n\nOne.\n\n{{#include b.md}}\n")
    write(root, {"src/b.md": "Two.\n\n{{#include a.md}}\n"})

    assert texts(load(root))["a.md"].startswith("One.\n\nTwo.")


def test_mkdocs_nav_gives_order_and_labels_and_other_pages_follow(tmp_path: Path) -> None:
    nav = "nav:\n  - Start: index.md\n  - Legs:\n      - two.md\n      - One: one.md\n"
    nav += "  - Elsewhere: https://x.example/\n"
    pages = {f"docs/{p}.md": f"# {p}\n\nText.\n" for p in ("index", "one", "two", "other")}
    write(tmp_path, pages | {"mkdocs.yml": nav})

    sections = list(load(tmp_path))

    assert urls(load(tmp_path)) == ["/", "/two/", "/one/", "/other/"]
    assert sections[1].metadata["breadcrumb"] == ["Legs", "two"]
    assert sections[3].metadata["breadcrumb"] == ["other"]


@pytest.mark.parametrize(
    ("snippet", "shown"),
    [
        ('--8<-- "note.md"', "Mind the gap."),
        ("--8<--\nnote.md\n--8<--", "Mind the gap."),
        ('--8<-- "note.md:2:2"', ""),
        ('--8<-- "part.md:x"', "Inside."),
        (';--8<-- "note.md"', '--8<-- "note.md"'),
        ('--8<-- "https://x.example/a.md"', ""),
        ('--8<-- "../../secret.md"', ""),
    ],
)
def test_a_mkdocs_snippet_is_taken_over(tmp_path: Path, snippet: str, shown: str) -> None:
    (tmp_path / "secret.md").write_text("The password.")
    config = "markdown_extensions:\n  - pymdownx.snippets:\n      base_path: [parts]\n"
    part = "Before.\n--8<-- [start:x]\nInside.\n--8<-- [end:x]\nAfter.\n"
    root = write(tmp_path / "b", {"mkdocs.yml": config, "docs/a.md": f"# A\n\nHi.\n\n{snippet}\n"})
    write(root, {"parts/note.md": "Mind the gap.\n", "parts/part.md": part})

    assert texts(load(root))["a.md"] == f"Hi.\n\n{shown}".rstrip()


def test_an_empty_folder_is_named_with_what_could_be_read(tmp_path: Path) -> None:
    with pytest.raises(FixConfiguration, match=r"holds no file that can be read \(Markdown") as e:
        load(tmp_path)

    assert str(tmp_path) in e.value.detail


def test_bytes_that_are_no_text_are_refused_by_name(tmp_path: Path) -> None:
    noise = bytes((i * i * 7 + i // 3) % 256 for i in range(1, 4000))
    (tmp_path / "noise.md").write_bytes(noise)
    (tmp_path / "nul.md").write_bytes(bytes(range(32)) * 4)
    (tmp_path / "good.md").write_text("# Good\n\nTëxt, ümlauts. \u0627\u0631\u062f\u0648\n")

    book = load(tmp_path)

    assert list(texts(book)) == ["good.md"]
    assert sorted(map(str, book.problems)) == [
        "noise.md: is not a text file",
        "nul.md: is not a text file",
    ]


@pytest.mark.parametrize("piece", ["{{#include ", "{{ #x ", "[", "- [a](", "--8<-- ", " ", "\t-"])
def test_directives_of_any_length_take_linear_time(tmp_path: Path, piece: str) -> None:
    seconds: list[float] = []
    for size in (20_000, 80_000):
        root = tmp_path / str(size)
        mdbook(root / "m", a="# A\n\nText. " + piece * (size // len(piece)))
        write(root / "m", {"src/SUMMARY.md": "[A](a.md)\n" + piece * (size // len(piece))})
        started = time.process_time()
        load(root / "m")
        seconds.append(time.process_time() - started)

    assert seconds[1] < 0.5
