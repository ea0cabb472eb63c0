"""The wheel ``book-chat`` in an empty environment: what people without a clone get."""

import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from standins.server import free_port
from tests.processes import service

ROOT = Path(__file__).resolve().parents[2]
LOCK = ROOT / "requirements.lock"
UV = Path(sys.executable).with_name("uv")
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("wheel")]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [UV, "build", "--quiet", "--wheel", "--python", sys.executable, "--out-dir", folder, ROOT],
        check=True,
    )
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def program(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The console command, installed with everything it needs and nothing else."""
    environment = tmp_path_factory.mktemp("environment") / "venv"
    subprocess.run([UV, "venv", "--quiet", "--python", sys.executable, environment], check=True)
    python = environment / "bin" / "python"
    subprocess.run(
        [UV, "pip", "install", "--quiet", "--python", python, "--constraint", LOCK, wheel],
        check=True,
    )
    return environment / "bin" / "book-chat"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a small book, as its author has it."""
    folder = tmp_path_factory.mktemp("home")
    (folder / "mybook").mkdir()
    page = "# Bees\n\n## The waggle dance\n\nA bee dances to show where the flowers are.\n"
    (folder / "mybook" / "bees.md").write_text(page, encoding="utf-8")
    return folder


def run(program: Path, home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": os.environ["PATH"], "BOOK_DIR": "mybook", "HOME": str(home)}
    return subprocess.run(
        [program, *arguments],
        cwd=home,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_wheel_carries_code_page_widget_prompts_and_book(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())

    for name in ("api/app.py", "web/index.html", "web/widget.js", "chains/prompts/answer.md"):
        assert f"book_chat/app/{name}" in names
    assert any(name.startswith("book_chat/app/book/docs/") for name in names)
    assert not [name for name in names if "/tests/" in name or name.endswith((".env", ".sqlite3"))]


def test_an_authors_book_is_indexed_and_asked_without_a_server(program: Path, home: Path) -> None:
    indexed = run(program, home, "index")
    asked = run(program, home, "ask", "Why", "does", "a", "bee", "dance?")

    assert indexed.returncode == 0, indexed.stderr
    assert "documents: 1" in indexed.stdout
    assert asked.returncode == 0, asked.stderr
    assert "where the flowers are" in asked.stdout
    assert "The waggle dance" in asked.stdout


def test_a_command_that_does_not_exist_is_named_with_those_that_do(
    program: Path, home: Path
) -> None:
    done = run(program, home, "sing")

    assert done.returncode == 2
    assert "there is no command sing" in done.stderr
    assert "serve" in done.stderr
    assert "book-chat COMMAND" in run(program, home, "--help").stdout


@pytest.fixture
def http(program: Path, home: Path) -> Iterator[httpx.Client]:
    port = free_port()
    environment = {"PATH": os.environ["PATH"], "BOOK_DIR": "mybook", "PORT": str(port)}
    command = [str(program), "serve"]
    with service(home, environment, port, command) as client:
        yield client


def test_it_serves_the_page_and_answers(http: httpx.Client) -> None:
    page = http.get("/")
    answer = http.post("/chat/invoke", json={"input": {"question": "Why does a bee dance?"}})

    assert page.status_code == 200
    assert answer.status_code == 200, answer.text
    assert "where the flowers are" in answer.json()["output"]["answer"]
