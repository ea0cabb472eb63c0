"""An index run that reads only what changed leaves what a run over all of the book would."""

import ast
import asyncio
import sqlite3
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from langchain_core.documents import Document

from loaders.document import Book, Report, SourceFile
from loaders.index import file_cache
from loaders.index.run import IndexOptions, index_book
from loaders.sources import load
from tests.loaders.memory_store import CountingEmbeddings, MemoryStore

ROOT = Path(__file__).parents[2]
FOLDERS = ("", "walking", "walking/feet", "control")
BODIES = (
    "# Zero Moment Point\n\nThe zero moment point (ZMP) keeps a robot upright.\n",
    "# Gaits\n\nA zone of motion planning (ZMP) is another. See [feet](./feet).\n\n## Run\n\nFast.",
    "---\ntitle: Given title\n---\n\n## Week 5\n\nWhat is torque? It turns.\n\n## Week 5\n\nX.",
    "import Note from './_note.mdx';\n\n# Shows a note\n\n<Note />\n\nAfter it.\n",
    "---\nslug: /moved/here\n---\n# Slug\n\n| Week | Topic |\n|---|---|\n| 7 | Balance |\n",
    "---\ndraft: true\n---\n# Not yet\n\nNobody reads this.\n",
    "# Same\n\nThe same words on more than one page.\n",
    "# Broken\n\n```python\nnever closed\n",
    "# Check\n\n## Quiz\n\nWhat is a robot?\n\nWhy does it fall?\n",
    "---\ntitle: [\n---\nNo valid front matter.\n",
    "# چلنا\n\nروبوٹ چلتا ہے اور گرتا ہے۔\n",
    "",
)
NOTES = ("The note.", "import Deep from './_deep.mdx';\n\nA note and\n\n<Deep />\n", None)
CONFIGS = (
    "module.exports = {baseUrl: '/book/'};",
    "module.exports = {baseUrl: '/', trailingSlash: true};",
    "module.exports = {markdown: {format: 'detect'}, i18n: {locales: ['en', 'ur']}};",
)
LABELS = ('{"label": "On foot"}', "{}", None)
INDEXES = ("# Walking machines\n\nHow they walk.", "---\ntitle: Titled\n---\n\nText.", None)

Edit = tuple[str, str | None]
"""A path below the book and its new text; None: it goes."""


def page_path(folder: str, number: int) -> str:
    return str(Path("docs", folder, f"{number}-page.mdx"))


TRANSLATED = "i18n/ur/docusaurus-plugin-content-docs"
pages = st.builds(page_path, st.sampled_from(FOLDERS), st.integers(0, 3))
docusaurus_edits = st.one_of(
    st.tuples(pages, st.sampled_from((*BODIES, None))),
    st.tuples(st.sampled_from([f"docs/{f}/_note.mdx" for f in FOLDERS]), st.sampled_from(NOTES)),
    st.tuples(st.just("docs/walking/_deep.mdx"), st.sampled_from(("Deep down.", "Deeper.", None))),
    st.tuples(st.just("docs/walking/_category_.json"), st.sampled_from(LABELS)),
    st.tuples(st.just("docs/control/index.md"), st.sampled_from(INDEXES)),
    st.tuples(st.just("docusaurus.config.js"), st.sampled_from(CONFIGS)),
    st.tuples(
        st.just(f"{TRANSLATED}/current/walking/1-page.mdx"), st.sampled_from((*BODIES, None))
    ),
    st.tuples(
        st.just(f"{TRANSLATED}/current.json"),
        st.sampled_from(('{"sidebar.a.category.On foot": {"message": "پیدل"}}', None)),
    ),
)
MKDOCS = (
    "site_name: A\nmarkdown_extensions: [pymdownx.snippets]\n",
    "site_name: A\nsite_url: https://x.org/b/\nnav: [{First: 1-page.md}, {Part: [2-page.md]}]\n",
    "site_name: A\nuse_directory_urls: false\nnav: [2-page.md, 1-page.md]\ntheme: {language: ur}\n",
)
SNIPPETS = (
    '# Snipped\n\n--8<-- "docs/0-page.md"\n',
    '# Own\n\n--8<-- "part.txt"\n',
    "# A { #b }\n\nT.",
)
mkdocs_edits = st.one_of(
    st.tuples(
        st.builds("docs/{}-page.md".format, st.integers(0, 3)),
        st.sampled_from((*BODIES, *SNIPPETS, None)),
    ),
    st.tuples(st.just("part.txt"), st.sampled_from(("Part of a page.", "Other part.", None))),
    st.tuples(st.just("mkdocs.yml"), st.sampled_from(MKDOCS)),
)


