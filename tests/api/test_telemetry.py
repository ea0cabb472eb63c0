"""What the log, the metrics and the traces say, and what they never say."""

import gzip
import io
import json
import logging
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from api.observability.logs import configure_logging
from api.observability.telemetry import Metrics, fingerprint
from api.observability.tracing import open_tracing
from api.process.serving import _announce
from settings import Settings
from standins.cohere import KEY, CohereStandIn
from standins.server import serve
from tests.api.conftest import make_services
from tests.api.wired import QUESTION, over_cohere
from tests.fakes import ScriptedChat

ADMIN = "admin-key-for-this-test"


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """Everything that is logged, as the service formats it in a container."""
    root = logging.getLogger()
    before, root.handlers = root.handlers, []
    level = root.level
    configure_logging("debug", "json")
    written = io.StringIO()
    handler = root.handlers[0]
    assert isinstance(handler, logging.StreamHandler)
    handler.setStream(written)
    yield written
    root.handlers = before
    root.setLevel(level)


def lines(log: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log.getvalue().splitlines()]


def answers(log: io.StringIO) -> list[dict[str, Any]]:
    return [line for line in lines(log) if line["logger"] == "book_chat.answers"]


def test_an_answer_is_one_line_with_ids_status_and_timings_and_no_words_or_keys(
    tmp_path: Path, log: io.StringIO
) -> None:
    cohere = CohereStandIn()
    with over_cohere(tmp_path, cohere, admin_api_key=ADMIN, session_secret=None) as service:
        session_id = service.http.post("/sessions").json()["session_id"]
        body = {"input": {"question": QUESTION, "session_id": session_id}}
        given = {"X-Request-ID": "request-1", "Authorization": f"Bearer {ADMIN}"}
        answer = service.http.post("/chat/invoke", json=body, headers=given).json()["output"]
        service.http.get("/admin/insights", headers=given)
        service.http.get("/search", params={"q": QUESTION})
        cohere.fail("/v2/chat", status=401)
        service.post(f"{QUESTION} ", session_id=session_id, language="en-2")
    first = answers(log)[0]
    assert first["request_id"] == "request-1"
    assert first["answer_id"] == answer["answer_id"]
    assert first["session"] == fingerprint(session_id)
    assert (first["status"], first["provider_calls"]) == ("answered", 3)
    assert {"retrieve", "first_token", "total"} <= set(first["timings_ms"])
    said = log.getvalue()
    for secret in (QUESTION, "balance controller of a humanoid", KEY, ADMIN, session_id, "1000 Hz"):
        assert secret not in said


def test_questions_are_logged_when_the_operator_says_so(tmp_path: Path, log: io.StringIO) -> None:
    with over_cohere(tmp_path, CohereStandIn(), log_questions=True) as service:
        service.ask()
    assert answers(log)[0]["question"] == QUESTION


def test_what_a_question_is_refused_for_is_logged_and_counted(
    tmp_path: Path, log: io.StringIO
) -> None:
    cohere = CohereStandIn()
    with over_cohere(tmp_path, cohere) as service:
        cohere.fail("/v2/embed", status=401)
        refused = service.post()
        cohere.faults.clear()
        unknown = service.post(session_id="forged")
        assert service.metric('book_chat_events_total{event="refused:model_rejected"}') == 1
        assert service.metric('book_chat_events_total{event="refused:not_found"}') == 1
    said = [line for line in lines(log) if "code" in line]
    assert [(line["code"], line["request_id"]) for line in said] == [
        ("model_rejected", refused.headers["x-request-id"])
    ]
    assert unknown.status_code == 404


@pytest.mark.parametrize("form", ["json", "text"])
@pytest.mark.parametrize("questions", [False, True])
def test_a_traceback_tells_where_and_what_kind_but_repeats_no_words(
    form: Any, questions: bool
) -> None:
    words, url = "the reader's words", "redis://:pass-word@host"

    def fail() -> None:
        try:
            raise ExceptionGroup(words, [ValueError(words)])
        except ExceptionGroup as group:
            raise RuntimeError(url) from group

    written = io.StringIO()
    root = logging.getLogger()
    before, level = root.handlers, root.level
    root.handlers = []
    try:
        configure_logging("debug", form, questions=questions)
        handler = root.handlers[0]
        assert isinstance(handler, logging.StreamHandler)
        handler.setStream(written)
        try:
            fail()
        except RuntimeError as error:
            logging.getLogger("api.doors.langserve").error("Exception in it", exc_info=error)
            forgotten = "Task exception was never retrieved\nfuture: RuntimeError('reader's words')"
            logging.getLogger("asyncio").error(forgotten, exc_info=error)
    finally:
        root.handlers = before
        root.setLevel(level)
    said = written.getvalue()
    assert "Traceback (most recent call last)" in said
    for kind in ("RuntimeError", "ExceptionGroup", "ValueError", "in fail", "never retrieved"):
        assert kind in said
    for secret in (words, url, "reader's words"):
        assert (secret in said) is questions


