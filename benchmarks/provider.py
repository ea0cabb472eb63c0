"""A Cohere that keeps time for a thousand answers at once, for benchmarks of whole services.

``python -m benchmarks.provider --port N``. It speaks the shapes of the tests' stand-in, but on
bare sockets: there a thousand streams need a core of their own and would measure themselves.
Every event is an HTTP chunk of its own; times are absolute, so a slow client slows nothing down.
"""

import argparse
import asyncio
import re
from collections.abc import Iterator
from typing import Any, Final

import orjson
import uvloop

from standins import cohere_shapes as shapes
from standins.model import Reply, tokens_of

EMBED_SECONDS: Final = 0.080
RERANK_SECONDS: Final = 0.080
FIRST_TOKEN_SECONDS: Final = 0.300
TOKEN_SECONDS: Final = 0.015
TOKENS: Final = 120
_QUOTED_WORDS: Final = 30
_QUOTES: Final = 3
_LENGTH: Final = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
_HEAD: Final = b"HTTP/1.1 200 OK\r\nContent-Type: %s\r\n%s\r\n\r\n"
_END: Final = b"0\r\n\r\n"


class Provider(asyncio.Protocol):
    """One keep-alive connection."""

    def __init__(self) -> None:
        self._got = b""
        self._transport: Any = None
        self._due: asyncio.TimerHandle | None = None
        self._loop = asyncio.get_running_loop()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Called by the loop."""
        self._transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        """Stops the answer that nobody reads."""
        if self._due:
            self._due.cancel()

    def data_received(self, data: bytes) -> None:
        """Answers each request that is complete."""
        self._got += data
        while b"\r\n\r\n" in self._got:
            head, rest = self._got.split(b"\r\n\r\n", 1)
            found = _LENGTH.search(head)
            length = int(found.group(1)) if found else 0
            if len(rest) < length:
                return
            self._got = rest[length:]
            self._answer(head.split(b" ", 2)[1].decode(), rest[:length])

    def _answer(self, path: str, raw: bytes) -> None:
        body = orjson.loads(raw) if raw else {}
        if path.endswith("/chat"):
            self._stream(_events(body))
        elif path.endswith("/rerank"):
            self._later(RERANK_SECONDS, _ranked(body))
        elif path.endswith("/embed"):
            embed = shapes.embed_v1 if path.startswith("/v1") else shapes.embed_v2
            # Many texts are a book being indexed, which is not what is timed.
            self._later(EMBED_SECONDS if len(body["texts"]) == 1 else 0.0, embed(body))
        else:
            self._later(0.0, shapes.list_models(body))

    def _later(self, seconds: float, answer: Any) -> None:
        body = orjson.dumps(answer)
        head = _HEAD % (b"application/json", b"Content-Length: %d" % len(body))
        self._due = self._loop.call_later(seconds, self._transport.write, head + body)

    def _stream(self, events: list[bytes]) -> None:
        begun = self._loop.time()
        head = _HEAD % (b"text/event-stream", b"Transfer-Encoding: chunked")
        position = 0

        def due(index: int) -> float:
            return begun + FIRST_TOKEN_SECONDS + index * TOKEN_SECONDS

        def send() -> None:
            nonlocal position, head
            # What is due by now goes in one write, as from a sender that fell behind.
            ready, now = [head], self._loop.time()
            head = b""
            while position < len(events) and due(position) <= now + TOKEN_SECONDS / 10:
                ready.append(events[position])
                position += 1
            self._transport.write(b"".join(ready))
            if position < len(events):
                self._due = self._loop.call_at(due(position), send)

        self._due = self._loop.call_at(due(0), send)


def _ranked(body: dict[str, Any]) -> dict[str, Any]:
    """The documents in the order they came; scoring them would take the time of an answer."""
    count = min(len(body["documents"]), body.get("top_n") or len(body["documents"]))
    results = [{"index": i, "relevance_score": round(0.99 - i / 100, 2)} for i in range(count)]
    meta = {"api_version": {"version": "2"}, "billed_units": {"search_units": 1}}
    return {"id": "00000000-0000-4000-8000-000000000000", "results": results, "meta": meta}


def _events(body: dict[str, Any]) -> list[bytes]:
    """HTTP chunks, one for each token; what comes between two tokens goes with the later one."""
    reply = _reply(body.get("documents") or [])
    message: dict[str, Any] = {"content": [{"type": "text", "text": reply.text}]}
    units = {"input_tokens": 1000, "output_tokens": TOKENS}
    response = {
        "id": "00000000-0000-4000-8000-000000000000",
        "finish_reason": "COMPLETE",
        "message": message | ({"citations": reply.citations} if reply.citations else {}),
        "usage": {"billed_units": units, "tokens": units},
    }
    chunks, waiting = [], b""
    for event in shapes.stream_events(response, fast=True):
        waiting += _chunk(shapes.as_sse(event))
        if event["type"] == "content-delta":
            chunks.append(waiting)
            waiting = b""
    chunks[-1] += waiting + _chunk(b"data: [DONE]\n\n") + _END
    return chunks


def _chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


def _reply(documents: list[dict[str, Any]]) -> Reply:
    """The beginnings of the first documents, each cited, filled up to ``TOKENS`` tokens."""
    reply = Reply("From the book:")
    for document in documents[:_QUOTES]:
        quote = " ".join(_words(str(document["data"]["text"]))) or "nothing"
        start = len(reply.text) + 1
        reply.text += f" {quote}"
        source = {"type": "document", "id": document["id"], "document": document["data"]}
        cited = {"start": start, "end": len(reply.text), "text": quote, "sources": [source]}
        reply.citations.append({**cited, "content_index": 0, "type": "TEXT_CONTENT"})
    missing = TOKENS - len(tokens_of(reply.text))
    return Reply(reply.text + " and" * missing, reply.citations)


def _words(text: str) -> Iterator[str]:
    return iter(text.split()[:_QUOTED_WORDS])


def main(arguments: list[str] | None = None) -> None:
    """Serves until interrupted."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    port = parser.parse_args(arguments).port

    async def run() -> None:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(Provider, "127.0.0.1", port, backlog=2048)
        await server.serve_forever()

    uvloop.run(run())


if __name__ == "__main__":
    main()
