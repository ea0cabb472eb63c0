"""A throw-away Redis: a real server that a test may stop and start."""

import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import redis

from standins.server import free_port

INSTALL: Final = "Redis is missing: apt-get install -y redis-server"
BINARY: Final = shutil.which("redis-server")


class RedisServer:
    """Keeps nothing on disk; a start brings back the same, empty, address."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """As ``REDIS_URL`` takes it."""
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        """Returns when it answers."""
        assert BINARY is not None
        self._process = subprocess.Popen(
            [BINARY, "--port", str(self.port), "--bind", "127.0.0.1", "--save", "",
             "--appendonly", "no", "--dir", str(self._folder)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )  # fmt: skip
        for _ in range(200):
            if self.answers():
                return
            time.sleep(0.05)
        raise AssertionError("redis-server did not start")

    def answers(self) -> bool:
        """True when a ping is answered."""
        try:
            with redis.Redis.from_url(self.url) as client:
                return bool(client.ping())
        except redis.RedisError:
            return False

    def expire(self, name: str, *, within: int) -> None:
        """Does now to the one key of this ``name`` what Redis would do ``within`` seconds."""
        with redis.Redis.from_url(self.url) as client:
            keys = [key for key in client.scan_iter(f"*{name}*") if 0 < client.ttl(key) <= within]
            assert len(keys) == 1
            client.delete(keys[0])

    def stop(self) -> None:
        """Gone at once, connections included."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(10)
            self._process = None


@contextmanager
def redis_server(folder: Path) -> Iterator[RedisServer]:
    """A running server."""
    server = RedisServer(folder)
    server.start()
    try:
        yield server
    finally:
        server.stop()
