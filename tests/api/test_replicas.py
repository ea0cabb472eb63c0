"""Two servers and one Redis: an answer begun at one is resumed and cancelled at the other."""

import asyncio
import json
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect

from standins.cohere import KEY, CohereStandIn
from standins.qdrant import QdrantStandIn
from standins.server import serve
from tests.api.redis_server import BINARY, INSTALL, RedisServer, redis_server
from tests.api.test_outages import eventually
from tests.api.test_websocket import ask, receive, until
from tests.api.wired import QUESTION, Wired, wired

pytestmark = pytest.mark.skipif(BINARY is None, reason=INSTALL)


@dataclass
class Pair:
    """Two replicas over the same Qdrant and Redis."""

    one: Wired
    two: Wired
    redis: RedisServer
    cohere: CohereStandIn


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Pair]:
    cohere = CohereStandIn()
    with ExitStack() as stack:
        redis = stack.enter_context(redis_server(tmp_path))
        given: dict[str, Any] = {
            "cohere_api_key": KEY,
            "cohere_base_url": stack.enter_context(serve(cohere)),
            "qdrant_url": stack.enter_context(serve(QdrantStandIn())),
            "redis_url": redis.url,
            "session_secret": "shared-by-both",
        }
        one = stack.enter_context(wired(tmp_path, **given))
        two = stack.enter_context(wired(tmp_path, **given))
        cohere.latency.token_ms = 40
        yield Pair(one, two, redis, cohere)


async def resume(socket: ClientConnection, answer_id: str, after: int) -> None:
    frame = {"type": "resume", "answer_id": answer_id, "after": after}
    await socket.send(json.dumps(frame))


async def test_an_answer_of_one_replica_goes_on_at_the_other_without_gap_or_repetition(
    pair: Pair,
) -> None:
    async with connect(pair.one.ws) as first:
        await receive(first)
        await ask(first, question=QUESTION)
        seen = await until(first, "token")
    async with connect(pair.two.ws) as second:
        await receive(second)
        await resume(second, seen[0]["answer_id"], seen[-1]["seq"])
        rest = await until(second, "done")
        assert [f["seq"] for f in seen + rest] == list(range(len(seen + rest)))
        text = "".join(f["text"] for f in seen + rest if f["type"] == "token")
        assert text == rest[-1]["answer"]["answer"]
        # Nothing comes after the end, and the connection is free again.
        await resume(second, seen[0]["answer_id"], rest[-1]["seq"])
        await ask(second, "q2", question=QUESTION)
        assert (await until(second, "done", "error"))[-1]["type"] == "done"


def test_a_question_that_one_replica_answered_costs_the_other_nothing(pair: Pair) -> None:
    first = pair.one.ask(session_id=pair.one.http.post("/sessions").json()["session_id"])
    pair.cohere.requests.clear()
    again = pair.two.ask(f" {QUESTION.upper()}")
    assert (again["answer"], again["citations"]) == (first["answer"], first["citations"])
    assert (again["session_id"], again["usage"]["provider_calls"]) == (None, 0)
    assert pair.cohere.paths() == []
    pair.redis.stop()
    assert pair.two.ask("What is the capture point of a robot?")["status"] == "answered"
    assert pair.two.metric('book_chat_events_total{event="degraded:redis"}') > 0
    pair.redis.start()


async def test_cancelling_at_the_other_replica_stops_the_providers_stream(pair: Pair) -> None:
    pair.cohere.latency.token_ms = 300
    async with connect(pair.one.ws) as first, connect(pair.two.ws) as second:
        await receive(first)
        await receive(second)
        await ask(first, question=QUESTION)
        seen = await until(first, "token")
        await resume(second, seen[0]["answer_id"], -1)
        await until(second, "token")
        await second.send(json.dumps({"type": "cancel", "id": "q1"}))
        assert (await until(second, "cancelled"))[-1]["answer"]["answer"]
        assert (await until(first, "cancelled"))[-1]["type"] == "cancelled"
    assert await pair.cohere.until(lambda: len(pair.cohere.aborted) == 1)


async def test_an_answer_that_nobody_made_is_not_found_and_without_redis_that_is_said(
    pair: Pair,
) -> None:
    async with connect(pair.two.ws) as socket:
        await receive(socket)
        await resume(socket, "none", 0)
        assert (await receive(socket))["code"] == "not_found"
        pair.redis.stop()
        await resume(socket, "none", 0)
        assert (await receive(socket))["code"] == "overloaded"
        await ask(socket, question=QUESTION)
        assert (await until(socket, "done", "error"))[-1]["type"] == "done"
        pair.redis.start()


async def test_an_answer_survives_a_redis_that_restarts_meanwhile(pair: Pair) -> None:
    pair.cohere.latency.token_ms = 100
    async with connect(pair.one.ws) as first:
        await receive(first)
        await ask(first, question=QUESTION)
        seen = await until(first, "token")
        pair.redis.stop()
        await until(first, "token")
        pair.redis.start()
        await until(first, "done")
    assert await asyncio.to_thread(eventually, lambda: _resumable(pair, seen[0]["answer_id"]))


def _resumable(pair: Pair, answer_id: str) -> bool:
    async def find() -> Any:
        return await pair.two.services.runs.find(answer_id)

    return asyncio.run_coroutine_threadsafe(find(), pair.two.loop).result(10) is not None


async def test_a_replica_that_dies_midway_leaves_a_named_error(pair: Pair) -> None:
    pair.cohere.latency.token_ms = 2000
    async with connect(pair.one.ws) as first, connect(pair.two.ws) as second:
        await receive(first)
        await receive(second)
        await ask(first, question=QUESTION)
        seen = await until(first, "sources")
        await asyncio.to_thread(eventually, lambda: _resumable(pair, seen[0]["answer_id"]))
        # As a killed process leaves it: no frame comes any more and nobody says that it lives.
        shared: Any = pair.one.services.runs._shared
        pair.one.inside(lambda: [task.cancel() for task in shared._copies])
        pair.redis.expire(seen[0]["answer_id"], within=10)
        await resume(second, seen[0]["answer_id"], -1)
        async with asyncio.timeout(30):
            frames = [json.loads(await second.recv())]
            while frames[-1]["type"] not in ("error", "done"):
                frames.append(json.loads(await second.recv()))
        assert (frames[-1]["type"], frames[-1]["code"]) == ("error", "model_unavailable")
        assert [f["seq"] for f in frames] == list(range(len(frames)))
        # Or the replica would wait for the rest of its answer when it stops.
        await first.send(json.dumps({"type": "cancel", "id": "q1"}))
        await until(first, "cancelled")
