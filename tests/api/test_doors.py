"""What every door owes its clients, whatever protocol it speaks: errors, limits, leaving."""

import asyncio
import json
import logging
from collections.abc import Iterator
from typing import Any, get_args

import httpx
import pytest

from api.protection.body_size import MAX_BODY
from benchmarks.doors import DOORS, Door
from errors import STATUS, BookChatError, ErrorCode, RetryLater
from tests.api.conftest import QUESTION, Served
from tests.api.test_outages import eventually

every_door = pytest.mark.parametrize("door", DOORS, ids=str)
answering = pytest.mark.parametrize("door", [d for d in DOORS if d.answers], ids=str)
POSTS = sorted({door.route for door in DOORS if door.route})
SECRET = "key-123 of https://user:pass@provider.example at /srv/app"
# In their own shapes: OpenAI's, a frame of the WebSocket, the text of an MCP tool.
FIELDS: dict[str, set[str]] = {
    "completions": {"message", "type", "param", "code"},
    "completions-stream": {"message", "type", "param", "code"},
    "websocket": {"type", "id", "seq", "code", "message", "retry_after"},
    "mcp-ask": {"code", "detail"},
    "mcp-search": {"code", "detail"},
}
PROBLEM = {"type", "title", "status", "detail", "code", "request_id"}


@every_door
def test_each_named_error_has_the_promised_status_code_and_shape(
    served: Served, door: Door
) -> None:
    for code in get_args(ErrorCode):
        served.store.fails["store"] = BookChatError("Away.", code=code, retry_after=7)
        reply = door.ask(served.http, f"{QUESTION} {code}", {})
        status = STATUS[code] if door.statuses else 200
        if code == "invalid_request" and door.route.startswith("/v1"):
            status = 400  # as OpenAI's clients know it
        assert (reply.status, reply.code, reply.retry_after) == (status, code, 7)
        assert reply.problem is not None
        assert set(reply.problem) == FIELDS.get(door.name, PROBLEM)
        assert "Away." in str(reply.problem)
        if door.name not in FIELDS:
            assert reply.problem["type"] == f"urn:book-chat:problem:{code}"
            assert reply.problem["status"] == status


@answering
def test_an_answer_that_breaks_off_leaves_what_has_come_or_fails_by_name(
    served: Served, door: Door
) -> None:
    served.chat.pieces = ["ROS 2 ", RetryLater("gone")]
    reply = door.ask(served.http, QUESTION, {})
    if reply.partial:
        assert reply.partial.startswith("ROS 2 ")
        assert reply.code in ("model_unavailable", "unnamed")  # AI SDK's errors have no code
    else:
        assert reply.code == "model_unavailable"
    assert eventually(lambda: served.services.slots.taken == 0)


@every_door
def test_an_unexpected_error_says_nothing_of_the_inside_at_any_door(
    served: Served, door: Door
) -> None:
    if door.answers:
        served.chat.pieces = [ValueError(SECRET)]
    else:
        served.store.fails["store"] = ValueError(SECRET)  # type: ignore[assignment]  # nobody saw it coming
    reply = door.ask(served.http, QUESTION, {})
    assert reply.code in ("internal", "unnamed")  # AI SDK's errors have no code
    assert reply.status in (500, 200)  # passages may have come before
    assert SECRET[:7] not in str(reply)


ODD = [
    "\x00",
    "What is \x00 ROS 2?",
    "\u202egnihtyna\u202c ROS",
    "😀" * 2000,
    "e\u0301" * 900,
    "\u0000" * 2000,
    "﷽" * 2000,
    "ا" * 2000,
    "{{question}} {0} %s ${jndi:ldap://x}",
    "<script>alert(1)</script> ROS",
    "'; DROP TABLE turns; --",
    "\ufeff\u200b\u2060",
    "\u2028\u2029\x85",
    "../../../etc/passwd",
    "data: [DONE]\n\nevent: end\n\n",
]


