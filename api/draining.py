"""Shutdown of a WebSocket: its answer ends first, then it is closed with 1012."""

import asyncio

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from api.app import DRAIN_SECONDS
from api.services import Services


class DrainingWebSocket(WebSocketsSansIOProtocol):
    """uvicorn's protocol, which closes at once; it is told to when the server shuts down."""

    _closing: asyncio.Task[None] | None = None

    def shutdown(self) -> None:
        """Closes when no answer is being made any more, at the latest after DRAIN_SECONDS."""
        if self._closing is None:
            self._closing = self.loop.create_task(self._close_later())

    async def _close_later(self) -> None:
        # Nothing is wrapped around the application: uvicorn's proxy headers are off.
        services: Services = self.config.loaded_app.state.services
        try:
            await services.drain(DRAIN_SECONDS)
        finally:
            if not self.transport.is_closing():
                super().shutdown()
