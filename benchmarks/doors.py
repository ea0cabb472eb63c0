"""Every door that can cost a call, behind one interface: a new door joins by one line.

The guard's tests, the fault matrix, the attacks and the soak run over ``DOORS``.
"""

import re
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


# OpenAI's own words for our codes.
_OPENAI: Final = {
    "rate_limit_exceeded": "rate_limited",
    "insufficient_quota": "budget_exhausted",
    "model_not_found": "not_found",
    "invalid_api_key": "unauthorized",
}


def _openai_refused(response: httpx.Response) -> Reply:
    error = response.json()["error"]
    wait = response.headers.get("retry-after")
    problem = {**error, "code": _OPENAI.get(error["code"], error["code"])}
    return Reply(response.status_code, problem=problem, retry_after=float(wait) if wait else None)


def _completed(
    http: httpx.Client, question: str, headers: Mapping[str, str], *, stream: bool
) -> httpx.Response:
    messages = [{"role": "user", "content": question}]
    body = {"model": "book-chat", "messages": messages, "stream": stream}
    return http.post("/v1/chat/completions", json=body, headers=dict(headers))


def _completions(http: httpx.Client, question: str, headers: Mapping[str, str]) -> Reply:
    response = _completed(http, question, headers, stream=False)
    if response.status_code != 200:
        # The guard refuses a foreign page before the door is reached.
        named = "error" in response.json()
        return _openai_refused(response) if named else _refused(response)
    message = response.json()["choices"][0]["message"]
    return Reply(200, {"answer": message["content"], "sources": message.get("annotations", [])})


def _data(text: str) -> list[Any]:
    lines = [line[6:] for line in text.splitlines() if line.startswith("data: ")]
    return [orjson.loads(line) for line in lines if line != "[DONE]"]


def _completions_stream(http: httpx.Client, question: str, headers: Mapping[str, str]) -> Reply:
    response = _completed(http, question, headers, stream=True)
    if response.status_code != 200:
        named = "error" in response.json()
        return _openai_refused(response) if named else _refused(response)
    text, notes = "", list[Any]()
    for chunk in _data(response.text):
        if "error" in chunk:
            code = _OPENAI.get(chunk["error"]["code"], chunk["error"]["code"])
            return Reply(200, problem={**chunk["error"], "code": code}, partial=text)
        for choice in chunk["choices"]:
            text += choice["delta"].get("content") or ""
            notes += choice["delta"].get("annotations") or []
    return Reply(200, {"answer": text, "sources": notes})


def _ai_sdk(http: httpx.Client, question: str, headers: Mapping[str, str]) -> Reply:
    message = {"id": "m", "role": "user", "parts": [{"type": "text", "text": question}]}
    response = http.post("/ai-sdk", json={"messages": [message]}, headers=dict(headers))
    if response.status_code != 200:
        return _refused(response)
    text = ""
    for part in _data(response.text):
        if part["type"] == "text-delta":
            text += part["delta"]
        elif part["type"] == "error":
            # The protocol has a text for people here and no code.
            return Reply(200, problem={"code": "unnamed", **part}, partial=text)
    return Reply(200, {"answer": text, "sources": [text]})


_MCP: Final = {
    "Accept": "application/json, text/event-stream",
    "MCP-Protocol-Version": "2025-11-25",
}
_CODE: Final = re.compile(r"\(([a-z_]+)(?:, try again in (\d+) s)?\)$")


def _tool(name: str, argument: str) -> Ask:
    def ask(http: httpx.Client, question: str, headers: Mapping[str, str]) -> Reply:
        params = {"name": name, "arguments": {argument: question}}
        body = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}
        response = http.post("/mcp", json=body, headers={**_MCP, **headers})
        if response.status_code != 200:
            return _refused(response)
        streamed = response.headers["content-type"].startswith("text/event-stream")
        result = (_data(response.text)[-1] if streamed else response.json())["result"]
        if not result.get("isError"):
            found = result["structuredContent"]
            return Reply(200, {"sources": found.get("results"), **found})
        text = result["content"][0]["text"]
        code = _CODE.search(text)
        assert code, text
        wait = float(code[2]) if code[2] else None
        return Reply(200, problem={"code": code[1], "detail": text}, retry_after=wait)

    return ask


@dataclass(frozen=True)
class Door:
    """One way in."""

    name: str
    ask: Ask
    answers: bool = True
    """False: passages only, no chat model."""
    route: str = ""
    """Where a body is posted to; empty where there is none."""
    statuses: bool = True
    """False: an error is told inside of a response with status 200."""

    def __str__(self) -> str:
        return self.name


DOORS: Final = (
    Door("invoke", _invoke, route="/chat/invoke"),
    Door("batch", _batch, route="/chat/batch"),
    Door("stream", _stream, route="/chat/stream"),
    Door("playground", _playground, route="/chat/playground/stream_log"),
    Door("websocket", _websocket, statuses=False),
    Door("search", _search, answers=False),
    Door("completions", _completions, route="/v1/chat/completions"),
    Door("completions-stream", _completions_stream, route="/v1/chat/completions"),
    Door("ai-sdk", _ai_sdk, route="/ai-sdk"),
    Door("mcp-ask", _tool("ask", "question"), route="/mcp", statuses=False),
    Door("mcp-search", _tool("search", "query"), answers=False, route="/mcp", statuses=False),
)
