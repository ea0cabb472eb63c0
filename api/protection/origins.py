"""Which pages' browsers may call this service."""

from collections.abc import Sequence
from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import HTTPConnection
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from api import problems
from api.observability.telemetry import current_request

_READING: Final = ("GET", "HEAD", "OPTIONS")
_FOREIGN_SITES: Final = ("cross-site", "same-site")
REFUSAL: Final = "Pages of this origin may not use this service."


def origin_allowed(connection: HTTPConnection, allowed: Sequence[str]) -> bool:
    """Browsers name the origin of what they send; other clients may leave it out."""
    origin = connection.headers.get("origin")
    return origin is None or _is_allowed(origin, connection, allowed)


def page_allowed(connection: HTTPConnection, allowed: Sequence[str]) -> bool:
    """As ``origin_allowed``, for reading too: a page's image or link has no Origin header.

    Browsers then tell the relation of the two sites, and mostly the page in ``Referer``.
    """
    headers = connection.headers
    if "origin" not in headers and headers.get("sec-fetch-site") in _FOREIGN_SITES:
        return "*" in allowed or _is_allowed(headers.get("referer", ""), connection, allowed)
    return origin_allowed(connection, allowed)


def _is_allowed(url: str, connection: HTTPConnection, allowed: Sequence[str]) -> bool:
    if "*" in allowed:
        return True
    try:
        parts = urlsplit(url)
    except ValueError:  # such as http://[
        return False
    own = bool(parts.netloc) and parts.netloc == connection.headers.get("host")
    return own or f"{parts.scheme}://{parts.netloc}" in allowed


class Origins(CORSMiddleware):
    """CORS that does not rely on the browser's preflight.

    A form or a text/plain fetch is sent without one, and some hosts (Hugging Face Spaces) answer
    preflights themselves: what a foreign page sends is refused here, before it costs anything.
    """

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """403 for a foreign origin that does more than read."""
        writing = scope["type"] == "http" and scope["method"] not in _READING
        if writing and not origin_allowed(HTTPConnection(scope), list(self.allow_origins)):
            refusal = _refusal(403, REFUSAL)
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
