"""Runs an ASGI app on a real uvicorn in a thread, so that clients speak real HTTP to it."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn

_START_SECONDS = 20.0


def free_port() -> int:
    """A port that nobody listens on, for tests about unreachable servers and restarts."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        await super().shutdown(sockets)
        # A browser may leave a socket half closed for longer than the shutdown waits.
        for connection in list(self.server_state.connections):
            connection.transport.abort()


@contextmanager
def serve(app: Any, *, port: int = 0, **options: Any) -> Iterator[str]:
    """Serves ``app`` (any ASGI app) on loopback and yields its base URL without a slash.

    Args:
        app: ASGI application; its lifespan runs if it has one.
        port: 0 takes a free one; a given one brings a stopped server back to its address.
        options: further ``uvicorn.Config`` arguments, such as ``ws="websockets-sansio"``.
    """
    # Named as TCP, or asyncio leaves Nagle's algorithm on and each answer may wait 40 ms.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    quiet: dict[str, Any] = {"log_level": "critical", "ws": "none", "timeout_graceful_shutdown": 1}
    server = _Server(uvicorn.Config(app, **(quiet | options)))
    thread = threading.Thread(
        target=lambda: asyncio.run(server.serve(sockets=[listener])), daemon=True
    )
    thread.start()
    try:
        if not server.ready.wait(_START_SECONDS):
            raise RuntimeError("the stand-in did not start")
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(_START_SECONDS)
        listener.close()
