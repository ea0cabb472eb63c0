"""Sockets that send slowly, too much, or are too many: ended before they hold anything for long."""

from asyncio import TimerHandle, Transport
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from api.protection.addresses import Network, client_of_peer, is_trusted
from api.protection.body_size import MAX_BODY

HEAD_SECONDS: Final = 10.0
"""From the opening of a connection, or the end of an answer, to the last header of a request."""
BODY_SECONDS: Final = 30.0
"""From the last header to the end of the body; the longest body of the contract is 4 MiB."""
MAX_HEAD: Final = 64 * 1024
"""Bytes of a request's line and headers, give or take what one read brings."""
MAX_RAW: Final = 4 * MAX_BODY
"""Bytes of a whole request as it is sent: chunks have heads and tails of their own."""
_FULL: Final = (
    b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 5\r\ncontent-length: 0\r\n"
    b"connection: close\r\n\r\n"
)
_LONG: Final = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-length: 0\r\n"
    b"connection: close\r\n\r\n"
)
_LATE: Final = b"HTTP/1.1 408 Request Timeout\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"


@dataclass(frozen=True)
class SocketLimits:
    """What one client may hold; our own proxies hold the sockets of many."""

    per_client: int
    trusted: tuple[Network, ...] = ()
    head_seconds: float = HEAD_SECONDS
    body_seconds: float = BODY_SECONDS


class GuardedHttp(HttpToolsProtocol):
    """uvicorn's protocol with read timeouts and a cap on the sockets of one client."""

    def __init__(self, *args: Any, limits: SocketLimits, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.limits = limits
        self._reading: TimerHandle | None = None
        self._read = 0
        self._in_head = True
        self._cycles: list[RequestResponseCycle] = []

    def data_received(self, data: bytes) -> None:
        """Counts what a request takes: nothing else limits its headers."""
        self._read += len(data)
        super().data_received(data)
        if self.transport.is_closing():
            return
        if (self._in_head and self._read > MAX_HEAD) or self._read > MAX_RAW:
            if self.cycle is None or self.cycle.response_complete:
                self.transport.write(_LONG)
            self.transport.close()

    def connection_made(  # type: ignore[override]  # as uvicorn narrows it
        self, transport: Transport
    ) -> None:
        """Refuses a client's socket that is one too many; else waits for its request."""
        super().connection_made(transport)
        if self._holds_too_many():
            transport.write(_FULL)
            transport.close()
            return
        self._wait(self.limits.head_seconds)

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing more is waited for; uvicorn tells only the request that came last."""
        self._stop()
        self.pipeline.clear()
        for cycle in self._cycles:
            cycle.disconnected = True
            cycle.message_event.set()
        super().connection_lost(exc)

    def handle_websocket_upgrade(self) -> None:
        """A socket lives on; its own pings find out when it is dead."""
        self._stop()
        super().handle_websocket_upgrade()

    def on_message_begin(self) -> None:
        """The request line has begun to arrive."""
        self._in_head = True
        self._wait(self.limits.head_seconds)
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """From here on the body is waited for."""
        self._in_head = False
        self._wait(self.limits.body_seconds)
        super().on_headers_complete()
        if self.cycle is not None and self.cycle not in self._cycles:
            unfinished = [cycle for cycle in self._cycles if not cycle.response_complete]
            self._cycles = [*unfinished, self.cycle]

    def on_message_complete(self) -> None:
        """The request is read; how long its answer takes is not limited here."""
        self._read, self._in_head = 0, True
        self._stop()
        super().on_message_complete()

    def _holds_too_many(self) -> bool:
        client = client_of_peer(self.client)
        if client is None or is_trusted(client, self.limits.trusted):
            return False
        held = sum(
            client_of_peer(getattr(other, "client", None)) == client for other in self.connections
        )
        return held > self.limits.per_client

    def _wait(self, seconds: float) -> None:
        self._stop()
        self._reading = self.loop.call_later(seconds, self._late)

    def _stop(self) -> None:
        if self._reading is not None:
            self._reading.cancel()
            self._reading = None

    def _late(self) -> None:
        self._reading = None
        if self.transport.is_closing():
            return
        if self.cycle is None or self.cycle.response_complete:
            self.transport.write(_LATE)
        self.transport.close()


def guarded(limits: SocketLimits) -> type[GuardedHttp]:
    """The protocol class for ``uvicorn.Config(http=...)``; worker processes get it pickled."""
    return cast(type[GuardedHttp], partial(GuardedHttp, limits=limits))
