"""The service's end: an index run in a process of its own, which may end or be killed."""

import asyncio
import logging
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, Final

from errors import BookChatError, RetryLater
from loaders.index import frames
from loaders.index.options import IndexSummary, Progress

Methods = Mapping[str, Callable[..., Awaitable[Any]]]
RecordCall = Callable[[str, str, str], None]
COMMAND: Final = (sys.executable, "-m", "loaders.index")
_ROOT: Final = str(Path(__file__).resolve().parents[2])
_TAIL: Final = 2000
_log = logging.getLogger(__name__)


async def index_apart(
    request: tuple[Any, ...],
    methods: Methods,
    *,
    progress: Progress,
    record_call: RecordCall,
    command: tuple[str, ...] = COMMAND,
) -> IndexSummary:
    """Runs ``python -m loaders.index`` and does what it asks of the store.

    Args:
        request: what the process is told first, see ``loaders/index/__main__.py``.
        methods: what it may call, by name.
        progress: told of the run's summary as it grows.
        record_call: told of every provider call that it makes.

    Raises:
        BookChatError: as ``index_book``.
        RetryLater: the process ended before it was done, or was killed.
    """
    child = await asyncio.create_subprocess_exec(
        *command,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([_ROOT, *sys.path])},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert child.stdin is not None
    assert child.stderr is not None
    said = asyncio.create_task(_tail(child.stderr))
    try:
        child.stdin.write(frames.encoded("start", *request))
        summary = await _attend(child, methods, progress, record_call)
        if summary is None:
            raise _ended(await child.wait(), await said)
        return summary
    finally:
        if child.returncode is None:
            child.kill()
        await child.wait()
        said.cancel()


async def _attend(
    child: asyncio.subprocess.Process, methods: Methods, progress: Progress, record_call: RecordCall
) -> IndexSummary | None:
    assert child.stdin is not None
    assert child.stdout is not None
    while (message := await frames.received(child.stdout)) is not None:
        kind, *parts = message
        if kind == "call":
            child.stdin.write(await _answer(methods, *parts))
        elif kind == "progress":
            progress(*parts)
        elif kind == "provider":
            record_call(*parts)
        elif kind == "failed":
            raise parts[0]
        else:
            summary: IndexSummary = parts[0]
            return summary
    return None


async def _answer(methods: Methods, number: int, method: str, arguments: tuple[Any, ...]) -> bytes:
    try:
        return frames.encoded("result", number, await methods[method](*arguments))
    except BookChatError as error:
        return frames.encoded("error", number, error)


async def _tail(stream: asyncio.StreamReader) -> str:
    """The last that was printed; read all the time, or the process would wait for a reader."""
    text = b""
    while piece := await stream.read(_TAIL):
        text = (text + piece)[-_TAIL:]
    return text.decode("utf-8", "replace")


def _ended(status: int, said: str) -> RetryLater:
    if said.strip():
        _log.warning("the indexer's last words: %s", said.strip().splitlines()[-1])
    how = f"was ended by {signal.Signals(-status).name}" if status < 0 else f"ended ({status})"
    return RetryLater(
        f"The indexer {how} before it was done; what it has done is kept.",
        code="retrieval_unavailable",
    )
