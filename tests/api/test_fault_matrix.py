"""Provider × damage × door: what the reader gets, what is counted, and that nothing is lost.

One service for each fault; its doors are asked at once, each with a question of its own.
"""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import pytest

from benchmarks.doors import DOORS, Door, Reply
from standins.cohere import CohereStandIn
from standins.qdrant import Fault, QdrantStandIn
from standins.server import serve
from tests.api.redis_server import BINARY, INSTALL, redis_server
from tests.api.test_outages import eventually
from tests.api.wired import QUESTION, Wired, over_cohere

EMBED, RERANK, CHAT = "/v2/embed", "/v2/rerank", "/v2/chat"
SOON: Final = {"first_token_seconds": 0.5}
"""For models that say nothing."""
STREAMS: Final = {"stream", "playground", "websocket", "completions-stream", "ai-sdk"}


@dataclass(frozen=True)
class Case:
    """One provider, one kind of damage, and what must come of it.

    Attributes:
        answers: code at the doors that answer.
        searches: code at the doors that only search.
        status: of the answers that say their status.
        counted: an event that every answer adds one to.
        partial: streams say what came before the code.
    """

    name: str
    harm: Callable[[CohereStandIn, QdrantStandIn], Any]
    answers: str = "ok"
    searches: str = "ok"
    status: str = "answered"
    counted: str = ""
    partial: bool = False
    settings: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.name


def cohere(path: str, kind: Any = "status", **how: Any) -> Callable[[Any, Any], Any]:
    """Cohere fails on one of its routes, for ever."""
    return lambda provider, _: provider.fail(path, kind, **how)


def qdrant(**how: Any) -> Callable[[Any, Any], Any]:
    """Qdrant fails every request."""
    return lambda _, store: store.faults.extend(Fault(**how) for _ in range(500))


def lesser(name: str, path: str, kind: Any = "status", **how: Any) -> Case:
    """Another model, or none, does the work: the reader is told ``degraded``."""
    part = {EMBED: "embedding", CHAT: "chat_model"}[path]
    return Case(
        name,
        cohere(path, kind, **how),
        status="degraded",
        counted=f"degraded:{part}",
        settings=SOON if kind in ("hang", "stall") else {},
    )


def unranked(name: str, kind: Any = "status", **how: Any) -> Case:
    """The order of the search stays."""
    return Case(name, cohere(RERANK, kind, **how), counted="degraded:reranker")


def broken_off(name: str, kind: str) -> Case:
    """The answer ends in its middle."""
    harm = cohere(CHAT, kind, events=12)
    return Case(name, harm, answers="model_unavailable", partial=True)


CASES: Final = (
    Case("nothing", lambda *_: None),
    lesser("embed-503", EMBED),
    lesser("embed-reset", EMBED, "reset"),
    lesser("embed-garbage", EMBED, "garbage"),
    lesser("embed-429", EMBED, status=429, retry_after="30"),
    unranked("rerank-503"),
    unranked("rerank-reset", "reset"),
    unranked("rerank-garbage", "garbage"),
    unranked("rerank-401", status=401),
    lesser("chat-503", CHAT),
    lesser("chat-429", CHAT, status=429),
    lesser("chat-reset", CHAT, "reset"),
    lesser("chat-hang", CHAT, "hang"),
    lesser("chat-garbage", CHAT, "garbage"),
    lesser("chat-stall-at-once", CHAT, "stall", events=1),
    broken_off("chat-cut", "cut"),
    broken_off("chat-spoilt", "spoil"),
    Case("key-refused", cohere(CHAT, status=401), answers="model_rejected"),
    Case(
        "embed-key-refused",
        cohere(EMBED, status=401),
        answers="model_rejected",
        searches="model_rejected",
    ),
    Case("qdrant-503", qdrant(), "retrieval_unavailable", "retrieval_unavailable"),
    Case("qdrant-cut", qdrant(cut=True), "retrieval_unavailable", "retrieval_unavailable"),
    Case("qdrant-500", qdrant(status=500), "retrieval_unavailable", "retrieval_unavailable"),
)


