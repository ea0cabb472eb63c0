"""The WebSocket door: protocol 1 over a real socket."""

import asyncio
import gc
import json
import weakref
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from errors import RetryLater
from schema import Question
from tests.api.conftest import QUESTION, Served


async def receive(socket: ClientConnection) -> dict[str, Any]:
    async with asyncio.timeout(10):
        frame: dict[str, Any] = json.loads(await socket.recv())
    return frame


async def until(socket: ClientConnection, *kinds: str) -> list[dict[str, Any]]:
    frames = [await receive(socket)]
    while frames[-1]["type"] not in kinds:
        frames.append(await receive(socket))
    return frames


async def ask(socket: ClientConnection, ask_id: str = "q1", **fields: Any) -> None:
    question = {"question": QUESTION, **fields}
    await socket.send(json.dumps({"type": "ask", "id": ask_id, **question}))


async def test_an_answer_comes_in_numbered_frames_that_add_up(served: Served) -> None:
    async with connect(served.ws) as socket:
        ready = await receive(socket)
        assert ready["type"] == "ready"
        assert ready["protocol"] == 1
        await ask(socket)
        frames = await until(socket, "done")
    assert [f["seq"] for f in frames] == list(range(len(frames)))
    assert [f["type"] for f in frames][:3] == ["start", "sources", "token"]
    assert {f["id"] for f in frames} == {"q1"}
    answer = frames[-1]["answer"]
    assert "".join(f["text"] for f in frames if f["type"] == "token") == answer["answer"]
    assert [f["citation"] for f in frames if f["type"] == "citation"] == answer["citations"]
    assert answer["session_id"] == ready["session_id"]
    assert answer["answer_id"] == frames[0]["answer_id"]


async def test_a_second_question_meanwhile_is_told_busy(served: Served) -> None:
    gate = served.chat.gate = asyncio.Event()
    async with connect(served.ws) as socket:
        await receive(socket)
        await ask(socket)
        await until(socket, "token")
        await ask(socket, "q2")
        frame = (await until(socket, "error"))[-1]
        assert (frame["code"], frame["id"]) == ("busy", "q2")
        _open(served, gate)
        assert (await until(socket, "done"))[-1]["id"] == "q1"


def _open(served: Served, gate: asyncio.Event) -> None:
    """Opens a gate that an answer waits at, in the server's own loop."""
    waiting = [run.task for run in served.services.runs._runs.values() if run.task is not None]
    for task in waiting[:1]:
        task.get_loop().call_soon_threadsafe(gate.set)


async def test_cancel_stops_the_model_and_keeps_the_part(served: Served) -> None:
    served.chat.gate = asyncio.Event()
    async with connect(served.ws) as socket:
        session_id = (await receive(socket))["session_id"]
        await ask(socket)
        await until(socket, "token")
        await socket.send(json.dumps({"type": "cancel", "id": "q1"}))
        frame = (await until(socket, "cancelled"))[-1]
    assert frame["answer"]["answer"] == "ROS 2 is middleware"
    assert served.chat.closed == [True]
    [turn] = served.memory.stored[session_id]
    assert turn.outcome == "cancelled"


async def test_an_answer_that_is_cancelled_before_it_began_ends_like_any_other(
    served: Served,
) -> None:
    async def at_once() -> list[dict[str, Any]]:
        runs, released = served.services.runs, []
        run = runs.start(Question(question=QUESTION), release=lambda: released.append(True))
        await run.cancel()
        async with asyncio.timeout(10):
            frames = [json.loads(event.frame) async for event in run.events()]
        assert (run.finished, runs.running, released) == (True, 0, [True])
        return frames

    frames = await at_once()
    assert [(f["type"], f["seq"]) for f in frames] == [("start", 0), ("cancelled", 1)]
    assert frames[-1]["answer"] == {"answer_id": frames[0]["answer_id"]}


