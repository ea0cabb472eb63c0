"""Under which names the service answers; a redirect never repeats the name that it was sent."""

from collections.abc import Sequence
from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api import problems
from api.observability.telemetry import current_request

_PROBES: Final = frozenset({"/health", "/health/live", "/health/ready", "/metrics"})
"""Asked by address; they hold no reader's data and redirect nowhere."""


class Hosts:
    """ASGI middleware; ``allowed`` are names, ``*.example`` for all below one, or ``*``."""

    def __init__(self, app: ASGIApp, allowed: Sequence[str]) -> None:
        self._app = app
        self._any = "*" in allowed
        self._names = frozenset(name for name in allowed if not name.startswith("*"))
        self._below = tuple(name[1:] for name in allowed if name.startswith("*."))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """421 under another name; else redirects become paths."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        host = _name(Headers(scope=scope).get("host", ""))
        if not self._is_allowed(host) and scope["path"] not in _PROBES:
            detail = "This service is not addressed by this name."
            problem = problems.of_status(421, current_request(), detail)
            await problems.respond(problem)(scope, receive, send)
            return

        async def send_relative(message: Message) -> None:
            if message["type"] == "http.response.start" and 300 <= message["status"] < 400:
                headers = MutableHeaders(scope=message)
                if _name(urlsplit(headers.get("location", "")).netloc) == host:
                    headers["location"] = _path(headers["location"])
            await send(message)

        await self._app(scope, receive, send_relative)

    def _is_allowed(self, host: str) -> bool:
        return self._any or host in self._names or host.endswith(self._below)


def _name(host: str) -> str:
    """A Host header without its port."""
    name, _, port = host.rpartition(":")
    return (name if name and port.isdigit() else host).lower()


def _path(location: str) -> str:
    parts = urlsplit(location)
    # Two slashes at the start would name another host again.
    path = "/" + parts.path.lstrip("/\\")
    return f"{path}?{parts.query}" if parts.query else path
