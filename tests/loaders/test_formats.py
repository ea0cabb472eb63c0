"""Other formats than Docusaurus: plain Markdown, notebooks, HTML, PDF, EPUB."""

import json
import zipfile
from pathlib import Path

import pytest
from langchain_core.documents import Document
from pypdf import PdfWriter
from pypdf.generic import DecodedStreamObject, DictionaryObject, NameObject

from loaders.document import Book
from loaders.sources import load


def write(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return root


def urls(book: Book) -> list[str]:
    return [section.metadata["url"] for section in book]


def find(book: Book, heading: str) -> Document:
    return next(section for section in book if section.metadata["heading"] == heading)


MKDOCS_PAGE = """# Getting started

!!! note "Before you begin"
    Charge the **battery**.

## Set up & run {: #setup }

    pip install robot

## Über uns

Text.

## Über uns

More.
"""


def test_mkdocs_routes_anchors_and_admonitions(tmp_path: Path) -> None:
    config = "site_url: https://docs.example/robot/\nmarkdown_extensions:\n"
    config += "  - x:\n      slugify: !!python/name:pymdownx.slugs.slugify\n"
    write(tmp_path, {"mkdocs.yml": config, "docs/guide/start.md": MKDOCS_PAGE})
    write(tmp_path, {"docs/guide/index.md": "# Guide\n\nHello.\n"})

    book = load(tmp_path)

    base = "https://docs.example/robot/guide/"
    assert urls(book) == [
        base,
        f"{base}start/",
        f"{base}start/#setup",
        f"{base}start/#uber-uns",
        f"{base}start/#uber-uns_1",
    ]
    sections = list(book)
    assert sections[1].page_content == "**Before you begin**\n\nCharge the **battery**."
    assert sections[2].metadata["heading"] == "Set up & run"
    assert sections[2].page_content == "```\npip install robot\n```"
    assert sections[1].metadata["path"] == "guide/start.md"


def test_mkdocs_without_directory_urls(tmp_path: Path) -> None:
    write(tmp_path, {"mkdocs.yml": "use_directory_urls: false", "docs/a/b.md": "# B\n\nText.\n"})

    assert urls(load(tmp_path, book_url="https://h.example")) == ["https://h.example/a/b.html"]


def test_mdbook_routes_and_anchors(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "book.toml": '[book]\nlanguage = "ur"\nsrc = "text"\n',
            "text/SUMMARY.md": "# Summary\n\n- [A](a.md)\n",
            "text/README.md": "# Start\n\n## C++ & more!\n\nText.\n",
            "text/part/a.md": "# A\n\n## Same\n\nx\n\n## Same\n\ny\n",
        },
    )
    book = load(tmp_path)

    assert urls(book) == ["/index.html#c--more", "/part/a.html#same", "/part/a.html#same-1"]
    assert {section.metadata["locale"] for section in book} == {"ur"}


def test_jupyter_books_and_notebooks(tmp_path: Path) -> None:
    notebook = {
        "nbformat": 4,
        "metadata": {"kernelspec": {"language": "python"}},
        "cells": [
            {"cell_type": "markdown", "source": ["# Kinematics\n", "\n", "Arms move.\n"]},
            {"cell_type": "code", "source": "# no heading\nx = 1", "outputs": [{"text": "9"}]},
            {"cell_type": "markdown", "source": "## Inverse / forward"},
            {"cell_type": "raw", "source": "secret"},
            {"cell_type": "code", "source": []},
            {"cell_type": "markdown", "source": "Solve it."},
        ],
    }
    write(tmp_path, {"_toc.yml": "root: intro\n", "ch/kin.ipynb": json.dumps(notebook)})
    write(tmp_path, {"_build/x.md": "# No\n\nNo.\n", "bad.ipynb": "{}"})
    book = load(tmp_path)

    first, second = book

    assert first.page_content == "Arms move.\n\n```python\n# no heading\nx = 1\n```"
    assert second.metadata["url"] == "/ch/kin.html#inverse-forward"
    assert second.page_content == "Solve it."
    assert [str(problem) for problem in book.problems] == [
        "bad.ipynb: is no Jupyter notebook of format 4"
    ]


def test_a_folder_of_notebooks_alone(tmp_path: Path) -> None:
    cells = [{"cell_type": "markdown", "source": "# T\n\n## Hello World\n\nText."}]
    write(tmp_path, {"a.ipynb": json.dumps({"cells": cells})})

    assert urls(load(tmp_path)) == ["/a.ipynb#hello-world"]


