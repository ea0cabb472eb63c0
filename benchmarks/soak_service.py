"""The service that the soak visits, as a process of its own."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Final

import aiohttp

from benchmarks.servers import resident_mb
from standins.cohere import KEY
from standins.server import free_port
from tests.processes import environment, write_book

_START_SECONDS: Final = 90.0


class Service:
    """``python -m api``, restarted on the same port."""

    def __init__(self, folder: Path, cohere: str) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = folder / "log"
        self._folder = folder
        self._env = environment(
            folder,
            BOOK_DIR=str(write_book(folder / "book")),
            COHERE_API_KEY=KEY,
            COHERE_BASE_URL=cohere,
            PORT=str(self.port),
            LOG_LEVEL="warning",
        )
        self._process: subprocess.Popen[bytes] | None = None

    def _begin(self) -> subprocess.Popen[bytes]:
        with self.log.open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "api"], cwd=self._folder, env=self._env, stderr=log
            )

    async def start(self) -> None:
        """Returns when it is ready."""
        self._process = self._begin()
        until = time.monotonic() + _START_SECONDS
        async with aiohttp.ClientSession() as http:
            while time.monotonic() < until:
                try:
                    async with http.get(f"{self.url}/health/ready") as ready:
                        if ready.status == 200:
                            return
                except aiohttp.ClientError:
                    pass
                await asyncio.sleep(0.1)
        raise RuntimeError(f"the service did not start: {self.log.read_text()[-2000:]}")

    async def stop(self) -> int:
        """Asks it to end; returns its exit status."""
        assert self._process is not None
        if self._process.poll() is None:
            os.kill(self._process.pid, signal.SIGTERM)
        return await asyncio.to_thread(self._process.wait, 60)

    def last_words(self) -> str:
        """Exit status and the end of the log."""
        status = self._process.poll() if self._process else None
        return f"status {status}, {self.log.read_text()[-3000:]}"

    def memory_mb(self) -> float:
        """Resident memory."""
        assert self._process is not None
        return resident_mb(self._process.pid)