def asked_at_once(service: Wired) -> dict[str, Reply]:
    """Every door's reply to a question that no other door asks."""

    def ask(number: int, door: Door) -> Reply:
        return door.ask(service.http, f"{QUESTION[:-1]} in case {number}?", {})

    with ThreadPoolExecutor(len(DOORS)) as readers:
        replies = readers.map(ask, range(len(DOORS)), DOORS)
        return dict(zip(map(str, DOORS), replies, strict=True))


@pytest.mark.parametrize("case", CASES, ids=str)
def test_every_door_says_what_the_fault_leaves(tmp_path: Path, case: Case) -> None:
    provider, store = CohereStandIn(), QdrantStandIn()
    provider.latency.token_ms = 5  # what one read brings is read as a whole
    with ExitStack() as stack:
        url = stack.enter_context(serve(store))
        settings = {**case.settings, "qdrant_url": url}
        service = stack.enter_context(over_cohere(tmp_path, provider, **settings))
        case.harm(provider, store)
        for name, reply in asked_at_once(service).items():
            check(case, next(d for d in DOORS if d.name == name), reply)
        answering = sum(door.answers for door in DOORS)
        if case.counted:
            event = f'book_chat_events_total{{event="{case.counted}"}}'
            assert service.metric(event) >= answering
        assert eventually(lambda: service.services.slots.taken == 0)
        assert eventually(lambda: service.services.runs.running == 0)
        store.faults.clear()
        provider.reset()


def check(case: Case, door: Door, reply: Reply) -> None:
    """One cell of the matrix."""
    expected = case.answers if door.answers else case.searches
    code = "ok" if reply.code == "ok" else reply.code
    if code == "unnamed":  # AI SDK's protocol has a text and no code
        code = expected
        assert door.name == "ai-sdk"
    assert code == expected, (door.name, reply)
    if expected == "ok":
        assert reply.output is not None
        assert reply.output["sources"], door.name
        if door.answers and "status" in reply.output:
            assert reply.output["status"] == case.status, door.name
    elif case.partial and door.name in STREAMS:
        assert reply.partial, door.name
    assert "SECRET" not in str(reply)


def test_without_the_database_every_door_answers_and_it_is_said(tmp_path: Path) -> None:
    file = tmp_path / "data" / "book-chat.sqlite3"
    with over_cohere(tmp_path, CohereStandIn()) as service:
        session_id = service.http.post("/sessions").json()["session_id"]
        for part in file.parent.glob(f"{file.name}*"):
            part.unlink()
        file.mkdir()  # nothing can be opened there
        for name, reply in asked_at_once(service).items():
            assert reply.code == "ok", name
        assert service.ask(session_id=session_id)["status"] == "answered"
        assert service.metric('book_chat_events_total{event="degraded:memory"}') >= 1
        status, parts = service.parts()
        assert (status, parts["database"]["status"]) == (200, "unavailable")
        file.rmdir()
        assert eventually(lambda: service.parts()[1]["database"]["status"] == "ok")
        service.ask("What is the capture point?", session_id=session_id)
        turns = service.http.get(f"/sessions/{session_id}/turns").json()["turns"]
        assert len(turns) == 1


@pytest.mark.skipif(BINARY is None, reason=INSTALL)
def test_without_redis_every_door_answers_within_its_own_limits_and_it_is_counted(
    tmp_path: Path,
) -> None:
    with redis_server(tmp_path) as redis:
        given = {"redis_url": redis.url, "rate_limit": 600}
        with over_cohere(tmp_path, CohereStandIn(), **given) as service:
            redis.stop()
            for name, reply in asked_at_once(service).items():
                assert reply.code == "ok", name
            assert service.metric('book_chat_events_total{event="degraded:redis"}') >= 1
            assert service.ask()["status"] == "answered"
            assert eventually(lambda: service.services.slots.taken == 0)
            redis.start()
            assert eventually(lambda: service.ask(QUESTION.upper())["status"] == "answered")