HTML_PAGE = """<!doctype html><html lang="en-GB"><head><title>Arms | Robot book</title>
<link rel="canonical" href="https://book.example/arms">
<style>p { color: red }</style></head><body>
<nav><a href="/">Home</a></nav><aside>Menu</aside>
<main><article><header><h1>Robot <em>arms</em></h1></header>
<p>An arm has   <b>joints</b> &amp; <a href="https://x.example">links</a>.<br>Really.</p>
<h2 id="dof">Degrees of freedom<a class="hash-link" href="#dof">#</a></h2>
<ul><li>Three to <code>reach</code><ul><li>x</li></ul></li><li><p>Three to turn</p></li></ul>
<table><tr><th>Arm</th><th>DoF</th></tr><tr><td>A|B</td><td>6</td></tr></table>
<section id="code"><h2>Code</h2>
<div class="language-python"><pre><code>def f():<br>    return 1 &lt; 2</code></pre></div></section>
<h3>No id</h3><blockquote><p>Quote</p></blockquote>
<details><summary>More</summary>Hidden <i>text</i></details>
<div role="tabpanel" hidden><p>Second tab</p></div>
<img src="a.png" alt="A gripper"><script>alert(1)</script>
<span class="katex"><math><annotation>E=mc^2</annotation></math>
<span class="katex-html" aria-hidden="true">E=mc2</span></span>
</article></main><footer>(c)</footer></body></html>"""


def test_html_pages_give_their_main_content_with_ids(tmp_path: Path) -> None:
    write(tmp_path, {"ch/arms.html": HTML_PAGE})

    lead, dof, code, rest = load(tmp_path)

    assert lead.metadata["title"] == "Robot arms"
    assert lead.page_content == ("An arm has **joints** & [links](https://x.example).\nReally.")
    assert dof.metadata["heading"] == "Degrees of freedom"
    assert dof.metadata["url"] == "https://book.example/arms#dof"
    assert dof.page_content == (
        "- Three to `reach`\n  - x\n- Three to turn\n\n| Arm | DoF |\n| --- | --- |\n| A\\|B | 6 |"
    )
    assert code.metadata["url"] == "https://book.example/arms#code"
    assert code.page_content == "```python\ndef f():\n    return 1 < 2\n```"
    assert rest.metadata["url"] == "https://book.example/arms"
    assert rest.metadata["breadcrumb"] == ["ch", "Robot arms", "Code", "No id"]
    assert rest.page_content == (
        "> Quote\n\n**More**\n\nHidden *text*\n\nSecond tab\n\nA gripper\n\n$E=mc^2$"
    )


def test_a_book_url_replaces_what_html_pages_say(tmp_path: Path) -> None:
    write(tmp_path, {"ch/index.html": HTML_PAGE, "404.html": HTML_PAGE})
    write(tmp_path, {"no.html": '<meta name="robots" content="noindex"><p>Hidden</p>'})

    assert urls(load(tmp_path, book_url="https://h.example/x"))[0] == "https://h.example/x/ch/"
    assert len({s.metadata["path"] for s in load(tmp_path)}) == 1


def pdf(path: Path, pages: list[str], outline: list[tuple[str, int, bool]], key: str = "") -> Path:
    """Writes text pages; ``outline`` holds title, page and whether it is below the one before."""
    writer = PdfWriter()
    font = DictionaryObject(
        {
            NameObject("/Type"): NameObject("/Font"),
            NameObject("/Subtype"): NameObject("/Type1"),
            NameObject("/BaseFont"): NameObject("/Helvetica"),
        }
    )
    for text in pages:
        page = writer.add_blank_page(400, 600)
        fonts = DictionaryObject({NameObject("/F1"): font})
        page[NameObject("/Resources")] = DictionaryObject({NameObject("/Font"): fonts})
        stream = DecodedStreamObject()
        lines = "".join(f"({line}) Tj T* " for line in text.split("\n"))
        stream.set_data(f"BT /F1 12 Tf 14 TL 20 560 Td {lines} ET".encode())
        page[NameObject("/Contents")] = writer._add_object(stream)
    parent = None
    for title, number, below in outline:
        entry = writer.add_outline_item(
            title=title, page_number=number, parent=parent if below else None
        )
        parent = parent if below else entry
    writer.add_metadata({"/Title": "Walking Robots"})
    if key:
        writer.encrypt(key, algorithm="RC4-128")
    with path.open("wb") as file:
        writer.write(file)
    return path


PAGES = [
    "Preface text.",
    "A biped falls and catches itself in every step that it\ntakes, which is bal-\nance.\n12",
    "More of balance.",
    "Feet are flat.",
]


