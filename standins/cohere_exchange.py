"""One request to the Cohere stand-in and its answer, with whatever was told to go wrong."""

import asyncio
import contextlib
import socket
import struct
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, Final, Literal, Protocol

import orjson

from standins import cohere_shapes as shapes
from standins.cohere_shapes import Body, RefusedError

_ROUTES: Final[dict[str, Callable[[Body], Body]]] = {
    "/v1/embed": shapes.embed_v1,
    "/v2/embed": shapes.embed_v2,
    "/v1/rerank": shapes.rerank,
    "/v2/rerank": shapes.rerank,
    "/v1/models": shapes.list_models,
}
# A pause this long also listens for the client to go away; shorter ones look afterwards.
_LISTEN_SECONDS: Final = 0.1
_FOREVER: Final = 3600.0

Kind = Literal["status", "reset", "hang", "slow", "garbage", "cut", "stall", "spoil"]


@dataclass
class Latency:
    """Times in milliseconds; ``tokens`` fixes the length of every answer."""

    embed_ms: float = 0
    rerank_ms: float = 0
    first_token_ms: float = 0
    token_ms: float = 0
    tokens: int | None = None


@dataclass
class Fault:
    """What goes wrong on ``path`` for the next ``times`` requests (0: for ever).

    Before the first byte: ``status`` answers with it, ``reset`` drops the connection, ``hang``
    says nothing for ever, ``slow`` nothing for ``seconds``, ``garbage`` answers 200 with HTML.
    In a stream, after ``events`` events (or all, if there are fewer): ``cut`` drops the
    connection, ``stall`` says nothing more, ``spoil`` sends an event that is no JSON.
    """

    path: str
    kind: Kind = "status"
    status: int = 503
    retry_after: str | None = None
    times: int = 0
    model: str | None = None
    seconds: float = 0
    events: int = 5
    message: str = "upstream says SECRET-DETAIL"


@dataclass
class Recorded:
    """One request as it arrived; ``peer`` tells connections apart."""

    path: str
    body: Body
    headers: dict[str, str]
    peer: tuple[str, int]


class StandIn(Protocol):
    """What an exchange needs of the app that it belongs to."""

    key: str
    obedient: bool
    latency: Latency
    faults: list[Fault]
    requests: list[Recorded]
    aborted: list[Recorded]

    def paths(self) -> list[str]: ...
    def note(self, log: list[Recorded], recorded: Recorded) -> None: ...
    def fault_for(self, path: str, model: object) -> Fault | None: ...


class _GoneError(Exception):
    """The client went away, or was sent away."""


