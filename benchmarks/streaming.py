"""CPU of reading Cohere's answer stream: this project's model, the stock one, a bare relay.

All read the same answers (300 ms to the first token, 15 ms a token, 120 tokens) from the
stand-in, which runs in a process of its own. Each reader runs in a fresh process as well, so
that its CPU time is its own.
"""

import argparse
import asyncio
import json
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from statistics import median
from typing import Any, Final
from urllib.error import URLError
from urllib.request import Request, urlopen

KEY: Final = "stand-in-key"
MODEL: Final = "command-a-03-2025"
TOKENS: Final = 120
_LATENCY: Final = ("--first-token-ms", "300", "--token-ms", "15", "--tokens", str(TOKENS))
_ANSWERS: Final = 128
_START_SECONDS: Final = 20.0
_PASSAGE: Final = "ROS 2 is a middleware for robots. It moves messages between nodes. " * 12
_PASSAGES: Final = 5
_QUESTION: Final = "What is ROS 2 and why do humanoid robots use it?"

Read = Callable[[], AsyncIterator[object]]
Row = dict[str, Any]


def measure(readers: Sequence[str], concurrency: Sequence[int], port: int) -> Iterator[Row]:
    """One row per reader and concurrency: CPU ms per answer, first token and total in ms."""
    with _stand_in(port) as url:
        for concurrent in concurrency:
            for reader in readers:
                yield _in_fresh_process(reader, concurrent, url)


def table(rows: Sequence[Row]) -> str:
    """The rows as a Markdown table, CPU also as a multiple of the bare relay's."""
    relay = {r["concurrent"]: r["cpu_ms"] for r in rows if r["reader"] == "relay"}
    lines = [
        "| concurrent | reader | CPU ms an answer | × relay | first token | total p50 | chunks |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        base = relay.get(row["concurrent"])
        times = f"{row['cpu_ms'] / base:.1f}" if base else ""
        lines.append(
            f"| {row['concurrent']} | {row['reader']} | {row['cpu_ms']:.1f} | {times} "
            f"| {row['first_ms']:.0f} ms | {row['total_ms']:.0f} ms | {row['chunks']:.0f} |"
        )
    return "\n".join(lines)


@contextmanager
def _stand_in(port: int) -> Iterator[str]:
    command = [sys.executable, "-m", "standins.cohere", "--port", str(port), *_LATENCY]
    process = subprocess.Popen(command)
    url = f"http://127.0.0.1:{port}"
    try:
        _wait_for(url)
        yield url
    finally:
        process.terminate()
        process.wait()


def _wait_for(url: str) -> None:
    until = time.monotonic() + _START_SECONDS
    while True:
        try:
            urlopen(Request(f"{url}/_standin", b"{}"))
            return
        except URLError:
            if time.monotonic() > until:
                raise
            time.sleep(0.1)


def _in_fresh_process(reader: str, concurrent: int, url: str) -> Row:
    command = [sys.executable, "-m", "benchmarks.streaming", "--read", reader, url, str(concurrent)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    row: Row = json.loads(done.stdout)
    return row


async def _read(reader: str, url: str, concurrent: int) -> Row:
    read, close = READERS[reader](url)
    await _one(read)  # imports, connections and caches are not what is measured
    limit = asyncio.Semaphore(concurrent)

    async def one() -> tuple[float, float, int]:
        async with limit:
            return await _one(read)

    before = time.process_time()
    answers = await asyncio.gather(*(one() for _ in range(max(concurrent, _ANSWERS // 2))))
    cpu = time.process_time() - before
    await close()
    return {
        "reader": reader,
        "concurrent": concurrent,
        "cpu_ms": cpu * 1000 / len(answers),
        "first_ms": median(a[0] for a in answers) * 1000,
        "total_ms": median(a[1] for a in answers) * 1000,
        "chunks": median(a[2] for a in answers),
    }


async def _one(read: Read) -> tuple[float, float, int]:
    began = time.perf_counter()
    first, chunks = 0.0, 0
    async for _ in read():
        first = first or time.perf_counter() - began
        chunks += 1
    return first, time.perf_counter() - began, chunks


def _messages() -> tuple[list[Any], list[Any]]:
    from langchain_core.documents import Document
    from langchain_core.messages import HumanMessage, SystemMessage

    told = {"title": "ROS 2", "heading": "Nodes"}
    passages = [Document(_PASSAGE, metadata={"id": str(i), **told}) for i in range(_PASSAGES)]
    return [SystemMessage("Answer from the documents."), HumanMessage(_QUESTION)], passages


def _ours(url: str) -> tuple[Read, Callable[[], Awaitable[None]]]:
    from pydantic import SecretStr

    from providers.cohere.models import BookChatCohere, CohereHTTP

    http = CohereHTTP(KEY, url)
    chat = BookChatCohere(http=http, model=MODEL, cohere_api_key=SecretStr(KEY), base_url=url)
    messages, passages = _messages()
    return lambda: chat.astream(messages, documents=passages), http.aclose


def _stock(url: str) -> tuple[Read, Callable[[], Awaitable[None]]]:
    from langchain_cohere import ChatCohere
    from pydantic import SecretStr

    chat = ChatCohere(model=MODEL, cohere_api_key=SecretStr(KEY), base_url=url)
    messages, passages = _messages()

    async def close() -> None:
        await chat.async_client.__aexit__(None, None, None)

    return lambda: chat.astream(messages, documents=passages), close


def _relay(url: str) -> tuple[Read, Callable[[], Awaitable[None]]]:
    import aiohttp

    session = aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0), headers={"Authorization": f"Bearer {KEY}"}
    )
    body = {
        "model": MODEL,
        "stream": True,
        "messages": [{"role": "user", "content": _QUESTION}],
        "documents": [{"id": str(i), "data": {"text": _PASSAGE}} for i in range(_PASSAGES)],
    }

    async def read() -> AsyncIterator[bytes]:
        async with session.post(f"{url}/v2/chat", json=body) as response:
            async for data in response.content.iter_any():
                yield data

    return read, session.close


READERS: Final[dict[str, Callable[[str], tuple[Read, Callable[[], Awaitable[None]]]]]] = {
    "relay": _relay,
    "ours": _ours,
    "stock": _stock,
}


def main(arguments: Sequence[str] | None = None) -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--read", nargs=3, metavar=("READER", "URL", "N"), help=argparse.SUPPRESS)
    parser.add_argument("--readers", nargs="+", default=list(READERS), choices=list(READERS))
    parser.add_argument("--concurrent", nargs="+", type=int, default=[16, 64])
    parser.add_argument("--port", type=int, default=8801)
    given = parser.parse_args(arguments)
    if given.read:
        import uvloop

        reader, url, concurrent = given.read
        sys.stdout.write(json.dumps(uvloop.run(_read(reader, url, int(concurrent)))))
        return
    rows = list(measure(given.readers, given.concurrent, given.port))
    sys.stdout.write(table(rows) + "\n")


if __name__ == "__main__":
    main()
