"""Metrics, and the id of every request."""

import hashlib
import re
import uuid
from collections.abc import Callable
from contextvars import ContextVar
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from starlette.types import ASGIApp, Message, Receive, Scope, Send

import metering
from api.observability.logs import request_id as _request_id
from schema import Answer

_ID: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")
_TRACE_PARENT: Final = re.compile(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")
_trace_parent: ContextVar[str] = ContextVar("book_chat_trace_parent", default="")
_BUCKETS: Final = (0.01, 0.03, 0.1, 0.2, 0.4, 0.8, 1.5, 3, 6, 12, 30)


class Metrics:
    """Prometheus metrics of one application; a registry of its own, so tests do not mix."""

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
        self.answers = Counter(
            "book_chat_answers", "Answers by status", ["status"], registry=registry
        )
        self.calls = Counter(
            "book_chat_provider_calls",
            "Requests to providers",
            ["provider", "operation", "outcome"],
            registry=registry,
        )
        self.events = Counter(
            "book_chat_events",
            "Cache hits, fallbacks and the like",
            ["event"],
            registry=registry,
        )
        self.tokens = Counter("book_chat_tokens", "Model tokens", ["kind"], registry=registry)
        self.stages = Histogram(
            "book_chat_stage_seconds",
            "Time per stage",
            ["stage"],
            buckets=_BUCKETS,
            registry=registry,
        )
        self.first_token = Histogram(
            "book_chat_first_token_seconds",
            "From the question to the first token of an answer",
            buckets=_BUCKETS,
            registry=registry,
        )
        self.sockets = Gauge("book_chat_open_sockets", "Open WebSockets", registry=registry)
        self.requests = Counter(
            "book_chat_http_requests", "HTTP requests", ["method", "status"], registry=registry
        )
        self.counter = metering.Counter()
        self.counter.on_call(lambda *labels: self.calls.labels(*labels).inc())
        self.counter.on_event(lambda event, n: self.events.labels(event).inc(n))

    def gauge(self, name: str, text: str, read: Callable[[], float]) -> None:
        """A gauge that is read when it is scraped."""
        Gauge(name, text, registry=self.registry).set_function(read)

    def answered(self, answer: Answer, outcome: str) -> None:
        """Counts an answer that ended, by status or, if it broke off, by outcome."""
        self.answers.labels(answer.status if outcome == "complete" else outcome).inc()
        for stage, ms in answer.timings_ms.items():
            self.stages.labels(stage).observe(ms / 1000)
        if "first_token" in answer.timings_ms:
            stages = [ms for stage, ms in answer.timings_ms.items() if stage != "total"]
            self.first_token.observe(sum(stages) / 1000)
        self.tokens.labels("input").inc(answer.usage.input_tokens)
        self.tokens.labels("output").inc(answer.usage.output_tokens)


class RequestContext:
    """ASGI middleware: request id, security headers, request counts, open sockets."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Wraps one request or socket."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        request_id = _given(scope, b"x-request-id", _ID) or uuid.uuid4().hex
        scope.setdefault("state", {})["request_id"] = request_id
        undo = [
            (_request_id, _request_id.set(request_id)),
            (_trace_parent, _trace_parent.set(_given(scope, b"traceparent", _TRACE_PARENT) or "")),
        ]
        try:
            with metering.metered(metering.Meter(self._metrics.counter)):
                await self._wrapped(scope, receive, send, request_id)
        finally:
            for variable, token in undo:
                variable.reset(token)

    async def _wrapped(self, scope: Scope, receive: Receive, send: Send, request_id: str) -> None:
        if scope["type"] == "websocket":
            with self._metrics.sockets.track_inprogress():
                await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                timing = scope["state"].get("server_timing")
                extra = [*_HEADERS, (b"x-request-id", request_id.encode())]
                if timing:
                    extra.append((b"server-timing", timing.encode()))
                present = {name.lower() for name, _ in message.get("headers", [])}
                message["headers"] = [
                    *message.get("headers", []),
                    *((name, value) for name, value in extra if name not in present),
                ]
                self._metrics.requests.labels(scope["method"], message["status"]).inc()
            await send(message)

        await self._app(scope, receive, send_with_headers)


_HEADERS: Final = [
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"strict-origin-when-cross-origin"),
]


def _given(scope: Scope, name: bytes, form: re.Pattern[str]) -> str | None:
    """A header's value, if it has the right form."""
    for found, value in scope["headers"]:
        if found == name:
            text: str = value.decode("latin-1")
            return text if form.fullmatch(text) else None
    return None


def current_request() -> str:
    """The id of the request or socket that this code works for, or nothing."""
    return _request_id.get()


def trace_parent() -> str:
    """The W3C ``traceparent`` that the current request came with, or nothing."""
    return _trace_parent.get()


def fingerprint(session_id: str) -> str:
    """Tells sessions apart in logs and limits; who holds the id itself may read its turns."""
    return hashlib.sha256(session_id.encode()).hexdigest()[:16]


def server_timing(timings_ms: dict[str, float]) -> str:
    """A ``Server-Timing`` header from an answer's timings."""
    return ", ".join(f"{stage};dur={ms}" for stage, ms in timings_ms.items())
