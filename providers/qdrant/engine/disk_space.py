"""Free space where the embedded engine writes.

The engine writes through memory maps: on a full disk the kernel ends the process with SIGBUS, and
no exception says why. So space is looked for before every write.
"""

import os
from pathlib import Path
from typing import Final

from errors import RetryLater

RESERVE: Final = 64 << 20
"""Bytes that must be free: a write of 64 chunks takes half a megabyte, a new collection twelve."""
_BLOCK: Final = 512


def free_bytes(folder: Path) -> int:
    """What an ordinary user may still write."""
    state = os.statvfs(folder)
    return state.f_bavail * state.f_frsize


def allocated_and_holes(folder: Path) -> tuple[int, int]:
    """Bytes that the files below ``folder`` take, and those that they may take at any time."""
    allocated = holes = 0
    for path in folder.rglob("*"):
        if path.is_file():
            status = path.stat()
            allocated += status.st_blocks * _BLOCK
            holes += max(0, status.st_size - status.st_blocks * _BLOCK)
    return allocated, holes


def require_room(folder: Path, more: int = 0) -> None:
    """Returns if ``more`` bytes may be written.

    Raises:
        RetryLater: fewer than ``RESERVE`` bytes would be left.
    """
    free = free_bytes(folder)
    if free < RESERVE + more:
        raise RetryLater(
            f"DATA_DIR: its disk is full: {free >> 20} MB are free, "
            f"indexing needs {(RESERVE + more) >> 20} MB.",
            code="retrieval_unavailable",
        )
