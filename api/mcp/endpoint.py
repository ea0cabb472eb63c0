"""The MCP server, loaded and started by its first request: its package takes 20 MB."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from contextvars import Context
from typing import TYPE_CHECKING

from starlette.types import Receive, Scope, Send

from api.services import Services

if TYPE_CHECKING:
    from api.mcp.server import McpServer


class McpEndpoint:
    """An ASGI application for the one path that MCP is spoken at.

    Args:
        load: makes the server; called in a thread, and again when it failed.
    """

    def __init__(self, services: Services, load: "Callable[[Services], McpServer]") -> None:
        self._services = services
        self._load = load
        self._stopping = asyncio.Event()
        self._server: asyncio.Future[McpServer] | None = None
        self._task: asyncio.Task[None] | None = None

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Requests are served inside of this; once."""
        try:
            yield
        finally:
            self._stopping.set()
            if self._task is not None:
                await self._task

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves one request."""
        if self._server is None or (self._server.done() and self._server.exception()):
            self._server = asyncio.get_running_loop().create_future()
            # Its log lines belong to no request, though the first one starts it.
            self._task = asyncio.create_task(self._serve(self._server), context=Context())
        server = await asyncio.shield(self._server)
        await server(scope, receive, send)

    async def _serve(self, ready: "asyncio.Future[McpServer]") -> None:
        """A task of its own: the server's tasks outlive the request that started it."""
        try:
            server = await asyncio.to_thread(self._load, self._services)
            async with server.running():
                ready.set_result(server)
                await self._stopping.wait()
        except Exception as error:
            if ready.done():
                raise
            ready.set_exception(error)


def load_server(services: Services) -> "McpServer":
    """The server; imports its package."""
    from api.mcp.server import McpServer

    return McpServer(services)
