"""Clients that send slowly, or open many sockets: real sockets against a real server."""

import asyncio
import contextlib
import http.client
import json
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from typing import Any

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from api.app import create_app
from api.observability.telemetry import Metrics
from api.process.draining import DrainingWebSocket
from api.protection.addresses import networks
from api.protection.connections import SocketLimits, guarded
from settings import load_settings
from standins.server import serve
from tests.api.conftest import PIECES, QUESTION, make_services
from tests.fakes import ScriptedChat

HEAD, BODY = 0.5, 0.5
BODY_OF_A_QUESTION = json.dumps({"input": {"question": QUESTION}}).encode()
POST = (
    b"POST /chat/invoke HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    b"Content-Length: %d\r\n\r\n" % len(BODY_OF_A_QUESTION)
)


@pytest.fixture
def trusted() -> tuple[str, ...]:
    return ()


@pytest.fixture
def address(trusted: tuple[str, ...]) -> Iterator[tuple[str, int]]:
    settings, metrics = load_settings(rate_limit="0"), Metrics()
    services = make_services(settings, ScriptedChat(pieces=PIECES), metrics)
    app = create_app(settings, services, metrics=metrics)
    limits = SocketLimits(5, networks(trusted), head_seconds=HEAD, body_seconds=BODY)
    options: dict[str, Any] = {"ws": DrainingWebSocket, "lifespan": "on", "http": guarded(limits)}
    with serve(app, **options) as url:
        host, port = url.removeprefix("http://").split(":")
        yield host, int(port)


def rest(sock: socket.socket) -> bytes:
    """All that the server says until it closes; a server that does not close is a failure."""
    sock.settimeout(20)
    said = b""
    with closing(sock):
        while piece := sock.recv(65536):
            said += piece
    return said


def opened(address: tuple[str, int], *first: bytes) -> socket.socket:
    sock = socket.create_connection(address)
    for piece in first:
        sock.sendall(piece)
    return sock


@pytest.mark.parametrize(
    "sent",
    [b"", b"G", b"GET / HTTP/1.1\r\n", b"GET / HTTP/1.1\r\nHost: x\r\nX-A: ", POST, POST + b"{"],
)
def test_a_request_that_never_ends_is_ended(address: tuple[str, int], sent: bytes) -> None:
    begun = time.monotonic()
    said = rest(opened(address, sent))
    assert time.monotonic() - begun < 15
    assert not said.startswith(b"HTTP/1.1 200")


def test_a_byte_now_and_then_buys_no_time(address: tuple[str, int]) -> None:
    sock = opened(address, b"GET / HTTP/1.1\r\nHost: x\r\n")
    sock.settimeout(HEAD / 10)
    for _ in range(200):
        try:
            sock.sendall(b"X-A: 1\r\n")
            if sock.recv(100):
                break
        except TimeoutError:
            continue
        except OSError:
            break
    else:
        pytest.fail("the server listened for twenty times its patience")
    sock.close()


def test_a_request_in_two_pieces_is_answered_again_and_again(address: tuple[str, int]) -> None:
    for _ in range(3):
        sock = opened(address, POST[:20], POST[20:], BODY_OF_A_QUESTION[:9])
        sock.sendall(BODY_OF_A_QUESTION[9:])
        sock.settimeout(20)
        with closing(sock):
            assert sock.recv(100).startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize(
    "piece",
    [b"a" * 65536, b"a\r\nX-A: " * 8192, b"a\r\n b"],
    ids=["one long header", "many headers", "folded"],
)
def test_a_head_without_an_end_is_refused_before_it_takes_memory(
    address: tuple[str, int], piece: bytes
) -> None:
    sock = opened(address, b"GET / HTTP/1.1\r\nHost: x\r\nX-A: ")
    sock.settimeout(20)
    with closing(sock):
        sent = 0
        with contextlib.suppress(OSError):  # it closed
            while sent < 16 << 20:
                sock.sendall(piece)
                sent += len(piece)
        assert sent < 16 << 20
    with closing(opened(address, b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n")) as other:
        assert other.recv(100).startswith(b"HTTP/1.1 200")


def test_what_stands_beside_a_chunked_body_is_counted_too(address: tuple[str, int]) -> None:
    head = POST.replace(
        b"Content-Length: %d" % len(BODY_OF_A_QUESTION), b"Transfer-Encoding: chunked"
    )
    sock = opened(address, head + b"1\r\n{\r\n0\r\n")
    sent = 0
    with closing(sock), contextlib.suppress(OSError):  # it closed
        while sent < 64 << 20:
            sock.sendall(b"X-A: b\r\n" * 8192)
            sent += 65536
    assert sent < 64 << 20


def test_who_leaves_while_requests_wait_in_line_is_no_error(
    address: tuple[str, int], caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(10):
        with closing(
            opened(
                address, b"GET /docs/files/swagger-ui-bundle.js HTTP/1.1\r\nHost: x\r\n\r\n" * 50
            )
        ) as sock:
            sock.settimeout(20)
            sock.recv(1000)
    for _ in range(3):
        with closing(opened(address, b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n")) as other:
            other.settimeout(20)
            assert other.recv(100).startswith(b"HTTP/1.1 200")
    assert [r.message for r in caplog.records if r.levelname in ("ERROR", "WARNING")] == []


def test_long_headers_of_real_clients_pass_again_and_again(address: tuple[str, int]) -> None:
    connection = http.client.HTTPConnection(*address, timeout=20)
    with closing(connection):
        for _ in range(6):
            connection.request("GET", "/health/live", headers={"X-Cookie": "c" * 30_000})
            response = connection.getresponse()
            assert (response.status, response.read()) == (200, b'{"status":"ok"}')


def test_a_handshake_that_is_refused_is_no_error(
    address: tuple[str, int], caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(InvalidStatus) as refused:
        connect(f"ws://{address[0]}:{address[1]}/nowhere")
    assert refused.value.response.status_code == 404
    assert [r for r in caplog.records if r.levelname == "ERROR"] == []


def test_one_socket_too_many_is_told_to_come_back_and_those_inside_go_on(
    address: tuple[str, int],
) -> None:
    url = f"ws://{address[0]}:{address[1]}/ws/chat"
    with ExitStack() as stack:
        held = [stack.enter_context(connect(url)) for _ in range(5)]
        for one in held:
            one.recv(20)
        said = rest(opened(address))
        assert said.startswith(b"HTTP/1.1 503")
        assert b"retry-after: 5" in said
        asyncio.run(asyncio.sleep(HEAD * 2))  # longer than any request may take to arrive
        for one in held:
            one.send(json.dumps({"type": "ping"}))
            assert json.loads(one.recv(20)) == {"type": "pong"}
    with closing(opened(address, b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n")) as sock:
        assert sock.recv(100).startswith(b"HTTP/1.1 200")


class TestBehindOurProxy:
    @pytest.fixture
    def trusted(self) -> tuple[str, ...]:
        return ("127.0.0.0/8",)

    def test_a_proxy_holds_as_many_as_its_readers_need(self, address: tuple[str, int]) -> None:
        held = [opened(address, b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n") for _ in range(20)]
        for sock in held:
            sock.settimeout(20)
            with closing(sock):
                assert sock.recv(100).startswith(b"HTTP/1.1 200")
