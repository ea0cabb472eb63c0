"""One request to a stand-in for a provider and its answer, with whatever was told to go wrong."""

import asyncio
import contextlib
import socket
import struct
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final, Literal, Protocol

import orjson

Body = dict[str, Any]

# A pause this long also listens for the client to go away; shorter ones look afterwards.
_LISTEN_SECONDS: Final = 0.1
_FOREVER: Final = 3600.0

Kind = Literal[
    "status", "reset", "hang", "slow", "garbage", "raw", "cut", "stall", "spoil", "endless"
]


@dataclass
class RefusedError(Exception):
    """Ends a request with an error in the provider's shape."""

    status: int
    message: str
    retry_after: str | None = None


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
    says nothing for ever, ``slow`` nothing for ``seconds``, ``garbage`` answers 200 with HTML,
    ``raw`` answers 200 with ``body`` and ``headers``.
    In a stream, after ``events`` events (or all, if there are fewer): ``cut`` drops the
    connection, ``stall`` says nothing more, ``spoil`` sends an event that is no JSON,
    ``endless`` sends the last event again for ever.
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
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


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
        await self.reply(body, fault)

    async def reply(self, body: Body, fault: Fault | None) -> None:
        """Answers a request that was let in; ``fault`` is for its stream."""
        raise NotImplementedError

    def error(self, refused: RefusedError) -> Body:
        """An error body as the provider writes it."""
        raise NotImplementedError

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
            await self._whole(200, b"<html>not a provider</html>", b"text/html")
        if fault.kind == "raw":
            headers = [(k.lower().encode(), v.encode()) for k, v in fault.headers.items()]
            await self._whole(200, fault.body, b"application/json", *headers)
        return fault.kind in ("garbage", "raw")

    async def _stream(self, events: Iterator[tuple[bytes, bool]], fault: Fault | None) -> None:
        """Sends ``(event, is a token)``; times are absolute: no client slows a model down."""
        token_ms = self._app.latency.token_ms
        await self._start(200, (b"content-type", b"text/event-stream"))
        now = asyncio.get_running_loop().time
        due = now()
        index, event = 0, b""
        for index, (event, is_token) in enumerate(events):
            if is_token:
                due += token_ms / 1000
                await self._pause((due - now()) * 1000)
            if fault and index == fault.events:
                await self._break(fault, event)
            await self._part(event)
        if fault and fault.events > index:
            await self._break(fault, event)
        await self._part(b"data: [DONE]\n\n")
        await self._send({"type": "http.response.body"})

    async def _break(self, fault: Fault, event: bytes) -> None:
        if fault.kind == "cut":
            await self._drop()
        if fault.kind == "stall":
            await self._pause(_FOREVER * 1000)
        if fault.kind == "spoil":
            await self._part(b"data: {not json\n\n")
        while fault.kind == "endless":
            await self._part(event)
            await self._pause(self._app.latency.token_ms)
            await asyncio.sleep(0)

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
        await self._json(refused.status, self.error(refused), *headers)

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
