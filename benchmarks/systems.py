"""The systems that are compared: how each is started, and how its readers speak to it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, get_args

from benchmarks.baselines import END
from benchmarks.crowd import Crowd, Door, Marks
from benchmarks.servers import CROWD_CORE, ROOT, Server, running
from standins.cohere import KEY
from standins.server import free_port

SYSTEMS: Final = ("relay", "ours", "stock")
DOORS: Final[tuple[Door, ...]] = get_args(Door)
ALIKE: Final[tuple[Door, ...]] = ("ws", "sse")
"""Those that every system has; the others are ours only."""


def crowd(system: str, door: Door, port: int) -> Crowd:
    """Readers of a system, who know how its answers look."""
    raw = Marks(b'"content-delta"', b'"message-end"')
    marks = {
        ("relay", "ws"): raw,
        ("relay", "sse"): raw,
        ("stock", "ws"): Marks(b"From", END.encode()),
        ("stock", "sse"): Marks(b"From", b"event: end", (b"event: error",)),
        ("ours", "ws"): Marks(
            b'"type":"token"', b'"timings_ms"', (b'"type":"error"', *_UNANSWERED)
        ),
        ("ours", "sse"): Marks(b'{"answer":', b"event: end", (b"event: error", *_UNANSWERED)),
        ("ours", "openai"): Marks(b'"content":"', b"data: [DONE]", (b'"error":',)),
        ("ours", "ai-sdk"): Marks(b'"text-delta"', b"data: [DONE]", (b'"type":"error"',)),
    }[system, door]

    def body(question: str) -> dict[str, Any]:
        if door == "ws":
            return {"type": "ask", "id": "q", "question": question}
        if door == "openai":
            said = [{"role": "user", "content": question}]
            return {"model": "book-chat", "messages": said, "stream": True}
        if door == "ai-sdk":
            part = {"type": "text", "text": question}
            return {"messages": [{"id": "1", "role": "user", "parts": [part]}]}
        bare = system == "stock"
        return {"input": question if bare else {"question": question}}

    return Crowd(door, port, marks, body)


_UNANSWERED: Final = (b'"status":"not_in_book"', b'"status":"degraded"')


@contextmanager
def provider(folder: Path) -> Iterator[Server]:
    """The stand-in for Cohere."""
    port = free_port()
    with running(
        "benchmarks.provider", "--port", str(port), port=port, folder=folder, core=CROWD_CORE
    ) as server:
        server.wait("/v1/models")
        yield server


@contextmanager
def running_system(system: str, folder: Path, cohere: str) -> Iterator[Server]:
    """One of ``SYSTEMS``, once it can answer."""
    port = free_port()
    if system == "ours":
        env = environment(folder / "ours", cohere, port)
        with running("api", port=port, folder=folder, env=env) as server:
            server.wait("/health/ready")
            server.wait_for_the_book()
            yield server
        return
    book = str(ROOT / "book" / "docs")
    told = (system, "--port", str(port), "--provider", cohere, "--book", book)
    with running("benchmarks.baselines", *told, port=port, folder=folder) as server:
        server.wait("/")
        yield server


def environment(data: Path, cohere: str, port: int) -> dict[str, str]:
    """Our service, with Cohere at that URL if there is one; limits let a crowd in."""
    return {
        "DATA_DIR": str(data),
        **({"COHERE_API_KEY": KEY, "COHERE_BASE_URL": cohere} if cohere else {}),
        "HOST": "127.0.0.1",
        "PORT": str(port),
        "RATE_LIMIT": "100000",
        "MAX_CONCURRENT_ANSWERS": "2000",
        "MAX_CONNECTIONS_PER_CLIENT": "4000",
        "LOG_FORMAT": "json",
    }
