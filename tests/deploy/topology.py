"""The topology of ``deploy/compose.yml`` as plain processes on loopback."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from string import Template
from types import MappingProxyType
from typing import Any, Final

import httpx

from benchmarks.servers import resident_mb
from standins.cohere import KEY, CohereStandIn
from standins.qdrant import QdrantStandIn
from standins.server import free_port, serve
from tests.conversations.postgres import INSTALL as INSTALL_POSTGRESQL
from tests.conversations.postgres import Cluster, binaries

ROOT: Final = Path(__file__).resolve().parents[2]
RATE_LIMIT: Final = 300
_START_SECONDS: Final = 300.0
_HTTP: Final = httpx.Client(timeout=5, headers={"connection": "close"})
"""One for all: a client reads the certificates of the system, which takes 25 ms of CPU."""
_PAGES: Final = {
    "module-1/ros2.md": (
        "# ROS 2\n\n## What ROS 2 is\n\n"
        "ROS 2 is middleware that connects the programs of a robot. "
        "Its nodes exchange messages over topics.\n\n"
        "## Why humanoids use it\n\n"
        "A humanoid robot runs many nodes at once, and ROS 2 lets each of them fail alone.\n"
    ),
    "module-2/balance.md": (
        "# Balance\n\n## Balance controller\n\n"
        "The balance controller of the humanoid runs at 1000 Hz on its own core.\n"
    ),
}


def missing() -> str | None:
    """What has to be installed, as a command; None when everything is there."""
    path = f"{os.environ['PATH']}:/usr/sbin"
    if binaries() is None:
        return INSTALL_POSTGRESQL
    for program, package in (("redis-server", "redis-server"), ("nginx", "nginx")):
        if shutil.which(program, path=path) is None:
            return f"{program} is missing: apt-get install -y {package}"
    return None


def until(holds: Callable[[], bool], what: str) -> None:
    """Waits for another process; there is nobody who would tell."""
    give_up = time.monotonic() + _START_SECONDS
    while not holds():
        assert time.monotonic() < give_up, f"{what} in vain"
        time.sleep(0.02)


def answers(url: str) -> bool:
    try:
        return _HTTP.get(url).status_code == 200
    except httpx.HTTPError:
        return False


class Process:
    """A program that is started, stopped and started again with the same words."""

    def __init__(self, command: list[str], folder: Path, **environment: str) -> None:
        self._command, self._folder = command, folder
        self._environment = {"PATH": f"{os.environ['PATH']}:/usr/sbin", **environment}
        self._running: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Does not wait until it is ready."""
        self._folder.mkdir(parents=True, exist_ok=True)
        with (self._folder / "log").open("ab") as log:
            self._running = subprocess.Popen(
                self._command,
                cwd=self._folder,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def stop(self) -> int:
        """Asks it to stop; returns its exit status."""
        assert self._running is not None
        self._running.send_signal(signal.SIGTERM)
        try:
            return self._running.wait(timeout=60)
        except subprocess.TimeoutExpired:
            self._running.kill()
            raise

    @property
    def log(self) -> str:
        """All that it said."""
        return (self._folder / "log").read_text("utf-8", "replace")

    def memory_mb(self) -> float:
        """Resident memory."""
        assert self._running is not None
        return resident_mb(self._running.pid)

    def close(self) -> None:
        """Stops it if it runs."""
        if self._running is not None and self._running.poll() is None:
            self.stop()


@dataclass
class Replica(Process):
    """One ``python -m api``."""

    folder: Path
    settings: dict[str, str]
    port: int = field(default_factory=free_port)

    def __post_init__(self) -> None:
        told = {**self.settings, "PORT": str(self.port), "DATA_DIR": str(self.folder / "data")}
        super().__init__([sys.executable, "-m", "api"], self.folder, PYTHONPATH=str(ROOT), **told)

    @property
    def url(self) -> str:
        """Where it is, without the proxy."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Returns when it is ready."""
        super().start()
        until(lambda: answers(f"{self.url}/health/ready"), "waited for a replica")


@dataclass
class Topology:
    """Two replicas behind nginx, over real PostgreSQL and Redis and two stand-ins."""

    url: str
    replicas: list[Replica]
    cohere: CohereStandIn


@contextmanager
def run(
    folder: Path,
    cohere: CohereStandIn | None = None,
    settings: Mapping[str, str] = MappingProxyType({}),
) -> Iterator[Topology]:
    """Starts everything; the second replica finds the book that the first one indexed.

    Args:
        settings: of the replicas, instead of those for the tests.
    """
    found = binaries()
    assert found is not None
    book = folder / "book"
    for name, text in _PAGES.items():
        page = book / name
        page.parent.mkdir(parents=True)
        page.write_text(text, encoding="utf-8")
    cohere = cohere or CohereStandIn()
    with ExitStack() as stack:
        cluster = Cluster(found)
        stack.callback(cluster.remove)
        cluster.start()
        told = {
            "COHERE_API_KEY": KEY,
            "COHERE_BASE_URL": stack.enter_context(serve(cohere)),
            "QDRANT_URL": stack.enter_context(serve(QdrantStandIn())),
            "DATABASE_URL": cluster.hosted_url(),
            "REDIS_URL": _redis(folder / "redis", stack),
            "BOOK_DIR": str(book),
            "HOST": "127.0.0.1",
            "TRUSTED_PROXIES": "127.0.0.1",
            "FIRST_TOKEN_SECONDS": "60",  # a busy machine is no failure
            "RATE_LIMIT": str(RATE_LIMIT),
            "ALLOWED_ORIGINS": "https://book.example",
            **settings,
        }
        replicas = [Replica(folder / f"replica-{n}", told) for n in (1, 2)]
        for replica in replicas:
            stack.callback(replica.close)
            replica.start()
        yield Topology(_nginx(folder / "nginx", replicas, stack), replicas, cohere)


def _redis(folder: Path, stack: ExitStack) -> str:
    port = free_port()
    options = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
    server = Process(["redis-server", *options], folder)
    stack.callback(server.close)
    server.start()
    until(lambda: b"Ready to accept" in (folder / "log").read_bytes(), "waited for Redis")
    return f"redis://127.0.0.1:{port}/0"


def _nginx(folder: Path, replicas: list[Replica], stack: ExitStack) -> str:
    """nginx with the very template that the compose file mounts."""
    port = free_port()
    told: dict[str, Any] = {
        "LISTEN": f"127.0.0.1:{port}",
        "REPLICA_1": f"127.0.0.1:{replicas[0].port}",
        "REPLICA_2": f"127.0.0.1:{replicas[1].port}",
    }
    folder.mkdir()
    template = (ROOT / "deploy/nginx.conf.template").read_text("utf-8")
    (folder / "server.conf").write_text(Template(template).safe_substitute(told), "utf-8")
    temporary = "".join(
        f"  {kind}_temp_path {folder}/{kind};\n"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    # nginx's workers give up root's rights unless told otherwise; the folder is root's own.
    user = "user root;\n" if os.geteuid() == 0 else ""
    (folder / "nginx.conf").write_text(
        f"{user}daemon off;\nworker_processes 1;\npid {folder}/pid;\nerror_log stderr;\n"
        "events { worker_connections 4096; }\n"
        f"http {{\n  access_log off;\n{temporary}  include {folder}/server.conf;\n}}\n",
        "utf-8",
    )
    server = Process(["nginx", "-e", "stderr", "-p", str(folder), "-c", "nginx.conf"], folder)
    stack.callback(server.close)
    server.start()
    until(lambda: answers(f"http://127.0.0.1:{port}/health/live"), "waited for nginx")
    return f"http://127.0.0.1:{port}"
