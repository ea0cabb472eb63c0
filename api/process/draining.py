"""uvicorn's WebSocket: at shutdown its answer ends first, and a refusal is no error."""

import asyncio
import logging
from typing import Any, Final

from uvicorn._types import ASGISendEvent
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from api.app import DRAIN_SECONDS
from api.services import Services

# Requests are not logged either (``access_log``): two lines for each reader name their address.
_log: Final = logging.getLogger("uvicorn.websocket")
_log.setLevel(logging.WARNING)


class DrainingWebSocket(WebSocketsSansIOProtocol):
    """uvicorn's protocol, which closes at once; it is told to when the server shuts down.

    It also takes a handshake that was answered with a refusal for one that was not answered.
    """

    _closing: asyncio.Task[None] | None = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.logger = self.conn.logger = _log

    async def send(self, message: ASGISendEvent) -> None:
        """As uvicorn's; a refusal with a body completes the handshake."""
        await super().send(message)
        refused = message["type"] == "websocket.http.response.body"
        if refused and not message.get("more_body", False):
            self.handshake_complete = True

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
