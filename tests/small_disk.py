"""A disk that is soon full: a real one in memory."""

import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[Path]:
    """``folder`` as a disk of its own; skips the test where nobody may mount one."""
    folder.mkdir(parents=True, exist_ok=True)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "none", str(folder)]
    rights = next((r for r in ((), ("sudo", "-n")) if _works([*r, *mount])), None)
    if rights is None:
        pytest.skip("mounting a small disk needs root: sudo .venv/bin/python -m pytest")
    try:
        yield folder
    finally:
        subprocess.run([*rights, "umount", "--lazy", str(folder)], check=True)


def _works(command: Sequence[str]) -> bool:
    found = shutil.which(command[0]) is not None
    return found and subprocess.run(command, capture_output=True).returncode == 0


def fill_up(folder: Path, leave: int = 0) -> Path:
    """Takes all but ``leave`` bytes of the disk; the file that does it."""
    ballast = folder / "ballast"
    state = os.statvfs(folder)
    with ballast.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, state.f_bavail * state.f_frsize - leave)
    return ballast
