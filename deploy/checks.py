"""What must hold of a deployed Book Chat, checked from outside as a reader's browser meets it."""

import asyncio
import json
import math
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, urldefrag, urlsplit

import httpx


class CheckFailedError(Exception):
    """The deployment does not do what it should; the text says what was seen."""


@dataclass
class Target:
    """The deployed service and what is asked of it."""

    http: httpx.AsyncClient
    url: str
    question: str
    origin: str | None = None
    load: int = 8
    max_seconds: float = 10.0
    answer: dict[str, Any] = field(default_factory=dict)
    """The first answer; later checks look at it."""

    @property
    def socket_url(self) -> str:
        """Address of the WebSocket."""
        return re.sub("^http", "ws", self.url) + "/ws/chat"


def expect(holds: object, otherwise: str) -> None:
    """Raises CheckFailedError with ``otherwise``."""
    if not holds:
        raise CheckFailedError(otherwise)


async def health(target: Target) -> str:
    """Live, ready, and every part (the database too) is reached."""
    for path in ("/health/live", "/health/ready", "/health"):
        response = await target.http.get(path)
        expect(response.status_code == 200, f"{path} answers {response.status_code}")
    report = response.json()
    away = [name for name, part in report["parts"].items() if part["status"] != "ok"]
    expect(not away, f"not reached: {', '.join(away)}")
    return (
        f"version {report['version']}, commit {report['commit']}, book {report['book_version']}, "
        f"parts {', '.join(report['parts'])}"
    )


async def page(target: Target) -> str:
    """The chat page and the widget are served, to HEAD as well."""
    for method, path, kind in (
        ("GET", "/", "text/html"),
        ("HEAD", "/", "text/html"),
        ("GET", "/widget.js", "javascript"),
        ("GET", "/chat/playground/", "text/html"),
    ):
        response = await target.http.request(method, path)
        expect(response.status_code == 200, f"{method} {path} answers {response.status_code}")
        given = response.headers.get("content-type", "")
        expect(kind in given, f"{method} {path} is {given or 'of no type'}")
    return "chat page, widget, playground"


async def headers(target: Target) -> str:
    """Security headers are set, errors are problem documents, the request id comes back."""
    sent = {"x-request-id": "smoke-1"}
    response = await target.http.post("/chat/invoke", json={"input": {}}, headers=sent)
    expect(response.status_code == 422, f"an empty question answers {response.status_code}")
    kind = response.headers.get("content-type", "")
    expect(kind.startswith("application/problem+json"), f"an error is {kind}")
    expect(response.json()["code"] == "invalid_request", "an error without its code")
    expect(response.headers.get("x-request-id") == "smoke-1", "X-Request-ID is not handed back")
    expect(response.headers.get("x-content-type-options") == "nosniff", "no nosniff header")
    return "problem documents, X-Request-ID, nosniff"


async def invoke(target: Target) -> str:
    """An answer comes whole; its citations are true to the letter and point to its sources."""
    response = await target.http.post("/chat/invoke", json={"input": {"question": target.question}})
    expect(response.status_code == 200, f"/chat/invoke answers {response.status_code}")
    answer = target.answer = response.json()["output"]
    expect(
        answer["status"] != "not_in_book",
        "the book does not answer the question; pass one that it answers with --question",
    )
    expect(answer["citations"], "the answer cites nothing")
    sources = {source["id"] for source in answer["sources"]}
    for citation in answer["citations"]:
        cited = answer["answer"][citation["start"] : citation["end"]]
        expect(cited == citation["text"], f"a citation's offsets give {cited!r}")
        expect(set(citation["source_ids"]) <= sources, "a citation without its source")
    expect("server-timing" in response.headers, "no Server-Timing header")
    count = len(answer["citations"])
    return f"{answer['status']} by {answer['model']}, {count} citations, all with their sources"


