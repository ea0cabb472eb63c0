"""Are a collection's files what was written? Looked at in a process of its own, if in doubt.

A folder that was closed properly and not touched since is not in doubt: its mark says so.
"""

import asyncio
import contextlib
import hashlib
import signal
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from providers.qdrant.engine.disk_space import RESERVE, allocated_and_holes, free_bytes

_PROBE: Final = Path(__file__).with_name("probe.py")
_SECONDS: Final = 300.0
_STOPPED: Final = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT)
"""Somebody, or a lack of memory, ended the look."""


@dataclass(frozen=True)
class Verdict:
    """What was found; neither sound nor damaged: it cannot be said now, ``reason`` says why."""

    sound: bool
    damaged: bool
    reason: str = ""


def mark_of(folder: Path) -> str:
    """Names, sizes and times of the files in a few letters; empty if the folder is gone."""
    if not folder.is_dir():
        return ""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            status = path.stat()
            line = f"{path.relative_to(folder)} {status.st_size} {status.st_mtime_ns}\n"
            digest.update(line.encode())
    return digest.hexdigest()[:32]


def is_cramped(folder: Path) -> bool:
    """True when opening the files might take more space than there is."""
    return folder.is_dir() and free_bytes(folder) < RESERVE + allocated_and_holes(folder)[1]


async def look(folder: Path) -> Verdict:
    """Opens and reads a collection that nobody has open."""
    if not await asyncio.to_thread(folder.is_dir):
        return Verdict(False, True, "its files are gone")
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", str(_PROBE), str(folder)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,  # a panic's traceback helps nobody
    )
    try:
        async with asyncio.timeout(_SECONDS):
            said, _ = await child.communicate()
    except TimeoutError:
        return Verdict(False, False, "reading it takes too long")
    finally:
        if child.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                child.kill()
            await child.wait()
    return _verdict(child.returncode or 0, said.decode("utf-8", "replace").strip(), folder)


def _verdict(status: int, said: str, folder: Path) -> Verdict:
    if status == 0:
        kind, _, reason = said.partition(": ")
        if kind == "unsure":
            return Verdict(False, False, reason)
        return Verdict(said == "sound", said != "sound", "" if said == "sound" else said)
    if status > 0:
        return Verdict(False, False, "the look at its files did not start")
    number = signal.Signals(-status)
    if number == signal.SIGBUS and is_cramped(folder):
        return Verdict(False, False, "the disk is full")
    if number in _STOPPED:
        return Verdict(False, False, f"the look at its files was ended by {number.name}")
    return Verdict(False, True, f"it ends its reader by {number.name}")
