"""What browsers may do: which origins may call, and what our own pages may load."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import HTTPConnection
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api import problems
from api.observability.telemetry import current_request

# Files change with a deployment and are small: a browser keeps them but asks whether they changed,
# so that it never mixes the modules of two versions.
_CACHE: Final = "no-cache"


_READING: Final = ("GET", "HEAD", "OPTIONS")


def origin_allowed(connection: HTTPConnection, allowed: Sequence[str]) -> bool:
    """Browsers always send Origin; other clients may leave it out."""
    origin = connection.headers.get("origin")
    if origin is None or "*" in allowed or origin.rstrip("/") in allowed:
        return True
    return urlsplit(origin).netloc == connection.headers.get("host")


class Origins(CORSMiddleware):
    """CORS that does not rely on the browser's preflight.

    A form or a text/plain fetch is sent without one, and some hosts (Hugging Face Spaces) answer
    preflights themselves: what a foreign page sends is refused here, before it costs anything.
    """

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """403 for a foreign origin that does more than read."""
        writing = scope["type"] == "http" and scope["method"] not in _READING
        if writing and not origin_allowed(HTTPConnection(scope), list(self.allow_origins)):
            refusal = _refusal(403, "Pages of this origin may not use this service.")
            await refusal(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)

    def preflight_response(self, request_headers: Headers) -> Response:
        """As CORS has it; a refusal is a problem document."""
        response = super().preflight_response(request_headers)
        if response.status_code < 400:
            return response
        given = {k: v for k, v in response.headers.items() if not k.startswith("content-")}
        return _refusal(response.status_code, str(bytes(response.body), "utf-8"), given)


def _refusal(status: int, detail: str, headers: dict[str, str] | None = None) -> Response:
    return problems.respond(problems.of_status(status, current_request(), detail), headers=headers)


def page_policy(allowed_origins: Sequence[str]) -> str:
    """Content-Security-Policy of the chat page.

    Only our own files run, no inline code, and (Trusted Types) no text ever becomes HTML. Whoever
    may call the API may also frame the page.
    """
    frames = "*" if "*" in allowed_origins else " ".join(["'self'", *allowed_origins])
    rules = {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": "'self' data:",
        "connect-src": "'self' ws: wss:",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": frames,
        "require-trusted-types-for": "'script'",
        "trusted-types": "'none'",
    }
    return "; ".join(f"{name} {value}" for name, value in rules.items())


def static_files(folder: Path, policy: str) -> ASGIApp:
    """Serves ``folder``: ETag and 304, gzip, and ``policy`` on HTML pages."""
    return GZipMiddleware(_Headers(StaticFiles(directory=folder), policy), minimum_size=500)


def one_file(files: ASGIApp, path: str) -> ASGIApp:
    """Always the file at ``path`` of ``files``, whatever route it stands at."""

    return _OneFile(files, path)


class _OneFile:
    # An object: Starlette takes plain functions for request handlers.
    def __init__(self, files: ASGIApp, path: str) -> None:
        self._files = files
        self._path = path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._files({**scope, "path": self._path, "root_path": ""}, receive, send)


class _Headers:
    def __init__(self, app: ASGIApp, policy: str) -> None:
        self._app = app
        self._policy = policy

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["Cache-Control"] = _CACHE
                # The widget's modules are fetched with CORS: the answer depends on who asks.
                headers.add_vary_header("Origin")
                if headers.get("content-type", "").startswith("text/html"):
                    headers["Content-Security-Policy"] = self._policy
            await send(message)

        await self._app(scope, receive, send_with_headers)
