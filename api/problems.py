"""Errors as RFC 9457 problem documents; nothing of the inside reaches a client."""

import html
import logging
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final, NotRequired, TypedDict

import orjson
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

import metering
from errors import STATUS, BookChatError, ErrorCode

MEDIA_TYPE = "application/problem+json"
_log = logging.getLogger(__name__)
_TITLES: Mapping[ErrorCode, str] = {
    "invalid_request": "The request is not valid",
    "rate_limited": "Too many questions",
    "overloaded": "Too many readers at once",
    "busy": "One answer at a time",
    "retrieval_unavailable": "The book's index cannot be reached",
    "model_unavailable": "The answering model cannot be reached",
    "model_rejected": "The answering model is not set up right",
    "budget_exhausted": "The month's model calls are spent",
    "not_found": "Not found",
    "unauthorized": "Not authorised",
    "internal": "Something went wrong here",
}
_BY_STATUS: Mapping[int, ErrorCode] = {
    401: "unauthorized",
    403: "unauthorized",
    404: "not_found",
    429: "rate_limited",
    503: "overloaded",
}


_OPERATORS: Final[frozenset[ErrorCode]] = frozenset(
    {"retrieval_unavailable", "model_unavailable", "model_rejected", "budget_exhausted"}
)


class Problem(BaseModel):
    """RFC 9457, with the stable ``code`` and the id under which the log has more."""

    type: str
    title: str
    status: int
    detail: str
    code: ErrorCode
    request_id: str
    errors: list[dict[str, Any]] | None = Field(None, description="for 422: what does not fit")


class ProblemDocument(TypedDict):
    """The same as JSON types."""

    type: str
    title: str
    status: int
    detail: str
    code: ErrorCode
    request_id: str
    errors: NotRequired[Sequence[Mapping[str, object]]]


def document(
    code: ErrorCode,
    detail: str,
    request_id: str,
    *,
    status: int | None = None,
    errors: Sequence[Mapping[str, object]] | None = None,
) -> ProblemDocument:
    """A problem document."""
    problem: ProblemDocument = {
        "type": f"urn:book-chat:problem:{code}",
        "title": _TITLES[code],
        "status": status or STATUS[code],
        "detail": detail,
        "code": code,
        "request_id": request_id,
    }
    if errors is not None:
        problem["errors"] = errors
    return problem


def of_error(error: BaseException, request_id: str) -> ProblemDocument:
    """The problem document of any exception; unknown ones are ``internal`` and logged."""
    if isinstance(error, BookChatError):
        if not isinstance(error, Noted):
            _note(error.code)
        return document(error.code, error.detail, request_id, status=error.status)
    _note("internal")
    _log.error("unexpected error", exc_info=error)
    return document("internal", "An unexpected error happened; it was logged.", request_id)


class Noted(BookChatError):
    """An error that was counted and logged where it happened."""


def _note(code: ErrorCode) -> None:
    """Counts a refusal; those that the operator may have to mend are logged."""
    metering.count(metering.Event.REFUSED, label=code)
    if code in _OPERATORS:
        _log.warning("a question was refused: %s", code, extra={"code": code})


def of_status(status: int, request_id: str, detail: str | None = None) -> ProblemDocument:
    """The problem document of an HTTP status that a framework chose."""
    code = _BY_STATUS.get(status, "invalid_request" if status < 500 else "internal")
    said = detail or HTTPStatus(status).phrase
    errors = [{"loc": ["body"], "msg": said, "type": "value_error"}] if status == 422 else None
    return document(code, said, request_id, status=status, errors=errors)


def respond(
    problem: ProblemDocument,
    retry_after: float | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """The HTTP response of a problem document."""
    headers = dict(headers or {})
    if retry_after is not None:
        headers["Retry-After"] = str(max(1, round(retry_after)))
    elif problem["status"] in (429, 503):
        headers["Retry-After"] = "5"
    return Response(orjson.dumps(problem), problem["status"], headers, MEDIA_TYPE)


def shown(
    problem: ProblemDocument, root: str, headers: Mapping[str, str] | None = None
) -> Response:
    """The same for a person who followed a link: a small page; ``root`` is the service's path."""
    root = html.escape(root)
    detail, number = html.escape(problem["detail"]), html.escape(problem["request_id"])
    page = (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        "<title>There is no such page</title>\n"
        f'<link rel="icon" href="{root}/web/icon.svg" type="image/svg+xml">\n'
        f'<link rel="stylesheet" href="{root}/web/page.css">\n</head>\n<body>\n'
        f"<main><h1>There is no such page</h1>\n<p>{detail}</p>\n"
        f'<p><a href="{root}/">Ask the book</a> · <a href="{root}/pages/">All pages</a></p>\n'
        f"<p><small>Request {number}</small></p></main>\n</body>\n</html>\n"
    )
    return HTMLResponse(page, problem["status"], dict(headers or {}))


def wants_page(request: Request) -> bool:
    """A browser that opens an address; programs ask for JSON or for anything."""
    accept = request.headers.get("accept", "")
    return request.method in ("GET", "HEAD") and "text/html" in accept and "json" not in accept


def _root(request: Request) -> str:
    # Inside a mount, "root_path" is the mount's.
    return str(request.scope.get("app_root_path", request.scope.get("root_path", "")))


def request_id(request: Request) -> str:
    """The id that the middleware gave this request."""
    return str(getattr(request.state, "request_id", ""))


def install(app: FastAPI) -> None:
    """Every error of every route becomes a problem document."""

    async def named(request: Request, error: Exception) -> Response:
        retry_after = error.retry_after if isinstance(error, BookChatError) else None
        problem = of_error(error, request_id(request))
        if problem["status"] == 404 and wants_page(request):
            return shown(problem, _root(request))
        scheme = {"WWW-Authenticate": "Bearer"} if problem["status"] == 401 else None
        return respond(problem, retry_after, scheme)

    async def invalid(request: Request, error: Exception) -> Response:
        found = error.errors() if isinstance(error, RequestValidationError) else []
        errors = [{"loc": list(e["loc"]), "msg": e["msg"], "type": e["type"]} for e in found]
        detail = "The request does not fit the schema; see errors."
        problem = document("invalid_request", detail, request_id(request), errors=errors)
        return respond(problem)

    async def http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        missing = error.status_code == 404
        detail = "Nothing stands at this address." if missing else None
        problem = of_status(error.status_code, request_id(request), detail)
        if missing and wants_page(request):
            return shown(problem, _root(request), error.headers)
        # Such as Allow of a 405.
        return respond(problem, headers=error.headers)

    app.add_exception_handler(BookChatError, named)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(HTTPException, http)


class Unexpected:
    """ASGI middleware: what no route saw coming is a problem document with all our headers.

    Starlette's own handler of such errors stands outside of all middleware.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers unless an answer has begun; then only the connection can be closed."""
        begun = False

        async def send_noting(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._app(scope, receive, send_noting)
        except ClientDisconnect:
            # Nobody is there to be told, and nothing went wrong.
            metering.count(metering.Event.CLIENT_LEFT)
        except Exception as error:
            if begun or scope["type"] != "http":
                raise
            problem = of_error(error, scope["state"]["request_id"])
            await respond(problem)(scope, receive, send)
