"""Every door that can cost a call, behind one interface: a new door joins each suite by one line.

The guard's tests, the fault matrix and the budget's tests run over ``DOORS``.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import httpx
import orjson
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect


@dataclass(frozen=True)
class Reply:
    """What a client made of a door's response."""

    status: int
    """Of HTTP; 200 for a WebSocket that was opened."""
    output: dict[str, Any] | None = None
    """The answer, or what the search found."""
    problem: dict[str, Any] | None = None
    """``code`` and the like, from a problem document or an error frame."""
    partial: str = ""
    """Text that came before a problem."""
    retry_after: float | None = None

    @property
    def code(self) -> str:
        """The problem's code, or ``ok``."""
        return str(self.problem["code"]) if self.problem else "ok"


Ask = Callable[[httpx.Client, str, Mapping[str, str]], Reply]
"""Asks the question over a client whose base URL is the service, with extra headers."""


def _of_json(response: httpx.Response, read: Callable[[Any], dict[str, Any]]) -> Reply:
    if response.status_code == 200:
        return Reply(200, read(response.json()))
    return _refused(response)


def _refused(response: httpx.Response) -> Reply:
    wait = response.headers.get("retry-after")
    return Reply(
        response.status_code,
        problem=response.json(),
        retry_after=float(wait) if wait else None,
    )


def _invoke(http: httpx.Client, question: str, headers: Mapping[str, str]) -> Reply:
    body = {"input": {"question": question}}
    response = http.post("/chat/invoke", json=body, headers=dict(headers))
    return _of_json(response, lambda found: dict(found["output"]))


def _batch(http: httpx.Client, question: str, headers: Mapping[str, str]) -> Reply:
    body = {"inputs": [{"question": question}]}
    response = http.post("/chat/batch", json=body, headers=dict(headers))
    return _of_json(response, lambda found: dict(found["output"][0]))


def _search(http: httpx.Client, question: str, headers: Mapping[str, str]) -> Reply:
    response = http.get("/search", params={"q": question}, headers=dict(headers))
    return _of_json(response, dict)


def _events(text: str) -> list[tuple[str, Any]]:
    blocks = [b.splitlines() for b in text.replace("\r\n", "\n").split("\n\n") if b.strip()]
    named = [dict(line.split(": ", 1) for line in block if ": " in line) for block in blocks]
    return [(event["event"], orjson.loads(event.get("data", "null"))) for event in named]


def _streamed(
    http: httpx.Client, route: str, question: str, headers: Mapping[str, str]
) -> httpx.Response:
    return http.post(route, json={"input": {"question": question}}, headers=dict(headers))


def _stream(http: httpx.Client, question: str, headers: Mapping[str, str]) -> Reply:
    response = _streamed(http, "/chat/stream", question, headers)
    if response.status_code != 200:
        return _refused(response)
    total: dict[str, Any] = {"answer": ""}
    for name, data in _events(response.text):
        if name == "error":
            return Reply(200, problem=data, partial=total["answer"])
        if name == "data":
            total.update({k: v for k, v in data.items() if k != "answer"})
            total["answer"] += data.get("answer") or ""
    return Reply(200, total)


def _playground(http: httpx.Client, question: str, headers: Mapping[str, str]) -> Reply:
    response = _streamed(http, "/chat/playground/stream_log", question, headers)
    if response.status_code != 200:
        return _refused(response)
    events = _events(response.text)
    failed = [data for name, data in events if name == "error"]
    ops = [op for name, data in events if name == "data" for op in data["ops"]]
    if failed:
        texts = [o["value"].get("answer", "") for o in ops if o["path"].endswith("/-")]
        return Reply(200, problem=failed[0], partial="".join(texts))
    return Reply(200, next(op["value"] for op in ops if op["path"] == "/final_output"))


def _websocket(http: httpx.Client, question: str, headers: Mapping[str, str]) -> Reply:
    url = str(http.base_url).replace("http", "ws", 1).rstrip("/") + "/ws/chat"
    try:
        with connect(url, additional_headers=dict(headers), max_size=None) as socket:
            socket.recv(20)
            ask = {"type": "ask", "id": "q", "question": question}
            socket.send(orjson.dumps(ask).decode())
            return _until_the_end(lambda: orjson.loads(socket.recv(30)))
    except InvalidStatus as refused:
        return Reply(refused.response.status_code, problem=orjson.loads(refused.response.body))


def _until_the_end(receive: Callable[[], Any]) -> Reply:
    text = ""
    while True:
        frame = receive()
        match frame["type"]:
            case "token":
                text += frame["text"]
            case "done" | "cancelled":
                return Reply(200, frame["answer"])
            case "error":
                return Reply(200, problem=frame, partial=text, retry_after=frame.get("retry_after"))


@dataclass(frozen=True)
class Door:
    """One way in."""

    name: str
    ask: Ask
    answers: bool = True
    """False: passages only, no chat model."""

    def __str__(self) -> str:
        return self.name


DOORS: Final = (
    Door("invoke", _invoke),
    Door("batch", _batch),
    Door("stream", _stream),
    Door("playground", _playground),
    Door("websocket", _websocket),
    Door("search", _search, answers=False),
)