def test_a_pdf_is_cut_by_its_outline_and_cited_by_page(tmp_path: Path) -> None:
    outline = [("Walking", 1, False), ("Feet", 3, True)]
    path = pdf(tmp_path / "walk.pdf", PAGES, outline)

    preface, walking, feet = load(path, book_url="https://h.example/lib")

    assert preface.metadata["heading"] == "Walking Robots"
    assert walking.metadata["url"] == "https://h.example/lib/walk.pdf#page=2"
    assert walking.page_content == (
        "A biped falls and catches itself in every step that it"
        " takes, which is balance.\n\nMore of balance."
    )
    assert feet.metadata["breadcrumb"] == ["Walking Robots", "Walking", "Feet"]
    assert feet.metadata["url"].endswith("#page=4")


def test_a_pdf_without_an_outline_is_cut_by_page(tmp_path: Path) -> None:
    book = load(pdf(tmp_path / "walk.pdf", PAGES, []))

    assert [s.metadata["heading"] for s in book] == ["Page 1", "Page 2", "Page 3", "Page 4"]


def test_pdfs_that_cannot_be_read_are_named_and_the_rest_goes_in(tmp_path: Path) -> None:
    pdf(tmp_path / "good.pdf", ["Text."], [])
    pdf(tmp_path / "locked.pdf", ["Secret."], [], key="x")
    pdf(tmp_path / "scan.pdf", ["", ""], [])
    (tmp_path / "broken.pdf").write_bytes(b"%PDF-1.7\nnothing")
    book = load(tmp_path)

    assert [s.page_content for s in book] == ["Text."]
    reasons = {p.path: p.reason for p in book.problems}
    assert reasons["locked.pdf"] == "is encrypted and needs a password"
    assert reasons["scan.pdf"].startswith("has no text; a scan")
    assert reasons["broken.pdf"].startswith("is no readable PDF")


def epub(path: Path, chapters: dict[str, str], more: dict[str, str] | None = None) -> Path:
    items = "".join(
        f'<item id="c{n}" href="{name}" media-type="application/xhtml+xml"/>'
        for n, name in enumerate(chapters)
    )
    spine = "".join(f'<itemref idref="c{n}"/>' for n in reversed(range(len(chapters))))
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(
            "META-INF/container.xml",
            '<?xml version="1.0"?><container><rootfiles>'
            '<rootfile full-path="OEBPS/book.opf"/></rootfiles></container>',
        )
        archive.writestr(
            "OEBPS/book.opf",
            '<?xml version="1.0"?><package><metadata><dc:title>Robots</dc:title>'
            f"<dc:language>en-US</dc:language></metadata><manifest>{items}"
            '<item id="nav" href="nav.xhtml" media-type="application/xhtml+xml"'
            f' properties="nav"/></manifest><spine><itemref idref="nav"/>{spine}</spine></package>',
        )
        for name, text in {**chapters, "nav.xhtml": "<p>Contents</p>"}.items():
            archive.writestr(f"OEBPS/{name}", text)
        for name, text in (more or {}).items():
            archive.writestr(name, text)
    return path


def test_an_epub_is_read_in_the_order_of_its_spine(tmp_path: Path) -> None:
    chapter = '<?xml version="1.0"?><html><head><title/><script src="x.js"/></head><body>'
    path = epub(
        tmp_path / "robots.epub",
        {
            "b.xhtml": f'{chapter}<h1>Two</h1><h2 id="s"><a id="p9"/>Part</h2><p>B.</p>',
            "a b.xhtml": f"{chapter}<h1>One</h1><p>A.</p></body></html>",
        },
    )

    one, two = load(path)

    assert (one.metadata["title"], one.page_content) == ("One", "A.")
    assert two.metadata["url"] == "/robots.epub/OEBPS/b.xhtml#s"
    assert two.metadata["breadcrumb"] == ["Robots", "Two", "Part"]
    assert two.metadata["locale"] == "en"


def test_epubs_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    locked = '<encryption><CipherReference URI="OEBPS/a.xhtml"/></encryption>'
    epub(tmp_path / "l.epub", {"a.xhtml": "<p>A</p>"}, {"META-INF/encryption.xml": locked})
    (tmp_path / "n.epub").write_bytes(b"no zip")
    book = load(tmp_path)

    assert list(book) == []
    assert [str(problem) for problem in book.problems] == [
        "l.epub: is protected against copying and cannot be read",
        "n.epub: is no readable EPUB (BadZipFile)",
    ]


@pytest.mark.parametrize("source", ["docs/a.md", "docs"])
def test_markdown_that_no_tool_claims_is_read_as_docusaurus(tmp_path: Path, source: str) -> None:
    write(tmp_path, {"docs/a.md": "# A\n\nText.\n"})

    assert urls(load(tmp_path / source)) == ["/docs/a"]
