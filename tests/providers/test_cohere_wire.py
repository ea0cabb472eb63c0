"""The stream on the wire: cut anywhere, read slowly, left early."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from typing import Any

import pytest
from langchain_core.documents import Document

from providers.cohere.models import BookChatCohere, CohereHTTP
from standins.cohere import KEY
from tests.providers.conftest import ServedCohere
from tests.providers.test_cohere_chat import QUESTION, ROS, make_chat, streamed
from tests.providers.test_cohere_stream import ANSWER, TEXT, notes_of, text_of


@pytest.fixture
def chat(http: CohereHTTP, cohere_api: ServedCohere) -> BookChatCohere:
    return make_chat(http, cohere_api.url)


async def test_closing_the_stream_stops_cohere(
    chat: BookChatCohere, cohere_api: ServedCohere
) -> None:
    cohere_api.latency.token_ms, cohere_api.latency.tokens = 20, 5000
    async with aclosing(chat.astream(QUESTION, documents=[ROS])) as stream:
        async for _ in stream:
            break
    assert await cohere_api.until(lambda: len(cohere_api.aborted) == 1)


@pytest.mark.parametrize("first_token_ms", [0, 60_000])
async def test_cancelling_the_task_stops_cohere(
    chat: BookChatCohere, cohere_api: ServedCohere, first_token_ms: int
) -> None:
    cohere_api.latency.token_ms, cohere_api.latency.tokens = 20, 5000
    cohere_api.latency.first_token_ms = first_token_ms
    task = asyncio.create_task(streamed(chat))
    assert await cohere_api.until(lambda: len(cohere_api.requests) == 1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await cohere_api.until(lambda: len(cohere_api.aborted) == 1)


async def test_a_slow_reader_holds_the_stream_back_instead_of_filling_memory(
    http: CohereHTTP,
) -> None:
    sent = 0
    blocked = asyncio.Event()

    async def endless(writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        event = ANSWER.split(b"\n\n")[1] + b"\n\n"
        try:
            while True:
                writer.write(b"%x\r\n%s\r\n" % (len(event), event))
                sent += len(event)
                try:
                    async with asyncio.timeout(0.2):
                        await writer.drain()
                except TimeoutError:
                    blocked.set()
                    await writer.drain()
        except ConnectionError:
            pass

    async with raw_server(endless) as url:
        client = CohereHTTP(KEY, url)
        stream: Any = make_chat(client, url).astream(QUESTION)
        await anext(stream)
        await asyncio.wait_for(blocked.wait(), 30)
        await stream.aclose()
        await client.aclose()
    assert sent < 20_000_000


async def test_characters_and_events_may_be_cut_anywhere_on_the_wire() -> None:
    async def byte_by_byte(writer: asyncio.StreamWriter) -> None:
        for byte in ANSWER:
            writer.write(b"1\r\n%c\r\n" % byte)
            await writer.drain()
            await asyncio.sleep(0)
        writer.write(b"0\r\n\r\n")

    async with raw_server(byte_by_byte) as url:
        client = CohereHTTP(KEY, url)
        chat = make_chat(client, url)
        passage = Document("…", metadata={"id": "ros"})
        chunks = [c async for c in chat.astream(QUESTION, documents=[passage])]
        await client.aclose()
    assert text_of(chunks) == TEXT
    (note,) = notes_of(chunks)
    assert TEXT[note["start_index"] : note["end_index"]] == "🤖"


@asynccontextmanager
async def raw_server(answer: Any) -> AsyncIterator[str]:
    """An HTTP server that leaves the body, chunk by chunk, to ``answer(writer)``."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(line for line in head.lower().split(b"\r\n") if b"content-length" in line)
        await reader.readexactly(int(length.split(b":")[1]))
        writer.write(
            b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n"
            b"transfer-encoding: chunked\r\n\r\n"
        )
        try:
            await answer(writer)
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
