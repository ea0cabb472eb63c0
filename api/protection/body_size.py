"""How long the body of a request may be."""

from typing import Final

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MAX_BODY: Final = 4 * 1024 * 1024
"""Bytes of a request's body: eight questions with their longest histories."""


class BodyLimit:
    """ASGI middleware: a body over ``limit`` bytes is refused with 413, however it is sent."""

    def __init__(self, app: ASGIApp, limit: int = MAX_BODY) -> None:
        self._app = app
        self._limit = limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Counts while the route reads."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        read = _declared(scope)

        async def receive_counted() -> Message:
            nonlocal read
            # Before anything is read: a client that waits for "100 Continue" need not send it.
            if read > self._limit:
                raise HTTPException(413)
            message = await receive()
            arrived = len(message.get("body", b""))
            if not _declared(scope):
                read += arrived
                if read > self._limit:
                    raise HTTPException(413)
            return message

        await self._app(scope, receive_counted, send)


def _declared(scope: Scope) -> int:
    """Content-Length, 0 when there is none."""
    values = [value for name, value in scope["headers"] if name == b"content-length"]
    return int(values[0]) if values and values[0].isdigit() else 0