class Exchange:
    """One request and its answer."""

    def __init__(self, app: StandIn, scope: Any, receive: Any, send: Any) -> None:
        self._app, self._scope, self._receive, self._send = app, scope, receive, send
        self._path: str = scope["path"]
        self._gone: asyncio.Task[None] | None = None

    async def serve(self) -> None:
        body = await self._read()
        if self._path == "/_standin":
            await self._json(200, self._control(body))
            return
        headers = {k.decode(): v.decode() for k, v in self._scope["headers"]}
        recorded = Recorded(self._path, body, headers, tuple(self._scope["client"]))
        self._app.note(self._app.requests, recorded)
        self._gone = asyncio.ensure_future(self._until_disconnect())
        try:
            await self._answer(body, headers)
        except RefusedError as refused:
            await self._refuse(refused)
        except _GoneError:
            self._app.note(self._app.aborted, recorded)
        finally:
            self._gone.cancel()

    async def _answer(self, body: Body, headers: dict[str, str]) -> None:
        if headers.get("authorization") != f"Bearer {self._app.key}":
            raise RefusedError(401, "invalid api token")
        fault = self._app.fault_for(self._path, body.get("model"))
        if fault and await self._fail(fault):
            return
        latency = self._app.latency
        if self._path == "/v2/chat":
            await self._chat(body, fault)
        elif self._path in _ROUTES:
            answer = _ROUTES[self._path](body)
            await self._pause(latency.embed_ms if "embed" in self._path else latency.rerank_ms)
            await self._json(200, answer)
        else:
            raise RefusedError(404, "page not found")

    async def _fail(self, fault: Fault) -> bool:
        """True when the fault was the answer."""
        if fault.kind == "status":
            raise RefusedError(fault.status, fault.message, fault.retry_after)
        if fault.kind == "reset":
            await self._drop()
        if fault.kind == "hang":
            await self._pause(_FOREVER * 1000)
        if fault.kind == "slow":
            await self._pause(fault.seconds * 1000)
        if fault.kind == "garbage":
            await self._whole(200, b"<html>not Cohere</html>", b"text/html")
        return fault.kind == "garbage"

    async def _chat(self, body: Body, fault: Fault | None) -> None:
        latency = self._app.latency
        response = shapes.chat(body, latency.tokens, obedient=self._app.obedient)
        await self._pause(latency.first_token_ms)
        if not body.get("stream"):
            await self._pause(latency.token_ms * response["usage"]["tokens"]["output_tokens"])
            await self._json(200, response)
            return
        fast = (body.get("citation_options") or {}).get("mode") == "FAST"
        await self._start(200, (b"content-type", b"text/event-stream"))
        # Times are absolute: a provider's model does not slow down because a client is slow.
        now = asyncio.get_running_loop().time
        due = now()
        for index, event in enumerate(shapes.stream_events(response, fast)):
            if event["type"] == "content-delta":
                due += latency.token_ms / 1000
                await self._pause((due - now()) * 1000)
            if fault and index == fault.events:
                await self._break(fault)
            await self._part(shapes.as_sse(event))
        if fault and fault.events > index:
            await self._break(fault)
        await self._part(b"data: [DONE]\n\n")
        await self._send({"type": "http.response.body"})

    async def _break(self, fault: Fault) -> None:
        if fault.kind == "cut":
            await self._drop()
        if fault.kind == "stall":
            await self._pause(_FOREVER * 1000)
        if fault.kind == "spoil":
            await self._part(b"data: {not json\n\n")

    async def _drop(self) -> None:
        """Resets the TCP connection. ASGI has no word for it, so uvicorn's transport is used."""
        transport = self._send.__self__.transport
        linger = struct.pack("ii", 1, 0)
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        transport.abort()
        await self._pause(_FOREVER * 1000)

    async def _pause(self, milliseconds: float) -> None:
        """Sleeps; ends the exchange when the client goes away meanwhile."""
        assert self._gone
        seconds = milliseconds / 1000
        if seconds >= _LISTEN_SECONDS:
            await asyncio.wait({self._gone}, timeout=seconds)
        elif seconds > 0:
            await asyncio.sleep(seconds)
        if self._gone.done():
            raise _GoneError

    async def _until_disconnect(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass

    async def _read(self) -> Body:
        raw, more = bytearray(), True
        while more:
            message = await self._receive()
            raw += message.get("body", b"")
            more = message.get("more_body", False)
        body: Body = {}
        with contextlib.suppress(orjson.JSONDecodeError):
            body = orjson.loads(raw)
        return body

    def _control(self, body: Body) -> Body:
        app = self._app
        for name, value in body.get("latency", {}).items():
            setattr(app.latency, name, value)
        if "faults" in body:
            app.faults[:] = [Fault(**f) for f in body["faults"]]
        seen = {"requests": app.paths(), "aborted": [r.path for r in app.aborted]}
        if body.get("clear"):
            app.requests.clear()
            app.aborted.clear()
        return seen | {"latency": asdict(app.latency)}

    async def _refuse(self, refused: RefusedError) -> None:
        after = refused.retry_after
        headers = [(b"retry-after", after.encode())] if after else []
        body = {"id": "00000000-0000-4000-8000-000000000000", "message": refused.message}
        await self._json(refused.status, body, *headers)

    async def _json(self, status: int, body: object, *headers: tuple[bytes, bytes]) -> None:
        await self._whole(status, orjson.dumps(body), b"application/json", *headers)

    async def _whole(
        self, status: int, body: bytes, kind: bytes, *headers: tuple[bytes, bytes]
    ) -> None:
        length = (b"content-length", b"%d" % len(body))
        await self._start(status, (b"content-type", kind), length, *headers)
        await self._send({"type": "http.response.body", "body": body})

    async def _start(self, status: int, *headers: tuple[bytes, bytes]) -> None:
        await self._send({"type": "http.response.start", "status": status, "headers": headers})

    async def _part(self, body: bytes) -> None:
        await self._send({"type": "http.response.body", "body": body, "more_body": True})
