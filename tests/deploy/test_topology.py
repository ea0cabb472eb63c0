"""Two replicas behind nginx behave as one service."""

import asyncio
import json
import re
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Origin

from deploy import smoke
from tests.deploy.topology import RATE_LIMIT, Replica, Topology, missing, run, until

QUESTION = "What is ROS 2 and why do humanoid robots use it?"
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("topology")]


@pytest.fixture(scope="module")
def topology(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Topology]:
    if (install := missing()) is not None:
        pytest.skip(install)
    with run(tmp_path_factory.mktemp("topology")) as running:
        yield running


@pytest.fixture(autouse=True)
def calm(topology: Topology) -> Iterator[None]:
    yield
    topology.cohere.reset()


def ask(url: str, **fields: Any) -> dict[str, Any]:
    question = {"question": QUESTION, **fields}
    response = httpx.post(f"{url}/chat/invoke", json={"input": question}, timeout=60)
    assert response.status_code == 200, response.text
    output: dict[str, Any] = response.json()["output"]
    return output


def test_the_smoke_test_holds_through_the_proxy(
    topology: Topology, capsys: pytest.CaptureFixture[str]
) -> None:
    status = smoke.main([topology.url, "--origin", "https://book.example"])
    said = capsys.readouterr().out
    assert status == 0, said
    assert "https://book.example is let in, a stranger is not" in said
    assert "metrics not public" in said


def test_a_conversation_goes_on_at_the_other_replica(topology: Topology) -> None:
    first, second = topology.replicas
    session_id = httpx.post(f"{first.url}/sessions").json()["session_id"]
    ask(first.url, session_id=session_id)
    follow_up = ask(second.url, session_id=session_id, question="And why do humanoids use it?")
    assert follow_up["standalone_question"] != "And why do humanoids use it?"
    for replica in topology.replicas:
        turns = httpx.get(f"{replica.url}/sessions/{session_id}/turns").json()["turns"]
        assert [turn["question"] for turn in turns] == [QUESTION, "And why do humanoids use it?"]
    assert httpx.delete(f"{second.url}/sessions/{session_id}").status_code == 204
    gone = httpx.get(f"{first.url}/sessions/{session_id}/turns")
    assert not gone.json().get("turns")


def test_a_limit_counts_the_questions_to_both_replicas(topology: Topology) -> None:
    reader = {"x-forwarded-for": "203.0.113.7"}
    allowed = 0
    with httpx.Client(headers=reader, timeout=30) as http:
        for n in range(2 * RATE_LIMIT):
            replica = topology.replicas[n % 2]
            response = http.get(f"{replica.url}/search", params={"q": "ROS 2"})
            if response.status_code == 429:
                break
            allowed += 1
    assert allowed < 1.5 * RATE_LIMIT
    assert int(response.headers["retry-after"]) >= 1
    assert response.json()["code"] == "rate_limited"
    other = {"x-forwarded-for": "203.0.113.8"}
    assert httpx.get(f"{replica.url}/search?q=ROS", headers=other).status_code == 200


def test_a_stream_is_not_held_back_by_the_proxy(topology: Topology) -> None:
    topology.cohere.fail("/v2/chat", "stall", events=12, times=1)
    body = {"input": {"question": f"{QUESTION} Slowly."}}
    with httpx.stream("POST", f"{topology.url}/chat/stream", json=body, timeout=30) as response:
        text = ""
        for line in response.iter_lines():
            if line.startswith("data:"):
                text += json.loads(line[5:]).get("answer", "")
            if text:
                break  # the model says nothing more, and yet its first words are here
    assert text


async def test_a_socket_goes_through_the_proxy_from_the_books_origin_only(
    topology: Topology,
) -> None:
    url = topology.url.replace("http", "ws", 1) + "/ws/chat"
    async with connect(url, origin=Origin("https://book.example")) as socket:
        assert (await receive(socket))["type"] == "ready"
    with pytest.raises((InvalidStatus, ConnectionClosed)):
        async with connect(url, origin=Origin("https://elsewhere.example")) as socket:
            await receive(socket)


