"""SIGTERM while an answer runs: it ends first, then the sockets are told to come back."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from standins.cohere import KEY, CohereStandIn
from standins.qdrant import QdrantStandIn
from standins.server import free_port, serve
from tests.api.test_outages import eventually
from tests.api.test_websocket import ask, receive, until
from tests.processes import environment, write_book


async def started(env: dict[str, str], cwd: Path) -> asyncio.subprocess.Process:
    """``python -m api``, once it answers."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "api", cwd=cwd, env=env,
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert process.stderr is not None
    said = b""
    while b"Application startup complete" not in said:
        line = await asyncio.wait_for(process.stderr.readline(), 60)
        assert line, said.decode()
        said += line
    # It listens before the book is indexed.
    health = f"http://127.0.0.1:{env['PORT']}/health"
    assert await asyncio.to_thread(eventually, lambda: _whole(health), 60)
    return process


def _whole(health: str) -> bool:
    book = httpx.get(health, timeout=10).json()["parts"]["book"]
    return bool(book["status"] == "ok" and book.get("embedded", 1.0) == 1.0)


async def closing(socket: Any) -> int | None:
    with pytest.raises(ConnectionClosed) as closed:
        while True:
            await receive(socket)
    assert closed.value.rcvd is not None
    return closed.value.rcvd.code


@pytest.mark.parametrize("workers", ["1", "2"])
async def test_the_running_answer_ends_then_everybody_is_closed_with_1012(
    tmp_path: Path, workers: str
) -> None:
    cohere = CohereStandIn()
    with serve(cohere) as url, serve(QdrantStandIn()) as qdrant:
        port = free_port()
        env = environment(
            tmp_path,
            BOOK_DIR=str(write_book(tmp_path / "book")),
            COHERE_API_KEY=KEY,
            COHERE_BASE_URL=url,
            PORT=str(port),
            QDRANT_URL=qdrant,
            WEB_CONCURRENCY=workers,
        )
        process = await started(env, tmp_path)
        assert process.stderr is not None
        log = asyncio.create_task(process.stderr.read())
        address = f"ws://127.0.0.1:{port}/ws/chat"
        cohere.latency.token_ms = 60
        async with connect(address) as busy, connect(address) as idle:
            await receive(busy)
            await receive(idle)
            await ask(busy, question="How fast does the balance controller of a humanoid run?")
            await until(busy, "token")
            cohere.latency.token_ms = 2000  # the answer takes its time until it is told otherwise
            os.kill(process.pid, signal.SIGTERM)
            await until(busy, "token")
            if workers == "1":
                await _nobody_new(idle, port)
            cohere.latency.token_ms = 5
            done = (await until(busy, "done"))[-1]
            assert done["answer"]["status"] == "answered"
            assert await closing(busy) == 1012
            assert await closing(idle) == 1012
        assert await asyncio.wait_for(process.wait(), 30) == 0
        written = await log
        assert b"Traceback" not in written
        assert b"answer answered" in written
    turns = json.dumps(done["answer"]["citations"])
    assert "1000 Hz" in turns


async def _nobody_new(idle: Any, port: int) -> None:
    """Neither a connection nor a question."""
    # It looks for the signal ten times a second.
    assert await asyncio.to_thread(eventually, lambda: not _listens(port))
    await ask(idle, question="What is the capture point of a robot?")
    refused = await receive(idle)
    assert (refused["type"], refused["code"]) == ("error", "overloaded")
    assert refused["retry_after"] > 0


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=5).close()
    except OSError:
        return False
    return True


ASKED = "How fast does the balance controller of a humanoid run?"
MCP_ASK = {"name": "ask", "arguments": {"question": "How far ahead does the capture point lie?"}}
STREAMED: list[tuple[str, dict[str, Any], bytes]] = [
    ("/chat/stream", {"input": {"question": ASKED}}, b"event: end"),
    (
        "/mcp",
        {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": MCP_ASK},
        b'"status":"answered"',
    ),
]


async def test_answers_over_server_sent_events_end_before_the_process_does(
    tmp_path: Path,
) -> None:
    cohere = CohereStandIn()
    with serve(cohere) as url:
        port = free_port()
        env = environment(
            tmp_path,
            BOOK_DIR=str(write_book(tmp_path / "book")),
            COHERE_API_KEY=KEY,
            COHERE_BASE_URL=url,
            PORT=str(port),
        )
        process = await started(env, tmp_path)
        assert process.stderr is not None
        log = asyncio.create_task(process.stderr.read())
        cohere.latency.token_ms = 60
        streams = [await _posted(port, path, body) for path, body, _ in STREAMED]
        assert await cohere.until(lambda: cohere.paths().count("/v2/chat") == len(streams), 60)
        os.kill(process.pid, signal.SIGTERM)
        for (_, _, end), (reader, writer) in zip(STREAMED, streams, strict=True):
            came = await asyncio.wait_for(reader.read(), 30)
            writer.close()
            assert end in came
            assert b"event: error" not in came
        assert await asyncio.wait_for(process.wait(), 30) == 0
        await log


async def _posted(
    port: int, path: str, body: dict[str, Any]
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A connection over which the answer will come."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    content = json.dumps(body)
    writer.write(
        f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        "Accept: application/json, text/event-stream\r\n"
        f"Connection: close\r\nContent-Length: {len(content)}\r\n\r\n{content}".encode()
    )
    return reader, writer


@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGINT])
async def test_a_start_that_takes_long_can_be_stopped(tmp_path: Path, sent: signal.Signals) -> None:
    cohere = CohereStandIn()
    cohere.fail("/v2/embed", "hang")
    with serve(cohere) as url:
        env = environment(
            tmp_path,
            BOOK_DIR=str(write_book(tmp_path / "book")),
            COHERE_API_KEY=KEY,
            COHERE_BASE_URL=url,
            PORT=str(free_port()),
        )
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "api", cwd=tmp_path, env=env, stderr=subprocess.PIPE
        )
        assert process.stderr is not None
        log = asyncio.create_task(process.stderr.read())
        assert await cohere.until(lambda: "/v2/embed" in cohere.paths(), 60)
        process.send_signal(sent)
        assert await asyncio.wait_for(process.wait(), 30) == 0
        assert b"Traceback" not in await log
