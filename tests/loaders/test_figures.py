"""Pictures of a section: where they are published, and which stay out."""

from pathlib import Path

import pytest
from langchain_core.documents import Document

from loaders.sources import load
from loaders.splitter.splitter import Splitter
from tests.built_book import BOOK

DOCUSAURUS = "module.exports = { title: 'B', url: 'https://b.example', baseUrl: '/robots/' };"
SECTION = "# Arms\n\nAn arm moves.\n\n## Joints\n\nA joint turns.\n\n{picture}\n"


def book(root: Path, page: str, name: str = "docs/arms/joints.md", **files: str) -> list[Document]:
    for path, text in {**files, name: page}.items():
        target = root / path.replace("__", ".")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
    return list(load(root, book_url="https://b.example"))


def figures(sections: list[Document]) -> list[tuple[str, str]]:
    """Of the second section; the first one has none."""
    assert "figures" not in sections[0].metadata
    return [(f["url"], f["alt"]) for f in sections[1].metadata.get("figures", [])]


@pytest.mark.parametrize(
    ("picture", "url"),
    [
        ("![A hand](/img/hand.png)", "https://b.example/robots/img/hand.png"),
        ("Text and ![A hand](/img/hand.png) more", "https://b.example/robots/img/hand.png"),
        ("[![A hand](/img/hand.png)](/docs/hands)", "https://b.example/robots/img/hand.png"),
        ("- ![A hand](<@site/static/img/a b.png>)", "https://b.example/robots/img/a%20b.png"),
        (
            '<img src="/robots/img/hand.png" alt="A hand" />',
            "https://b.example/robots/img/hand.png",
        ),
        ('<Zoom src="/robots/hand.png" alt="A hand" />', "https://b.example/robots/hand.png"),
        ("![A hand](https://b.example/hand.png)", "https://b.example/hand.png"),
        ("![A hand](./hand.png)", ""),  # the build gives it a name of its own
        ("![](/img/hand.png)", ""),
        ("![A hand](https://elsewhere.example/hand.png)", ""),
        ("![A hand](//elsewhere.example/hand.png)", ""),
        ('<img src="//elsewhere.example/hand.png" alt="A hand" />', ""),
        ('<img src="javascript:alert(1)" alt="A hand" />', ""),
        ('<img src="data:image/png;base64,AAAA" alt="A hand" />', ""),
        ('<img src="http://[broken" alt="A hand" />', ""),
        ("<img src={require('./hand.png').default} alt=\"A hand\" />", ""),
    ],
)
def test_of_a_docusaurus_site(tmp_path: Path, picture: str, url: str) -> None:
    page = SECTION.format(picture=picture)
    sections = book(tmp_path, page, docusaurus__config__js=DOCUSAURUS)
    assert figures(sections) == ([(url, "A hand")] if url else [])


@pytest.mark.parametrize("tool", ["mkdocs__yml", "book__toml"])
@pytest.mark.parametrize(
    ("picture", "url"),
    [
        ("![A hand](hand.png)", "https://b.example/arms/hand.png"),
        ("![A hand](../img/hand.png)", "https://b.example/img/hand.png"),
        ("![A hand](/img/hand.png)", "https://b.example/img/hand.png"),
        ("![A hand](../../../secret.png)", ""),
        ("![A hand](https://elsewhere.example/hand.png)", ""),
    ],
)
def test_of_tools_that_leave_them_beside_the_pages(
    tmp_path: Path, tool: str, picture: str, url: str
) -> None:
    folder = {"mkdocs__yml": "docs", "book__toml": "src"}[tool]
    summary = {"src/SUMMARY__md": "[Arms](arms/joints.md)"} if folder == "src" else {}
    page = SECTION.format(picture=picture)
    sections = book(tmp_path, page, f"{folder}/arms/joints__md", **{tool: "", **summary})
    assert figures(sections) == ([(url, "A hand")] if url else [])


def test_of_a_built_site_and_none_of_a_jupyter_book(tmp_path: Path) -> None:
    html = (
        "<article><h1>Arms</h1><p>An arm moves.</p><h2 id=j>Joints</h2><p>A joint turns.</p>"
        "<figure><img src=../hand.png alt='A hand'><figcaption>Hands</figcaption></figure>"
        "<ul><li><img src='/foot.png' alt='A foot'> steps</li></ul><p><img src=x.png></article>"
    )
    sections = book(tmp_path / "html", html, "arms/joints.html")
    assert figures(sections) == [
        ("https://b.example/hand.png", "A hand"),
        ("https://b.example/foot.png", "A foot"),
    ]
    page = SECTION.format(picture="![A hand](hand.png)")
    assert figures(book(tmp_path / "jupyter", page, "a.md", _config__yml="")) == []


def test_six_of_a_section_each_once_and_only_its_first_chunk_carries_them(tmp_path: Path) -> None:
    words = "A joint turns and turns and turns. " * 40
    many = "\n\n".join(f"![Hand {n % 8}](h{n % 8}.png) turns.\n\n{words}" for n in range(20))
    sections = book(tmp_path, SECTION.format(picture=many), mkdocs__yml="")
    assert [alt for _, alt in figures(sections)] == [f"Hand {n}" for n in range(6)]
    chunks = list(Splitter(lambda text: len(text.split()), 200, "f").split(sections))
    assert ["figures" in chunk.metadata for chunk in chunks[1:]] == [
        True,
        *([False] * (len(chunks) - 2)),
    ]


def test_the_sample_books_pictures_are_files_of_its_site() -> None:
    found = [f for one in load(BOOK) for f in one.metadata.get("figures", [])]
    assert found
    for figure in found:
        assert (BOOK / "static" / figure["url"].removeprefix("/physical-ai-book/")).is_file()
