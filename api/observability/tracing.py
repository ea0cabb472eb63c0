"""OpenTelemetry traces, when ``OTEL_EXPORTER_OTLP_ENDPOINT`` is set: one trace per answer.

The variables are OpenTelemetry's own. Its packages are optional; nothing is imported without it.
"""

import asyncio
import os
import time
from collections.abc import Iterator, Mapping
from typing import Any, Final

from api.observability.telemetry import trace_parent
from api.version import VERSION
from errors import FixConfiguration
from schema import Answer

_ENDPOINTS: Final = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
_INSTALL: Final = "pip install opentelemetry-sdk opentelemetry-exporter-otlp-proto-http"
_MS: Final = 1_000_000
"""Nanoseconds."""


class Tracing:
    """Makes the spans of an answer from its timings when it has ended: nothing per token."""

    def __init__(self, provider: Any, propagator: Any) -> None:
        self._provider = provider
        self._tracer = provider.get_tracer("book_chat", VERSION)
        self._propagator = propagator

    def __call__(self, answer: Answer, outcome: str) -> None:
        """A span for the answer and one for each of its stages; the texts are left out."""
        parent = self._propagator.extract({"traceparent": trace_parent()})
        end = time.time_ns()
        start = end - round(answer.timings_ms.get("total", 0.0) * _MS)
        status = answer.status if outcome == "complete" else outcome
        span = self._tracer.start_span(
            "answer",
            parent,
            start_time=start,
            attributes={
                "book_chat.answer_id": answer.answer_id,
                "book_chat.status": status,
                "book_chat.book_version": answer.book_version,
                "book_chat.provider_calls": answer.usage.provider_calls,
                "gen_ai.response.model": answer.model,
                "gen_ai.usage.input_tokens": answer.usage.input_tokens,
                "gen_ai.usage.output_tokens": answer.usage.output_tokens,
            },
        )
        self._stages(span, start, end, answer.timings_ms)
        span.end(end)

    def _stages(self, span: Any, start: int, end: int, timings: Mapping[str, float]) -> None:
        from opentelemetry.trace import set_span_in_context

        within = set_span_in_context(span)
        for name, begun, ended in _intervals(start, end, timings):
            self._tracer.start_span(name, within, start_time=begun).end(ended)

    async def aclose(self) -> None:
        """Sends what is left; in a thread, because the exporter blocks."""
        await asyncio.to_thread(self._provider.shutdown)


def _intervals(
    start: int, end: int, timings: Mapping[str, float]
) -> Iterator[tuple[str, int, int]]:
    """Name, beginning and end (ns) of each stage; they follow each other."""
    begun = start
    for name, ms in timings.items():
        if name != "total":
            ended = min(end, begun + round(ms * _MS))
            yield name, begun, ended
            begun = ended
    if "first_token" in timings:
        yield "generate", begun, end


def open_tracing(environment: Mapping[str, str] = os.environ) -> Tracing | None:
    """Traces to the collector that the environment names; None when it names none.

    Raises:
        FixConfiguration: OpenTelemetry's packages are missing.
    """
    if not any(environment.get(name) for name in _ENDPOINTS):
        return None
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
    except ImportError:
        raise FixConfiguration(f"{_ENDPOINTS[0]}: traces need: {_INSTALL}") from None
    name = environment.get("OTEL_SERVICE_NAME") or "book-chat"
    resource = Resource.create({"service.name": name, "service.version": VERSION})
    provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return Tracing(provider, TraceContextTextMapPropagator())
