"""What the soak visits: one service, or two replicas behind a proxy, as processes."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Final, Protocol

import aiohttp

from benchmarks.servers import resident_mb
from standins.cohere import KEY, CohereStandIn
from standins.server import free_port, serve
from tests.deploy import topology
from tests.processes import environment, write_book

_START_SECONDS: Final = 90.0


class Visited(Protocol):
    """A service that can be restarted."""

    url: str
    """Where readers ask."""
    processes: list[str]
    """URLs of the processes behind it, each with metrics of its own."""

    async def start(self) -> None:
        """Returns when it is ready."""

    async def restart(self) -> int:
        """Ends every process and starts it again; the highest exit status."""

    async def stop(self) -> int:
        """Ends it; the highest exit status."""

    def said(self) -> str:
        """The log, of all processes."""

    def memory_mb(self) -> float:
        """Resident memory, of all processes."""


class Service:
    """``python -m api`` with SQLite, restarted on the same port."""

    def __init__(self, folder: Path, cohere: CohereStandIn) -> None:
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        self.processes = [self.url]
        self._log = folder / "log"
        self._folder = folder
        self._cohere = cohere
        self._port = port
        self._stack = ExitStack()
        self._env: dict[str, str] = {}
        self._process: subprocess.Popen[bytes] | None = None

    async def start(self) -> None:
        """Returns when it is ready."""
        self._env = environment(
            self._folder,
            BOOK_DIR=str(write_book(self._folder / "book")),
            COHERE_API_KEY=KEY,
            COHERE_BASE_URL=self._stack.enter_context(serve(self._cohere)),
            PORT=str(self._port),
            LOG_LEVEL="warning",
        )
        await self._begin()

    def _spawn(self) -> subprocess.Popen[bytes]:
        with self._log.open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "api"], cwd=self._folder, env=self._env, stderr=log
            )

    async def _begin(self) -> None:
        self._process = self._spawn()
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
        raise RuntimeError(f"the service did not start: {self.said()[-2000:]}")

    async def restart(self) -> int:
        """Ends it and starts it again; its exit status."""
        status = await self._end()
        await self._begin()
        return status

    async def stop(self) -> int:
        """Asks it to end; returns its exit status."""
        with self._stack:
            return await self._end()

    async def _end(self) -> int:
        assert self._process is not None
        if self._process.poll() is None:
            os.kill(self._process.pid, signal.SIGTERM)
        return await asyncio.to_thread(self._process.wait, 60)

    def said(self) -> str:
        """The log."""
        return self._log.read_text("utf-8", "replace")

    def memory_mb(self) -> float:
        """Resident memory."""
        assert self._process is not None
        return resident_mb(self._process.pid)


class Replicas:
    """Two replicas behind nginx with PostgreSQL and Redis; restarted one after the other."""

    def __init__(self, folder: Path, cohere: CohereStandIn) -> None:
        self.url = ""
        self.processes: list[str] = []
        self._folder = folder
        self._cohere = cohere
        self._stack = ExitStack()
        self._replicas: list[topology.Replica] = []

    async def start(self) -> None:
        """Returns when all of it is ready."""
        await asyncio.to_thread(self._start)

    def _start(self) -> None:
        running = self._stack.enter_context(
            topology.run(
                self._folder,
                self._cohere,
                {
                    "BOOK_DIR": str(write_book(self._folder / "soak-book")),
                    "RATE_LIMIT": "0",
                    "LOG_LEVEL": "warning",
                    "FIRST_TOKEN_SECONDS": "10",
                },
            )
        )
        self.url, self._replicas = running.url, running.replicas
        self.processes = [replica.url for replica in running.replicas]

    async def restart(self) -> int:
        """A rolling restart; the highest exit status."""
        worst = 0
        for replica in self._replicas:
            worst = max(worst, await asyncio.to_thread(replica.stop))
            await asyncio.to_thread(replica.start)
        return worst

    async def stop(self) -> int:
        """Ends everything; the highest exit status of a replica."""
        with self._stack:
            return max([await asyncio.to_thread(replica.stop) for replica in self._replicas])

    def said(self) -> str:
        """The logs of the replicas."""
        return "".join(replica.log for replica in self._replicas)

    def memory_mb(self) -> float:
        """Resident memory of both."""
        return sum(replica.memory_mb() for replica in self._replicas)
