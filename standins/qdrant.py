"""A stand-in for a Qdrant server: the REST requests that qdrant-client sends for this product.

Bodies are checked against Qdrant's own OpenAPI models (unknown fields are refused), answers have
the server's envelope, and searching is done by qdrant-client's in-process engine. Its data lives
in the object: served again, on the same or another port, it is a server that was restarted.
"""

import asyncio
import hmac
import json
from collections import deque
from dataclasses import dataclass, field
from typing import Any

from pydantic import TypeAdapter, ValidationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from standins.qdrant_answers import ROUTES, Handler, Held, RefusedError


@dataclass
class Fault:
    """What happens to one request instead of its answer."""

    status: int = 503
    message: str = "Service internal error: 1 of 1 read operations failed"
    headers: dict[str, str] = field(default_factory=dict)
    hang: bool = False
    """Never answer."""
    cut: bool = False
    """Close the connection instead of answering."""


class QdrantStandIn:
    """ASGI app.

    Attributes:
        api_key: when set, requests without it are refused.
        latency: seconds before each answer.
        faults: taken one per request, oldest first.
        requests: ``(method, path)`` of everything that came, refused ones included.
        bodies: parsed bodies, by path, newest last.
        held: the data.
    """

    def __init__(self, api_key: str | None = None) -> None:
        self.api_key = api_key
        self.latency = 0.0
        self.faults: deque[Fault] = deque()
        self.requests: list[tuple[str, str]] = []
        self.bodies: dict[str, list[Any]] = {}
        self.held = Held()
        routes = [
            Route(path, self._endpoint(method, model, handler), methods=[method])
            for (method, path), (model, handler) in ROUTES.items()
        ]
        self._app = Starlette(routes=routes)

    def reset(self) -> None:
        """Nothing stored, nothing wrong, nothing recorded."""
        self.held.engine.close()
        self.held = Held()
        self.api_key, self.latency = None, 0.0
        for record in (self.faults, self.requests, self.bodies):
            record.clear()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app(scope, receive, send)

    def _endpoint(self, method: str, model: Any, handler: Handler) -> Any:
        adapter = TypeAdapter(model) if model is not None else None

        async def endpoint(request: Request) -> Response:
            self.requests.append((method, request.url.path))
            if self.latency:
                await asyncio.sleep(self.latency)
            if self.faults:
                return await self._fail(self.faults.popleft())
            if not self._let_in(request):
                return Response("Must provide an API key or an Authorization bearer token", 401)
            raw = await request.body()
            try:
                body = adapter.validate_json(raw) if adapter else None
                if raw:
                    self.bodies.setdefault(request.url.path, []).append(json.loads(raw))
                return _answer(handler(self.held, request.path_params.get("name", ""), body))
            except ValidationError as error:
                return _error(400, f"Format error in JSON body: {error}")
            except RefusedError as error:
                return _error(error.status, str(error))

        return endpoint

    async def _fail(self, fault: Fault) -> Response:
        if fault.hang:
            await asyncio.Event().wait()
        if fault.cut:
            # An answer that breaks off: uvicorn closes the connection on this.
            return _Cut()
        return _error(fault.status, fault.message, fault.headers)

    def _let_in(self, request: Request) -> bool:
        given = request.headers.get("api-key", "")
        return self.api_key is None or hmac.compare_digest(given, self.api_key)


class _Cut(Response):
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = [(b"content-length", b"100"), (b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"{", "more_body": False})


def _answer(result: Any) -> Response:
    plain = TypeAdapter(Any).dump_python(result, mode="json", exclude_none=True)
    return _json(200, {"result": plain, "status": "ok", "time": 0.0001})


def _error(status: int, message: str, headers: dict[str, str] | None = None) -> Response:
    return _json(status, {"status": {"error": message}, "time": 0.0001}, headers)


def _json(status: int, content: Any, headers: dict[str, str] | None = None) -> Response:
    body = json.dumps(content, ensure_ascii=False).encode()
    return Response(body, status, headers, media_type="application/json")
