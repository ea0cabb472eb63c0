"""Servers as processes of their own, on a core of their own where there are two."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final
from urllib.request import urlopen

ROOT: Final = Path(__file__).resolve().parent.parent
_TICKS: Final = os.sysconf("SC_CLK_TCK")
_START_SECONDS: Final = 180.0
_FIRST: Final = -10
SERVER_CORE: Final = 0
CROWD_CORE: Final = 1


class Server:
    """A running process that listens on ``port``."""

    def __init__(self, process: subprocess.Popen[bytes], port: int, log: Path) -> None:
        self.port = port
        self.url = f"http://127.0.0.1:{port}"
        self.log = log
        self._process = process

    def cpu_seconds(self) -> float:
        """User and system time of all its threads."""
        fields = Path(f"/proc/{self._process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS

    def memory_mb(self) -> float:
        """Resident memory."""
        return resident_mb(self._process.pid)

    def wait(self, path: str, seconds: float = _START_SECONDS) -> None:
        """Returns when ``path`` answers, whatever it says; for readiness a 200 is waited for."""
        until = time.monotonic() + seconds
        while True:
            try:
                with urlopen(self.url + path, timeout=5):
                    return
            except OSError as error:  # URLError, or silence while the book is indexed
                answered = getattr(error, "code", 0)
                if answered and answered != 503:
                    return
            if self._process.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"no server: {self.log.read_text()[-2000:]}")
            time.sleep(0.01)

    def wait_for_the_book(self, seconds: float = _START_SECONDS) -> None:
        """Returns when our service has the whole book: before, it answers from words alone."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            with urlopen(self.url + "/health", timeout=5) as answer:
                if json.load(answer)["parts"]["book"].get("embedded") == 1.0:
                    return
            time.sleep(0.1)
        raise RuntimeError(f"the book is not whole: {self.log.read_text()[-2000:]}")


@contextmanager
def running(
    module: str,
    *arguments: str,
    port: int,
    folder: Path,
    env: Mapping[str, str] | None = None,
    core: int | None = SERVER_CORE,
) -> Iterator[Server]:
    """``python -m module`` on ``core`` (None: on any); ended at the end of the block."""
    log = folder / f"{module}-{port}.log"
    with log.open("wb") as said:
        process = subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            cwd=folder,
            env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **(env or {})},
            stdout=said,
            stderr=said,
        )
    go_first(process.pid)
    if core is not None:
        pin(core, process.pid)
    try:
        yield Server(process, port, log)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def resident_mb(pid: int) -> float:
    """Resident memory of a process."""
    status = Path(f"/proc/{pid}/status").read_text()
    found = re.search(r"VmRSS:\s+(\d+)", status)
    return int(found.group(1)) / 1024 if found else 0.0


def pin(core: int, pid: int = 0) -> None:
    """Keeps a process (0: this one) on one core, where there is such a core."""
    if core < (os.cpu_count() or 1):
        os.sched_setaffinity(pid, {core})


def go_first(pid: int = 0) -> None:
    """Lets other work of the machine wait for a process (0: this one), where that is allowed.

    A server that waits for its turn finds more to read at once, and seems to cost less.
    """
    with suppress(PermissionError):
        os.setpriority(os.PRIO_PROCESS, pid, _FIRST)