def apply(book: Path, edit: Edit) -> None:
    path, text = book / edit[0], edit[1]
    if text is None:
        path.unlink(missing_ok=True)
    else:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


@dataclass
class Indexed:
    """What is stored after a run, and what it said."""

    chunks: dict[str, Any]
    info: dict[str, Any]
    outline: str
    words: list[Any]
    long_form: str | None
    problems: list[str]
    counts: tuple[int, ...]


def run(book: Path | Book, store: MemoryStore, cache: Path | None, model: str = "m/3") -> Indexed:
    summary = asyncio.run(
        index_book(
            load(book) if isinstance(book, Path) else book,
            store=store,
            embeddings=CountingEmbeddings(model),
            options=IndexOptions(cache=cache),
        )
    )
    assert store.alias is not None
    assert store.outline is not None
    assert store.vocabulary is not None
    return Indexed(
        {i: (chunk.page_content, chunk.metadata) for i, chunk in store.book.items()},
        store.collections[store.alias].info.model_dump(),
        store.outline.dumps(),
        store.vocabulary.state(),
        store.vocabulary.long_form("zmp"),
        list(map(str, summary.problems)),
        (summary.chunks, summary.documents, summary.sections),
    )


def follow(first: list[Edit], rounds: list[list[Edit]]) -> None:
    """Indexes a book after each round of edits, and anew without any memory of it."""
    with tempfile.TemporaryDirectory() as folder:
        book, store = Path(folder, "book"), MemoryStore()
        for edits in [first, *rounds]:
            for edit in edits:
                apply(book, edit)
            found = run(book, store, Path(folder, "cache"))
            assert found == run(book, MemoryStore(), None)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.lists(docusaurus_edits, min_size=1, max_size=3), min_size=1, max_size=5))
def test_edits_of_a_docusaurus_book_leave_what_a_whole_run_would(rounds: list[list[Edit]]) -> None:
    first: list[Edit] = [(page_path(f, n), BODIES[n]) for f in FOLDERS for n in range(4)]
    first += [("docusaurus.config.js", CONFIGS[0]), ("docs/intro.md", "# Intro\n\nHi.")]
    first += [("docs/_note.mdx", "A note."), ("docs/control/index.md", INDEXES[0])]
    first += [("docs/walking/_category_.json", LABELS[0])]
    first += [(f"{TRANSLATED}/current/walking/1-page.mdx", BODIES[0])]
    follow(first, rounds)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.lists(mkdocs_edits, min_size=1, max_size=3), min_size=1, max_size=5))
def test_edits_of_a_mkdocs_book_leave_what_a_whole_run_would(rounds: list[list[Edit]]) -> None:
    first = [(f"docs/{n}-page.md", BODIES[n]) for n in range(3)]
    start = [("mkdocs.yml", MKDOCS[0]), ("docs/index.md", "# Intro\n\nHi."), ("part.txt", "Part.")]
    follow([*start, *first], rounds)


@pytest.fixture
def book(tmp_path: Path) -> Path:
    for n in range(6):
        apply(
            tmp_path / "book", (f"docs/{n}.md", f"# Page {n}\n\nAbout {n}.\n\n## Part\n\nA part.\n")
        )
    return tmp_path / "book"


def files_read(book: Path, store: MemoryStore, cache: Path | None, model: str = "m/3") -> int:
    """Indexes the book; how many of its files were read and cut."""
    source, count = load(book), 0

    def counting(file: SourceFile) -> SourceFile:
        def read(report: Report) -> Iterable[Document]:
            nonlocal count
            count += 1
            return file.read(report)

        return SourceFile(read, file.key)

    run(Book(map(counting, source.files), source.pages, source.problems), store, cache, model)
    return count


def test_only_what_changed_is_read_again(book: Path, tmp_path: Path) -> None:
    store = MemoryStore()
    assert files_read(book, store, tmp_path) == 6
    assert files_read(book, store, tmp_path) == 0

    apply(book, ("docs/3.md", "# Page 3\n\nRewritten.\n"))
    apply(book, ("docs/7.md", "# Page 7\n\nNew.\n"))
    (book / "docs/4.md").unlink()
    (book / "docs/5.md").touch()

    assert files_read(book, store, tmp_path) == 2
    assert {c.metadata["path"] for c in store.book.values()} == {
        f"{n}.md" for n in (0, 1, 2, 3, 5, 7)
    }