def test_the_metrics_tell_first_tokens_queue_cache_budget_and_errors(tmp_path: Path) -> None:
    cohere = CohereStandIn()
    with over_cohere(tmp_path, cohere, monthly_call_budget=100) as service:
        service.ask()
        service.ask()
        cohere.fail("/v2/rerank", status=500)
        service.ask(language="en-2")
        assert service.metric("book_chat_first_token_seconds_count") == 2
        assert service.metric('book_chat_events_total{event="cache_hit"}') == 1
        assert service.metric("book_chat_queued_answers") == 0
        assert service.metric("book_chat_running_answers") == 0
        assert 80 < service.metric("book_chat_budget_left") < 97
        failed = 'operation="rerank",outcome="model_unavailable",provider="cohere"'
        assert service.metric(f"book_chat_provider_calls_total{{{failed}}}") >= 1


def test_the_stream_says_what_it_knows_before_its_first_byte(tmp_path: Path) -> None:
    with over_cohere(tmp_path, CohereStandIn()) as service:
        timing = service.post(route="stream").headers["server-timing"]
    assert "queue;dur=" in timing
    assert "sources;dur=" in timing


class Collector:
    """Takes traces over OTLP/HTTP."""

    def __init__(self) -> None:
        self.spans: list[Any] = []
        self.resource: dict[str, str] = {}
        self.raw = b""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        body, more = b"", True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        encoding = dict(scope["headers"]).get(b"content-encoding", b"")
        body = gzip.decompress(body) if encoding == b"gzip" else body
        body = zlib.decompress(body) if encoding == b"deflate" else body
        self.raw += body
        for one in ExportTraceServiceRequest.FromString(body).resource_spans:
            self.resource |= {a.key: a.value.string_value for a in one.resource.attributes}
            self.spans += [span for scoped in one.scope_spans for span in scoped.spans]
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})


def test_each_answer_is_a_trace_of_its_stages_within_the_callers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    collector = Collector()
    caller = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    with serve(collector, lifespan="off") as url:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", url)
        with over_cohere(tmp_path, CohereStandIn()) as service:
            body = {"input": {"question": QUESTION}}
            service.http.post("/chat/invoke", json=body, headers={"traceparent": caller})
    assert collector.resource["service.name"] == "book-chat"
    spans = {span.name: span for span in collector.spans}
    assert set(spans) == {
        "answer",
        "history",
        "condense",
        "retrieve",
        "judge",
        "first_token",
        "generate",
    }
    whole = spans["answer"]
    assert whole.trace_id.hex() == caller.split("-")[1]
    assert whole.parent_span_id.hex() == caller.split("-")[2]
    for name in ("retrieve", "first_token", "generate"):
        assert spans[name].parent_span_id == whole.span_id
        assert whole.start_time_unix_nano <= spans[name].start_time_unix_nano
        assert spans[name].end_time_unix_nano <= whole.end_time_unix_nano
    assert QUESTION.encode() not in collector.raw


@pytest.mark.parametrize(
    ("given", "told"),
    [({}, True), ({"redis_url": "redis://r"}, False), ({"web_concurrency": 1}, False)],
)
def test_workers_that_share_nothing_are_announced(
    caplog: pytest.LogCaptureFixture, given: dict[str, Any], told: bool
) -> None:
    two: dict[str, Any] = {"web_concurrency": 2, "qdrant_url": "http://q"}
    services = make_services(Settings(**{**two, **given}), ScriptedChat(pieces=[]), Metrics())
    with caplog.at_level("WARNING", logger="book_chat"):
        _announce(services)
    assert ("REDIS_URL" in caplog.text) is told


def test_without_a_collector_nothing_is_traced() -> None:
    assert open_tracing({}) is None
