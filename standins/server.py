"""Runs an ASGI app on a real uvicorn in a thread, so that clients speak real HTTP to it."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
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
    """uvicorn looks ten times a second whether something ended; this one is told, or waits for it.

    A test's server lives for less than that.
    """

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._told_to_stop = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        self._loop = asyncio.get_running_loop()
        await super().startup(sockets)
        self.ready.set()

    def stop(self) -> None:
        """From any thread."""
        self.should_exit = True
        if self._loop is not None:
            with suppress(RuntimeError):  # it has ended by itself
                self._loop.call_soon_threadsafe(self._told_to_stop.set)

    async def main_loop(self) -> None:
        ticks = 0
        while not await self.on_tick(ticks):
            ticks += 10  # the date in the headers is of this second
            with suppress(TimeoutError):
                await asyncio.wait_for(self._told_to_stop.wait(), 1)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for server in self.servers:
            server.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        if tasks := list(self.server_state.tasks):
            _, late = await asyncio.wait(tasks, timeout=self.config.timeout_graceful_shutdown)
            for task in late:
                task.cancel(msg="the server stops")
        await self.lifespan.shutdown()
        # A browser may leave a socket half closed for longer than anybody waits.
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
        server.stop()
        thread.join(_START_SECONDS)
        listener.close()
