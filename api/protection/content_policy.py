"""Content-Security-Policy of the pages that this service sends."""

from collections.abc import Sequence
from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_PLAYGROUND: Final = (
    "default-src 'none'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; "
    "style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; font-src 'self' data:; connect-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'self'"
)
"""LangServe's page holds its schemas in an inline script, and its form library compiles them.

No text of a reader or a book is shown as HTML there.
"""
_STRICT: Final = (
    "default-src 'none'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def page_policy(allowed_origins: Sequence[str], *pictures: str) -> str:
    """Content-Security-Policy of the chat page; ``pictures``: addresses whose sites may send some.

    Only our own files run, no inline code, and (Trusted Types) no text ever becomes HTML. Whoever
    may call the API may also frame the page.
    """
    frames = "*" if "*" in allowed_origins else " ".join(["'self'", *allowed_origins])
    rules = {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": " ".join(["'self'", "data:", *sorted({*map(origin, pictures)} - {""})]),
        "connect-src": "'self'",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": frames,
        "require-trusted-types-for": "'script'",
        "trusted-types": "'none'",
    }
    return "; ".join(f"{name} {value}" for name, value in rules.items())


def origin(address: str) -> str:
    """Scheme, host and port of a URL; empty for a path."""
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""


class DefaultPolicy:
    """ASGI middleware: no HTML leaves without a policy; a page that needs more sends its own."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Adds the header where it is missing."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_policy(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                if headers.get("content-type", "").startswith("text/html"):
                    playground = scope["path"].startswith("/chat/playground/")
                    policy = _PLAYGROUND if playground else _STRICT
                    headers.setdefault("Content-Security-Policy", policy)
            await send(message)

        await self._app(scope, receive, send_with_policy)