async def stream(target: Target) -> str:
    """Partial answers arrive one by one, sources first, and add up to an answer."""
    parts: list[dict[str, Any]] = []
    body = {"input": {"question": target.question}}
    async with target.http.stream("POST", "/chat/stream", json=body) as response:
        expect(response.status_code == 200, f"/chat/stream answers {response.status_code}")
        event = ""
        async for line in response.aiter_lines():
            if line.startswith("event:"):
                event = line[6:].strip()
                expect(event != "error", "the stream ended with an error")
            elif line.startswith("data:") and event == "data":
                parts.append(json.loads(line[5:]))
    expect(event == "end", "the stream did not end by itself")
    expect(parts and ("sources" in parts[0]), "sources do not come first")
    text = "".join(part.get("answer", "") for part in parts)
    expect(text, "the stream held no text")
    return f"{len(parts)} events"


async def citations(target: Target) -> str:
    """Every cited address answers and holds the heading that it names."""
    cited = {i for citation in target.answer["citations"] for i in citation["source_ids"]}
    urls = sorted({s["url"] for s in target.answer["sources"] if s["id"] in cited})
    outside = [url for url in urls if urlsplit(url).scheme in ("http", "https")]
    if not outside:
        return f"{len(urls)} paths, not followed: set BOOK_URL to cite whole addresses"
    for url in outside:
        address, anchor = urldefrag(url)
        try:
            response = await target.http.get(address, follow_redirects=True)
        except httpx.HTTPError as error:
            raise CheckFailedError(f"{address} cannot be reached: {error}") from error
        expect(response.status_code == 200, f"{address} answers {response.status_code}")
        named = re.compile(rf"""\bid=["']?{re.escape(unquote(anchor))}["'\s>]""")
        expect(not anchor or named.search(response.text), f"{address} has no heading #{anchor}")
    return f"{len(outside)} cited headings open"


async def search(target: Target) -> str:
    """Passages come without an answer."""
    response = await target.http.get("/search", params={"q": target.question, "k": 3})
    expect(response.status_code == 200, f"/search answers {response.status_code}")
    found = response.json()["sources"]
    expect(found, "/search finds nothing")
    return f"{len(found)} passages"


async def sessions(target: Target) -> str:
    """A conversation is kept, can be read back and is forgotten when asked to."""
    made = await target.http.post("/sessions")
    expect(made.status_code == 201, f"/sessions answers {made.status_code}")
    session_id = made.json()["session_id"]
    asked = {"input": {"question": target.question, "session_id": session_id}}
    answered = await target.http.post("/chat/invoke", json=asked)
    expect(answered.status_code == 200, f"/chat/invoke answers {answered.status_code}")
    kept = await target.http.get(f"/sessions/{session_id}/turns")
    expect(kept.status_code == 200 and kept.json()["turns"], "the turn was not kept")
    gone = await target.http.delete(f"/sessions/{session_id}")
    expect(gone.status_code == 204, f"deleting a session answers {gone.status_code}")
    left = await target.http.get(f"/sessions/{session_id}/turns")
    expect(not left.json().get("turns"), "the turns of a deleted session are still there")
    return "kept, read back, deleted"


async def latency(target: Target) -> str:
    """Readers who ask at the same time are answered in time."""
    if target.load < 1:
        return "not measured"

    async def ask(reader: int) -> float:
        # Written differently each time: an answer from the cache would tell little.
        body = {"input": {"question": target.question + "," * (reader + 1)}}
        started = time.perf_counter()
        response = await target.http.post("/chat/invoke", json=body)
        expect(response.status_code == 200, f"under load an answer is {response.status_code}")
        return time.perf_counter() - started

    seconds = sorted(await asyncio.gather(*(ask(n) for n in range(target.load))))
    p50, p95 = _quantile(seconds, 0.5), _quantile(seconds, 0.95)
    figures = f"{target.load} at once: p50 {p50:.2f} s, p95 {p95:.2f} s"
    expect(p95 <= target.max_seconds, f"{figures}, more than {target.max_seconds:g} s")
    return figures


def _quantile(ordered: Sequence[float], share: float) -> float:
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


async def operator(target: Target) -> str:
    """Metrics are served; admin routes are closed to strangers."""
    metrics = await target.http.get("/metrics")
    expect(metrics.status_code in (200, 403, 404), f"/metrics answers {metrics.status_code}")
    closed = await target.http.get("/admin/index")
    expect(closed.status_code in (401, 403, 404), f"/admin/index answers {closed.status_code}")
    seen = "served" if metrics.status_code == 200 else "not public"
    return f"metrics {seen}, admin closed ({closed.status_code})"
