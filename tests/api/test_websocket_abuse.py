"""Thousands of bad frames, and readers who do not read: the server stays whole."""

import asyncio
import json
import socket
from functools import partial
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from websockets.asyncio.client import connect
from websockets.sync.client import connect as connect_now

from api.process.serving import PING_SECONDS, SILENT_SECONDS, _config
from api.shapes import frames
from errors import FixQuestion
from settings import load_settings
from tests.api.conftest import QUESTION, Served
from tests.api.test_outages import eventually
from tests.api.test_websocket import receive

_scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
_json = st.recursive(
    _scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
_names = st.sampled_from(
    ["id", "question", "answer_id", "after", "history", "section", "selected_text", "session_id"]
)
_kinds = st.sampled_from(["ask", "cancel", "resume", "ping", "ready", "done", "ASK", ""]) | _json
_frames = st.builds(
    lambda kind, fields: {"type": kind, **fields},
    _kinds,
    st.dictionaries(_names, _json, max_size=6),
)
_bad = st.one_of(
    _frames.map(json.dumps),
    _json.map(json.dumps),
    st.text(max_size=300),
    st.binary(max_size=300),
)


def _is_bad(frame: str | bytes) -> bool:
    try:
        parsed = frames.parse(frames.read(frame if isinstance(frame, str) else None))
    except FixQuestion:
        return True
    return not isinstance(parsed, frames.Ask | frames.Ping)


# The service runs in a thread beside: when it draws a random number, hypothesis takes it for ours.
@pytest.mark.filterwarnings("ignore:Do not use the `random` module inside strategies")
def test_two_thousand_bad_frames_are_each_answered_and_leave_nothing_behind(
    served: Served,
) -> None:
    sent = 0
    with connect_now(served.ws) as connection:
        connection.recv(10)

        @settings(
            max_examples=275,
            deadline=None,
            database=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        )
        @given(st.lists(_bad.filter(_is_bad), min_size=8, max_size=8))
        def fuzz(bad: list[str | bytes]) -> None:
            nonlocal sent
            sent += len(bad)
            for frame in bad:
                connection.send(frame)
                error = json.loads(connection.recv(10))
                assert error["type"] == "error"
                assert error["code"] in ("invalid_request", "not_found")

        fuzz()
        assert sent >= 2000
        connection.send('{"type":"ping"}')
        assert json.loads(connection.recv(10))["type"] == "pong"
    assert eventually(lambda: "book_chat_open_sockets 0.0" in served.http.get("/metrics").text)
    assert (served.services.runs.running, served.services.slots.taken) == (0, 0)
    assert 'status="500"' not in served.http.get("/metrics").text


def test_broken_handshakes_and_raw_bytes_leave_the_server_alive(served: Served) -> None:
    host, port = served.url.removeprefix("http://").split(":")
    upgrade = (
        f"GET /ws/chat HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    ).encode()
    for sent in (
        b"GARBAGE\r\n\r\n",
        upgrade.replace(b"13", b"99"),
        upgrade + b"\xff" * 64,
        upgrade + b"\x81\x05hello",  # not masked
        upgrade + b"\x81\xfe\xff\xff",  # a length, and then nothing
        upgrade[:40],
    ):
        with socket.create_connection((host, int(port)), timeout=10) as raw:
            raw.sendall(sent)
    assert served.http.get("/health/live").status_code == 200
    assert eventually(lambda: "book_chat_open_sockets 0.0" in served.http.get("/metrics").text)


async def test_a_reader_who_does_not_read_holds_up_nobody_and_can_resume(served: Served) -> None:
    big = "word " * 20_000
    served.chat.pieces = [big] * 60
    slow = await connect(served.ws, max_queue=1, ping_interval=None, compression=None).__aenter__()
    try:
        await receive(slow)
        await slow.send(json.dumps({"type": "ask", "id": "q1", "question": QUESTION}))
        start = await receive(slow)
        # Six megabytes wait for a reader who has stopped: the answer still ends ...
        ended = lambda: served.services.runs.running == 0  # noqa: E731 - a condition with a name
        assert await asyncio.to_thread(eventually, ended)
        served.chat.pieces = ["short"]
        async with connect(served.ws, max_size=2**24) as quick:
            await receive(quick)
            await quick.send('{"type":"ping"}')
            assert (await receive(quick))["type"] == "pong"
            # ... and can be had whole over another connection.
            resume = {"type": "resume", "answer_id": start["answer_id"], "after": -1}
            await quick.send(json.dumps(resume))
            text, frame = "", await receive(quick)
            while frame["type"] != "done":
                text += frame.get("text", "")
                frame = await receive(quick)
        assert text == big * 60
    finally:
        slow.transport.abort()
    assert await asyncio.to_thread(
        eventually, lambda: "book_chat_open_sockets 0.0" in served.http.get("/metrics").text
    )


async def test_a_reader_who_asks_and_never_reads_piles_nothing_up(served: Served) -> None:
    runs = served.services.runs
    slow = await connect(
        served.ws, max_queue=1, ping_interval=None, max_size=None, compression=None
    ).__aenter__()

    async def ask(number: int) -> None:
        asked = {"type": "ask", "id": f"q{number}", "question": f"{QUESTION} {number}"}
        await slow.send(json.dumps({**asked, "session_id": served.memory.new_session()}))

    def made(answers: int) -> bool:
        return (len(runs._runs), runs.running) == (answers, 0)

    try:
        await receive(slow)
        for number, pieces in enumerate((["word " * 20_000] * 200, ["short"])):
            served.chat.pieces = pieces
            await ask(number)
            assert await asyncio.to_thread(eventually, partial(made, number + 1))
        await ask(2)
        busy = 'book_chat_events_total{event="refused:busy"} 1.0'
        assert await asyncio.to_thread(eventually, lambda: busy in served.http.get("/metrics").text)
        ends: list[tuple[str, str | None]] = []
        while len(ends) < 3:
            frame = await receive(slow)
            if frame["type"] in ("done", "error"):
                ends.append((frame["id"], frame.get("code")))
        assert set(ends) == {("q0", None), ("q1", None), ("q2", "busy")}
    finally:
        slow.transport.abort()


def test_a_silent_peer_is_pinged_and_dropped_as_the_protocol_says() -> None:
    config: Any = _config("api.app:create_app", load_settings(), factory=True)
    assert config.ws_ping_interval == PING_SECONDS == 20
    assert config.ws_ping_interval + config.ws_ping_timeout == SILENT_SECONDS == 60
    assert config.ws_max_size == 64 * 1024
