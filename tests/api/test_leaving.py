"""Clients that leave, pages that people see, and what no stranger may learn."""

import json
import re
import socket
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import connect

from benchmarks.doors import DOORS
from tests.api.conftest import QUESTION, Served

BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
EXTERNAL = re.compile(r"""(?:src|href)=["'](?:https?:)?//""")


@pytest.mark.parametrize("path", sorted({door.route for door in DOORS if door.route}))
def test_uploads_that_are_broken_off_are_no_errors(
    served: Served, path: str, caplog: pytest.LogCaptureFixture
) -> None:
    host, port = served.url.removeprefix("http://").split(":")
    head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    for _ in range(25):
        with socket.create_connection((host, int(port))) as sock:
            sock.sendall(f"{head}Content-Length: 5000\r\n\r\n".encode() + b'{"input":')
    assert served.http.get("/health/live").status_code == 200
    assert "unexpected" not in caplog.text
    assert "Traceback" not in caplog.text
    assert "refused:internal" not in served.http.get("/metrics").text


async def test_a_stranger_who_resumes_an_answer_does_not_learn_its_session(served: Served) -> None:
    async with connect(served.ws) as reader:
        own = json.loads(await reader.recv())["session_id"]
        await reader.send(json.dumps({"type": "ask", "id": "q", "question": QUESTION}))
        frames = [json.loads(await reader.recv())]
        while frames[-1]["type"] != "done":
            frames.append(json.loads(await reader.recv()))
        assert frames[-1]["answer"]["session_id"] == own
    async with connect(served.ws) as stranger:
        await stranger.recv()
        answer_id = frames[0]["answer_id"]
        await stranger.send(json.dumps({"type": "resume", "answer_id": answer_id, "after": -1}))
        seen = ""
        while '"done"' not in seen:
            seen += str(await stranger.recv())
    assert own not in seen
    assert (
        frames[-1]["answer"]["answer"]
        in json.loads(seen[seen.index('{"type":"done"') :])["answer"]["answer"]
    )


@pytest.mark.parametrize("path", ["/", "/docs", "/chat/playground/", "/nowhere"])
def test_no_page_leaves_without_a_policy_that_keeps_it_here(served: Served, path: str) -> None:
    response = served.http.get(path, headers=BROWSER)
    assert response.headers["content-type"].startswith("text/html")
    rules = dict(
        r.strip().split(" ", 1) for r in response.headers["content-security-policy"].split(";")
    )
    assert rules["default-src"] == "'none'"
    for name, value in rules.items():
        if name != "frame-ancestors":
            assert not {"*", "http:", "https:", "ws:", "wss:"} & set(value.split()), name


def test_the_api_page_needs_no_other_host(served: Served) -> None:
    page = served.http.get("/docs").text
    assert not EXTERNAL.search(page)
    for path in re.findall(r'(?:src|href)="([^"]+)"', page):
        assert served.http.get(path).status_code == 200


@pytest.mark.parametrize("path", ["/nowhere", "/pages/nowhere", "/web/nowhere.js"])
def test_a_person_is_shown_a_page_and_a_program_a_problem(served: Served, path: str) -> None:
    def get(accept: str | None) -> httpx.Response:
        headers = {"Accept": accept} if accept else {}
        return served.http.get(path, headers=headers)

    page = get(BROWSER["Accept"])
    assert (page.status_code, page.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert page.headers["x-request-id"] in page.text
    for file in re.findall(r'(?:src|href)="([^"]+)"', page.text):
        assert served.http.get(file, headers=BROWSER).status_code in (200, 503), file
    for accept in (None, "*/*", "application/json", "application/problem+json, text/html"):
        problem: dict[str, Any] = get(accept).json()
        assert problem["code"] == "not_found"
