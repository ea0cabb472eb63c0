"""``python -m loaders``: what an author sees."""

from collections.abc import Callable
from pathlib import Path

import pytest

from loaders.__main__ import main
from tests.loaders.conftest import Site

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Run:
    monkeypatch.chdir(tmp_path)
    for name in ("COHERE_API_KEY", "QDRANT_URL", "QDRANT_API_KEY", "BOOK_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("BOOK_DIR", str(site.root))
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))

    def command(*arguments: str) -> tuple[int, str, str]:
        status = main(arguments)
        shown = capsys.readouterr()
        return status, shown.out, shown.err

    return command


def test_the_summary_counts_documents_chunks_and_calls(site: Site, run: Run) -> None:
    site.file("docs/a.md", "# A\n\nRobots walk.\n\n## Part\n\nArms reach.\n").file("docs/b.md")

    status, out, _ = run()

    assert status == 0
    assert "documents: 2 (3 sections)" in out
    assert "chunks: 3 (added 3, updated 0, unchanged 0, removed 0)" in out
    assert "embedding calls made: 1 (embedded model, free)" in out
    assert "(now served)" in out

    site.file("docs/b.md", "# T\n\nOther text.\n")
    status, out, _ = run("--dry-run")
    assert status == 0
    assert "would be added 1" in out
    assert "would be removed 1" in out
    assert "embedding calls that would be made: 1" in out
    assert "embedding would take: on this machine, free, less than a minute" in out

    _, out, _ = run("--no-prune")
    assert "added 1, updated 0, unchanged 2, removed 0" in out

    _, out, _ = run("--rebuild")
    assert "added 3" in out
    assert "physical-ai-book--2 (now served)" in out

    _, out, _ = run("--rollback")
    assert out == "serving physical-ai-book--1 again\n"


def test_problems_are_named_and_strict_says_so_by_its_status(site: Site, run: Run) -> None:
    site.file("docs/a.md").file("docs/bad.md", "---\nx: [\n---\n# Bad\n\nText.\n")

    status, out, _ = run("--dry-run")
    assert status == 0
    assert "problem: bad.md: front matter is not valid YAML" in out

    status, _, _ = run("--dry-run", "--strict")
    assert status == 1


def test_sources_may_be_named_on_the_command_line(site: Site, run: Run, tmp_path: Path) -> None:
    site.file("docs/a.md")
    (tmp_path / "more.md").write_text("# More\n\nText.\n")

    _, out, _ = run("--dry-run", str(site.root), str(tmp_path / "more.md"))

    assert "documents: 2" in out


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (("nowhere",), "error: BOOK_DIR: there is no file or folder nowhere\n"),
        (
            (),
            "error: BOOK_DIR: {book} holds no file that can be read"
            " (Markdown, MDX, Jupyter notebooks, HTML, EPUB or PDF)\n",
        ),
        (("--rollback",), "error: there is no earlier version of the book to go back to\n"),
    ],
)
def test_what_cannot_be_done_ends_in_one_line(
    site: Site, run: Run, arguments: tuple[str, ...], line: str
) -> None:
    status, out, error = run(*arguments)

    assert status == 2
    assert out == ""
    assert error.splitlines(keepends=True)[-1] == line.format(book=site.root)


def test_a_wrong_setting_ends_in_one_line(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "seventy")

    status, _, error = run()

    assert status == 2
    assert error.startswith("error: PORT: ")
    assert error.count("\n") == 1