def test_a_chunk_that_the_collection_lost_is_read_again(book: Path, tmp_path: Path) -> None:
    store = MemoryStore()
    whole = run(book, store, tmp_path)
    lost = next(i for i, c in store.book.items() if c.metadata["path"] == "2.md")
    del store.book[lost]

    assert files_read(book, store, tmp_path) == 1
    assert run(book, store, tmp_path) == whole


def test_another_model_reads_the_book_anew(book: Path, tmp_path: Path) -> None:
    store = MemoryStore()
    files_read(book, store, tmp_path)

    assert files_read(book, store, tmp_path, "other/3") == 6


def test_another_version_of_the_program_reads_the_book_anew(
    book: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = MemoryStore()
    files_read(book, store, tmp_path)
    code = tmp_path / "code"
    apply(code, ("loaders/splitter.py", "VERSION = 2"))
    monkeypatch.setattr(file_cache, "_ROOT", code)
    file_cache.program.cache_clear()

    try:
        assert files_read(book, store, tmp_path) == 6
    finally:
        file_cache.program.cache_clear()


def test_the_packages_that_read_books_are_part_of_the_programs_version() -> None:
    modules: set[str] = set()
    for room in ("loaders", "text"):
        for path in (ROOT / room).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.Import):
                    modules |= {alias.name.partition(".")[0] for alias in node.names}
                elif isinstance(node, ast.ImportFrom) and node.module:
                    modules.add(node.module.partition(".")[0])
    named = packages_distributions()
    used = {named[m][0].lower() for m in modules - set(sys.stdlib_module_names) if m in named}

    of_no_effect = {"langchain-core", "numpy", "rapidfuzz", "tqdm"}
    assert used - of_no_effect - set(file_cache.PACKAGES) == set()


@pytest.mark.parametrize("damage", [b"no database", b""])
def test_a_damaged_cache_is_made_anew(
    book: Path, tmp_path: Path, damage: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    store, file = MemoryStore(), tmp_path / file_cache.FILE
    whole = run(book, store, tmp_path)
    file.write_bytes(damage)

    assert run(book, store, tmp_path) == whole
    assert run(book, store, tmp_path) == whole
    assert files_read(book, store, tmp_path) == 0
    assert len(caplog.records) == bool(damage)


def test_a_damaged_record_is_noticed(book: Path, tmp_path: Path) -> None:
    store = MemoryStore()
    whole = run(book, store, tmp_path)
    with sqlite3.connect(tmp_path / file_cache.FILE) as database:
        database.execute("UPDATE files SET record = substr(record, 1, length(record) - 9)")
    database.close()

    assert run(book, store, tmp_path) == whole


def test_a_book_is_indexed_where_nothing_can_be_kept(book: Path, tmp_path: Path) -> None:
    apply(tmp_path, ("a-file", ""))

    assert files_read(book, MemoryStore(), tmp_path / "a-file") == 6


def test_a_cache_that_another_process_writes_to_is_done_without(
    book: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(file_cache, "_WAIT_SECONDS", 0.0)
    store = MemoryStore()
    run(book, store, tmp_path)
    apply(book, ("docs/3.md", "# Page 3\n\nRewritten.\n"))
    other = sqlite3.connect(tmp_path / file_cache.FILE)
    other.execute("BEGIN EXCLUSIVE")

    found = run(book, store, tmp_path)

    assert found == run(book, MemoryStore(), None)
    other.close()
    assert files_read(book, store, tmp_path) == 1, "what was kept before is still there"


def test_what_the_book_no_longer_has_is_forgotten(book: Path, tmp_path: Path) -> None:
    store = MemoryStore()
    run(book, store, tmp_path)
    for n in range(1, 6):
        (book / f"docs/{n}.md").unlink()
    run(book, store, tmp_path)

    with sqlite3.connect(tmp_path / file_cache.FILE) as database:
        assert database.execute("SELECT count(*) FROM files").fetchone() == (1,)
    database.close()


def test_a_comparison_forgets_nothing(book: Path, tmp_path: Path) -> None:
    store = MemoryStore()
    run(book, store, tmp_path)
    (book / "docs/1.md").rename(tmp_path / "1.md")
    asyncio.run(
        index_book(
            load(book),
            store=store,
            embeddings=CountingEmbeddings("m/3"),
            options=IndexOptions(cache=tmp_path, dry_run=True),
        )
    )
    (tmp_path / "1.md").rename(book / "docs/1.md")

    assert files_read(book, store, tmp_path) == 0
