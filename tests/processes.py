"""Programs of this repository as real processes."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx

ROOT = Path(__file__).resolve().parent.parent
_LISTENING = re.compile(r"http://localhost:(\d+) answers")

PAGE = """---
title: Balance
---

A humanoid keeps its balance by moving its feet before it falls.

## The balance controller

The balance controller of the humanoid runs at 1000 Hz on a real-time computer. It reads the
inertial unit and moves the ankles, because a fall takes less than half a second.

## The capture point

The capture point is the spot on the ground where the robot must step to come to a full stop.
It lies ahead of the centre of mass by the velocity divided by the natural frequency.
"""


def write_book(folder: Path) -> Path:
    """A book of one page."""
    docs = folder / "docs"
    docs.mkdir(parents=True)
    (docs / "balance.md").write_text(PAGE, encoding="utf-8")
    return folder


def environment(tmp_path: Path, **variables: str) -> dict[str, str]:
    """Nothing of the developer's own settings reaches the process."""
    base = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "DATA_DIR": str(tmp_path / "data")}
    return {**base, "HOST": "127.0.0.1", "RATE_LIMIT": "0", **variables}


def run(
    module: str, *arguments: str, cwd: Path, env: Mapping[str, str]
) -> subprocess.CompletedProcess[str]:
    """Runs ``python -m module`` to its end."""
    return subprocess.run(
        [sys.executable, "-m", module, *arguments],
        cwd=cwd,
        env=dict(env),
        capture_output=True,
        text=True,
        timeout=120,
    )


@contextmanager
def service(
    tmp_path: Path,
    env: Mapping[str, str],
    port: int,
    command: Sequence[str] = (sys.executable, "-m", "api"),
    *,
    whole: bool = True,
) -> Iterator[httpx.Client]:
    """``python -m api`` on ``port``; ``whole``: once all of its book is indexed."""
    process = subprocess.Popen(
        command,
        cwd=tmp_path,
        env={**env, "PORT": str(port)},
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    said = []
    try:
        for line in process.stderr:
            said.append(line)
            if "Application startup complete" in line:
                break
        else:
            raise AssertionError("".join(said))
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as http:
            if whole:
                _wait_for_the_book(http)
            yield http
    finally:
        process.terminate()
        process.communicate(timeout=40)


def _wait_for_the_book(http: httpx.Client) -> None:
    until = time.monotonic() + 120
    while True:
        book = http.get("/health").json()["parts"]["book"]
        ended = book.get("indexing", "running") != "running"
        if book.get("embedded") == 1.0 or ended or time.monotonic() > until:
            return
        time.sleep(0.1)
