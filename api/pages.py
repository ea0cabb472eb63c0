"""The files of ``web/``: compressed, revalidated, and HTML only with a policy."""

from pathlib import Path
from typing import Final

from starlette.datastructures import MutableHeaders
from starlette.middleware.gzip import GZipMiddleware
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

# Files change with a deployment and are small: a browser keeps them but asks whether they changed,
# so that it never mixes the modules of two versions.
_CACHE: Final = "no-cache"


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