async def test_answers_that_had_to_go_early_are_held_by_nothing(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.runs.local.MAX_KEPT", 2)
    runs = served.services.runs
    held = []
    for _ in range(6):
        run = runs.start(Question(question=QUESTION), keep=True)
        async for _event in run.events():
            pass
        await asyncio.sleep(0)
        assert run.task is None
        held.append(weakref.ref(run.log))
    del run
    gc.collect()
    assert [one() is not None for one in held] == [False] * 4 + [True] * 2


async def test_asking_and_cancelling_in_one_breath_leaves_the_connection_usable(
    served: Served,
) -> None:
    served.chat.gate = asyncio.Event()
    async with connect(served.ws) as socket:
        await receive(socket)
        await ask(socket)
        await socket.send(json.dumps({"type": "cancel", "id": "q1"}))
        assert (await until(socket, "cancelled"))[0]["type"] == "start"
        # Whatever was running is not running any more.
        await socket.send(json.dumps({"type": "cancel", "id": "q1"}))
        assert (await receive(socket))["code"] == "not_found"
        served.chat.gate = None
        await ask(socket, "q2")
        assert (await until(socket, "done"))[-1]["id"] == "q2"


async def test_an_answer_goes_on_without_its_reader_and_another_connection_resumes_it(
    served: Served,
) -> None:
    gate = served.chat.gate = asyncio.Event()
    async with connect(served.ws) as socket:
        await receive(socket)
        await ask(socket)
        seen = await until(socket, "token")
    _open(served, gate)
    async with connect(served.ws) as socket:
        await receive(socket)
        after = seen[-1]["seq"]
        resume = {"type": "resume", "answer_id": seen[0]["answer_id"], "after": after}
        await socket.send(json.dumps(resume))
        rest = await until(socket, "done")
    assert [f["seq"] for f in seen + rest] == list(range(len(seen + rest)))
    text = "".join(f["text"] for f in seen + rest if f["type"] == "token")
    assert text == "ROS 2 is middleware for robots."


async def test_an_unknown_answer_cannot_be_resumed(served: Served) -> None:
    async with connect(served.ws) as socket:
        await receive(socket)
        await socket.send(json.dumps({"type": "resume", "answer_id": "x", "after": 0}))
        assert (await receive(socket))["code"] == "not_found"


@pytest.mark.parametrize("ended", [False, True])
async def test_a_seq_that_is_yet_to_come_cannot_be_resumed_from(
    served: Served, ended: bool
) -> None:
    gate = served.chat.gate = asyncio.Event()
    async with connect(served.ws) as first, connect(served.ws) as second:
        await receive(first)
        await receive(second)
        await ask(first)
        seen = await until(first, "token")
        if ended:
            _open(served, gate)
            seen += await until(first, "done")
        resume = {"type": "resume", "answer_id": seen[0]["answer_id"]}
        for after in (seen[-1]["seq"] + (1 if ended else 100), 2**31 - 1):
            await second.send(json.dumps({**resume, "after": after}))
            assert (await receive(second))["code"] == "invalid_request"
        await second.send(json.dumps({**resume, "after": seen[-1]["seq"] - 1}))
        assert (await receive(second))["seq"] == seen[-1]["seq"]
        _open(served, gate)


async def test_ping_is_answered(served: Served) -> None:
    async with connect(served.ws) as socket:
        await receive(socket)
        await socket.send('{"type":"ping"}')
        assert (await receive(socket))["type"] == "pong"


@pytest.mark.parametrize(
    "frame",
    [
        "",
        "nonsense",
        "[]",
        '"ask"',
        "{}",
        '{"type":"dance"}',
        '{"type":"ask"}',
        '{"type":"ask","id":5,"question":"x"}',
        '{"type":"ask","id":"q"}',
        '{"type":"ask","id":"q","question":"  "}',
        '{"type":"resume","answer_id":"x","after":"y"}',
        b"\x00\xff",
        "[" * 5000,
    ],
)
async def test_a_bad_frame_is_answered_and_the_connection_stays(
    served: Served, frame: str | bytes
) -> None:
    async with connect(served.ws) as socket:
        await receive(socket)
        await socket.send(frame)
        error = await receive(socket)
        assert (error["type"], error["code"]) == ("error", "invalid_request")
        await socket.send('{"type":"ping"}')
        assert (await receive(socket))["type"] == "pong"


async def test_a_frame_over_64_kib_closes_with_1009(served: Served) -> None:
    async with connect(served.ws) as socket:
        await receive(socket)
        await socket.send("x" * 70_000)
        with pytest.raises(ConnectionClosed) as closed:
            await receive(socket)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1009


async def test_a_failing_model_ends_in_a_named_error_frame(served: Served) -> None:
    served.chat.pieces = ["ROS 2 ", RetryLater("gone", retry_after=7)]
    async with connect(served.ws) as socket:
        await receive(socket)
        await ask(socket)
        error = (await until(socket, "error"))[-1]
        assert (error["code"], error["retry_after"]) == ("model_unavailable", 7)
        served.chat.pieces = ["fine"]
        await ask(socket, "q2")
        assert (await until(socket, "done"))[-1]["id"] == "q2"


class TestOrigins:
    @pytest.fixture
    def overrides(self) -> dict[str, Any]:
        return {"allowed_origins": ["https://book.example"]}

    async def test_a_foreign_origin_is_refused_at_the_handshake(self, served: Served) -> None:
        with pytest.raises(InvalidStatus) as refused:
            async with connect(served.ws, origin="https://evil.example"):  # type: ignore[arg-type]  # any text is sent as it is
                pass
        assert refused.value.response.status_code == 403

    @pytest.mark.parametrize("origin", ["https://book.example", None])
    async def test_an_allowed_origin_and_none_are_welcome(
        self, served: Served, origin: str | None
    ) -> None:
        async with connect(served.ws, origin=origin) as socket:  # type: ignore[arg-type]  # any text is sent as it is
            assert (await receive(socket))["type"] == "ready"


class TestManyReaders:
    @pytest.fixture
    def overrides(self) -> dict[str, Any]:
        return {"max_concurrent_answers": 1}

    async def test_more_answers_than_slots_are_told_overloaded(self, served: Served) -> None:
        gate = served.chat.gate = asyncio.Event()
        async with connect(served.ws) as first, connect(served.ws) as second:
            await receive(first)
            await receive(second)
            await ask(first)
            await until(first, "token")
            await ask(second)
            error = (await until(second, "error"))[-1]
            assert error["code"] == "overloaded"
            assert error["retry_after"] > 0
            _open(served, gate)
            await until(first, "done")
            await ask(second)
            await until(second, "done")