async def test_an_answer_that_one_replica_makes_is_resumed_at_the_other(
    topology: Topology,
) -> None:
    topology.cohere.latency.token_ms = 20
    first, second = (replica.url.replace("http", "ws", 1) for replica in topology.replicas)
    seen: list[dict[str, Any]] = []
    async with connect(f"{first}/ws/chat") as socket:
        question = {"type": "ask", "id": "q", "question": f"{QUESTION}:"}
        await socket.send(json.dumps(question))
        while not seen or seen[-1]["type"] != "token":
            seen.append(await receive(socket))
    start, last = seen[1], seen[-1]
    async with connect(f"{second}/ws/chat") as socket:
        assert (await receive(socket))["type"] == "ready"
        resume = {"type": "resume", "answer_id": start["answer_id"], "after": last["seq"]}
        await socket.send(json.dumps(resume))
        while seen[-1]["type"] != "done":
            seen.append(await receive(socket))
            assert seen[-1]["type"] != "error", seen[-1]
    assert [frame["seq"] for frame in seen[1:]] == list(range(len(seen) - 1))
    text = "".join(frame["text"] for frame in seen if frame["type"] == "token")
    assert text == seen[-1]["answer"]["answer"]


async def receive(socket: ClientConnection) -> dict[str, Any]:
    async with asyncio.timeout(30):
        frame: dict[str, Any] = json.loads(await socket.recv())
    return frame


async def converse(url: str, stop: Event, asked: list[int]) -> None:
    """Asks over one socket again and again; connects again when a replica stops.

    A stopping replica takes no more questions (``overloaded``) and closes the socket (1012).
    """
    number = 0
    while not stop.is_set():
        async with connect(url) as socket:
            assert (await receive(socket))["type"] == "ready"
            try:
                while not stop.is_set():
                    number += 1
                    question = QUESTION + "," * number + ";"
                    await socket.send(json.dumps({"type": "ask", "id": "q", "question": question}))
                    frame = await receive(socket)
                    while frame["type"] not in ("done", "error"):
                        frame = await receive(socket)
                    if frame["type"] == "error":
                        assert frame["code"] == "overloaded", frame
                        number -= 1
                        break
                    asked.append(number)
            except ConnectionClosed as closed:
                # Only between two answers: the running one is allowed to end.
                assert closed.rcvd is not None
                assert closed.rcvd.code == 1012
                number -= 1


def test_a_rolling_restart_fails_no_question(topology: Topology) -> None:
    topology.cohere.latency.first_token_ms = 30
    topology.cohere.latency.token_ms = 3
    stop, answered, spoken = Event(), list[str](), list[int]()

    def reader(name: int) -> None:
        number = 0
        while not stop.is_set():
            number += 1
            # Another spelling each time, so that no answer comes from the cache.
            output = ask(topology.url, question=QUESTION + ";" * name + "," * number)
            answered.append(output["status"])

    def talker() -> None:
        asyncio.run(converse(topology.url.replace("http", "ws", 1) + "/ws/chat", stop, spoken))

    with ThreadPoolExecutor(4) as pool:
        readers = [pool.submit(reader, n) for n in (1, 2, 3)] + [pool.submit(talker)]
        try:
            for replica in topology.replicas:
                before = len(answered) + len(spoken)
                assert replica.stop() in (0, -signal.SIGTERM)  # uvicorn raises it again at the end
                wait_for_more(answered, spoken, before, readers)
                replica.start()
                wait_for_more(answered, spoken, len(answered) + len(spoken), readers)
        finally:
            stop.set()
        for done in readers:
            done.result()
    assert set(answered) == {"answered"}
    assert spoken


def wait_for_more(answered: list[str], spoken: list[int], before: int, readers: list[Any]) -> None:
    """Returns when the readers were answered some more, or one of them failed."""
    until(
        lambda: len(answered) + len(spoken) >= before + 5 or any(r.done() for r in readers),
        "waited for answers",
    )


def test_each_replica_says_which_build_and_book_it_serves(topology: Topology) -> None:
    def said(replica: Replica) -> tuple[Any, ...]:
        health = httpx.get(f"{replica.url}/health").json()
        return health["version"], health["commit"], health["book_version"]

    first, second = (said(replica) for replica in topology.replicas)
    assert first == second
    assert re.fullmatch(r"[0-9a-f]{12}|unknown", first[1])


def test_without_any_replica_a_client_still_reads_a_problem_document(topology: Topology) -> None:
    for replica in topology.replicas:
        replica.stop()
    response = httpx.post(f"{topology.url}/chat/invoke", json={"input": {"question": QUESTION}})
    assert response.status_code == 503
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["code"] == "overloaded"
    assert response.headers["retry-after"] == "5"
    for replica in topology.replicas:
        replica.start()
    assert ask(topology.url)["status"] == "answered"
