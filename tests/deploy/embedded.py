"""``python -m api`` as a newcomer starts it, over a small part of the sample book."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from standins.server import free_port
from tests.deploy.topology import ROOT, answers, until

_PAGES: Final = 2


def small_book(folder: Path) -> Path:
    """A Docusaurus book of a few pages."""
    book = folder / "book"
    (book / "docs/module-1").mkdir(parents=True)
    shutil.copy(ROOT / "book/docusaurus.config.js", book)
    for page in sorted((ROOT / "book/docs/module-1").glob("0*.md*"))[:_PAGES]:
        shutil.copy(page, book / "docs/module-1")
    return book


def environment(folder: Path, **more: str) -> dict[str, str]:
    """No setting of this machine, and the interpreter that runs the tests first in PATH."""
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    return {"PATH": path, "HOME": str(folder), "DATA_DIR": str(folder / "data"), **more}


@contextmanager
def serve_embedded(folder: Path, book: Path | None = None) -> Iterator[str]:
    """Yields the service's base URL when it is ready; ``book``: None is the small one."""
    port, book = free_port(), book or small_book(folder)
    told = environment(folder, PORT=str(port), HOST="127.0.0.1", BOOK_DIR=str(book), RATE_LIMIT="0")
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "api"], cwd=ROOT, env=told, stdout=log, stderr=log
        )
    url = f"http://127.0.0.1:{port}"

    def ready() -> bool:
        assert server.poll() is None, (folder / "log").read_text()
        return answers(f"{url}/health/ready")

    try:
        until(ready, "waited for the service")
        yield url
    finally:
        server.terminate()
        server.wait(timeout=60)
