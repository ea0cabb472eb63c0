"""A wire between browser and service that a test can cut, and mend, and forbid sockets on."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit


class Wire:
    """Forwards TCP connections to ``target``."""

    def __init__(self, target: str) -> None:
        address = urlsplit(target)
        self._target = (address.hostname or "", address.port or 80)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self.whole = True
        self.sockets_allowed = True
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """Breaks every connection and lets no new one through."""
        self.whole = False
        with self._lock:
            broken, self._open = self._open, set()
        for one in broken:
            _close(one)

    def mend(self) -> None:
        """Lets connections through again."""
        self.whole = True

    def close(self) -> None:
        """Ends it for good."""
        _close(self._listener)
        self.cut()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with suppress(OSError):
            first = client.recv(65536) if self.whole else b""
            if not self.sockets_allowed and b"upgrade: websocket" in first.lower():
                client.sendall(b"HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n")
                first = b""
            if not first:
                _close(client)
                return
            server = socket.create_connection(self._target)
            with self._lock:
                self._open |= {client, server}
            server.sendall(first)
            threading.Thread(target=_pump, args=(server, client), daemon=True).start()
            _pump(client, server)


def _pump(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
    _close(source)
    _close(sink)


def _close(one: socket.socket) -> None:
    # A plain close would not wake a thread that waits in recv or accept.
    with suppress(OSError):
        one.shutdown(socket.SHUT_RDWR)
    one.close()


@contextmanager
def wire_to(target: str) -> Iterator[Wire]:
    wire = Wire(target)
    try:
        yield wire
    finally:
        wire.close()
