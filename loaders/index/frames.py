"""Messages between a service and its indexer, over the pipes of a child process.

A frame is the length of its body in 8 bytes, then a pickled tuple that begins with its kind.
Both ends are this program; nothing else can write to these pipes.
"""

import asyncio
import pickle
import struct
from typing import Any, BinaryIO, Final

_LENGTH: Final = struct.Struct(">Q")


def encoded(*message: Any) -> bytes:
    """A frame with this message."""
    body = pickle.dumps(message, pickle.HIGHEST_PROTOCOL)
    return _LENGTH.pack(len(body)) + body


async def received(stream: asyncio.StreamReader) -> tuple[Any, ...] | None:
    """The next message; None when the other side has ended."""
    try:
        (size,) = _LENGTH.unpack(await stream.readexactly(_LENGTH.size))
        return _decoded(await stream.readexactly(size))
    except asyncio.IncompleteReadError:
        return None


def read(stream: BinaryIO) -> tuple[Any, ...] | None:
    """As ``received``, for a thread of its own."""
    head = stream.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        return None
    (size,) = _LENGTH.unpack(head)
    body = stream.read(size)
    return _decoded(body) if len(body) == size else None


def _decoded(body: bytes) -> tuple[Any, ...]:
    message: tuple[Any, ...] = pickle.loads(body)  # noqa: S301 - written by this program
    return message