@every_door
def test_no_odd_question_is_more_than_refused(served: Served, door: Door) -> None:
    for question in ODD:
        reply = door.ask(served.http, question, {})
        assert reply.code in ("ok", "invalid_request"), question
    assert door.ask(served.http, QUESTION, {}).code == "ok"
    assert eventually(lambda: served.services.slots.taken == 0)


DAMAGED = [
    b"",
    b"{",
    b"null",
    b"[]",
    b"7",
    b'"text"',
    b"\x00",
    b"\xff\xfe\x00",
    b"[" * 100_000,
    b'{"a":' * 100_000,
    b'{"input":{"question":' + b"[" * 50_000 + b"]" * 50_000 + b"}}",
    b'{"input":{"question":"\\ud800"},"messages":[{"role":"user","content":"\\ud800"}]}',
    b'{"input":{"question":NaN},"messages":NaN,"method":NaN}',
    b'{"input":1,"input":{"question":"x","question":7},"messages":[],"messages":7}',
    b'{"input":{"question":' + b"9" * 5000 + b'},"messages":[{"role":"user","content":1e999}]}',
    b'{"inputs":[{"question":"a"},null,7]}',
    b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"ask","arguments":[]}}',
    b'{"jsonrpc":"2.0","id":{},"method":"\\u0000","params":null}',
    b'{"messages":[{"role":"user","parts":[{"type":"text","text":"\\ud800"}]}]}',
    b'{"messages":[{"role":"user","parts":[null]}],"id":"\\u0000"}',
]
KINDS = ["application/json", "text/plain", "application/xml", "application/json; charset=utf-16"]


@pytest.mark.parametrize("path", POSTS)
def test_no_damaged_body_is_more_than_refused(
    served: Served, path: str, caplog: pytest.LogCaptureFixture
) -> None:
    accept = {"Accept": "application/json, text/event-stream"}
    for number, body in enumerate(DAMAGED):
        kind = KINDS[number % len(KINDS)] if number % 3 else KINDS[0]
        response = served.http.post(path, content=body, headers={**accept, "Content-Type": kind})
        assert response.status_code < 500, (path, body[:80], response.text)
        assert "Traceback" not in response.text
    assert not [r for r in caplog.records if r.levelno >= logging.ERROR]
    assert eventually(lambda: served.services.slots.taken == 0)


@pytest.mark.parametrize("path", POSTS)
@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_that_is_too_long_is_refused_at_every_door(
    served: Served, path: str, chunked: bool
) -> None:
    def pieces() -> Iterator[bytes]:
        for _ in range(MAX_BODY // 65536 + 1):
            yield b" " * 65536

    content: Any = pieces() if chunked else b" " * (MAX_BODY + 1)
    headers = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}
    try:
        response = served.http.post(path, content=content, headers=headers)
    except (httpx.WriteError, httpx.RemoteProtocolError):
        pytest.skip("the server closed the connection before all was sent")
    assert response.status_code == 413
    found = response.json()
    assert found.get("error", found)["code"] in ("invalid_request", "internal")
    assert served.http.get("/health/live").status_code == 200


# The answers of the WebSocket go on, to be resumed.
@pytest.mark.parametrize("door", [d for d in DOORS if d.answers and d.route], ids=str)
def test_a_client_that_leaves_stops_the_model_at_every_door(served: Served, door: Door) -> None:
    served.chat.gate = asyncio.Event()
    with httpx.Client(base_url=served.url, timeout=0.5) as http, pytest.raises(httpx.ReadTimeout):
        door.ask(http, QUESTION, {})
    assert eventually(lambda: served.chat.closed == [True])
    assert eventually(lambda: served.services.slots.taken == 0)


def test_every_route_that_takes_a_question_stands_in_the_list(served: Served) -> None:
    document = served.http.get("/openapi.json").json()
    posts = {path for path, methods in document["paths"].items() if "post" in methods}
    others = {
        "/sessions",
        "/sessions/{session_id}/share",
        "/answers/{answer_id}/feedback",
        "/admin/index",
        "/admin/index/rollback",
    }
    assert posts - others <= {*POSTS}, json.dumps(sorted(posts))
