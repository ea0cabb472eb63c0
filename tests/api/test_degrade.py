"""What fails, and what the reader gets then: the real wiring, stand-ins that fail on purpose."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from standins.cohere import CohereStandIn
from tests.api.wired import FOLLOW_UP, QUESTION, Wired, over_cohere

EMBED, RERANK, CHAT = "/v2/embed", "/v2/rerank", "/v2/chat"


@pytest.fixture
def cohere() -> CohereStandIn:
    return CohereStandIn()


@pytest.fixture
def overrides() -> dict[str, Any]:
    return {}


@pytest.fixture
def service(tmp_path: Path, cohere: CohereStandIn, overrides: dict[str, Any]) -> Iterator[Wired]:
    with over_cohere(tmp_path, cohere, **overrides) as running:
        yield running


def test_all_well_is_three_calls_a_follow_up_four_and_a_repetition_none(
    service: Wired, cohere: CohereStandIn
) -> None:
    session_id = service.http.post("/sessions").json()["session_id"]
    first = service.ask(session_id=session_id)
    assert (first["status"], cohere.paths()) == ("answered", [EMBED, RERANK, CHAT])
    assert first["usage"]["provider_calls"] == 3
    follow_up = service.ask(FOLLOW_UP, session_id=session_id)
    assert cohere.paths()[3:] == [CHAT, EMBED, RERANK, CHAT]
    assert follow_up["usage"]["provider_calls"] == 4
    again = service.ask(session_id=service.http.post("/sessions").json()["session_id"])
    assert len(cohere.paths()) == 7
    assert (again["answer"], again["usage"]["provider_calls"]) == (first["answer"], 0)
    assert service.metric('book_chat_events_total{event="cache_hit"}') == 1


def test_the_same_question_in_another_place_is_not_embedded_again(
    service: Wired, cohere: CohereStandIn
) -> None:
    service.ask()
    elsewhere = service.ask(section="balance")
    assert cohere.paths() == [EMBED, RERANK, CHAT, RERANK, CHAT]
    assert (elsewhere["status"], elsewhere["usage"]["provider_calls"]) == ("answered", 2)


async def test_readers_who_ask_at_once_share_one_answer(
    service: Wired, cohere: CohereStandIn
) -> None:
    cohere.latency.first_token_ms = 300
    answers = await asyncio.gather(*(asyncio.to_thread(service.ask) for _ in range(6)))
    assert cohere.paths() == [EMBED, RERANK, CHAT]
    assert {a["answer"] for a in answers} == {answers[0]["answer"]}
    assert sum(a["usage"]["provider_calls"] for a in answers) == 3
    assert len({a["answer_id"] for a in answers}) == 6


@pytest.mark.parametrize("kind", ["status", "reset", "garbage"])
def test_without_the_reranker_the_fused_order_answers_and_is_counted(
    service: Wired, cohere: CohereStandIn, kind: Any
) -> None:
    cohere.fail(RERANK, kind)
    answer = service.ask()
    assert (answer["status"], answer["citations"] != []) == ("answered", True)
    assert service.metric('book_chat_events_total{event="degraded:reranker"}') == 1


@pytest.mark.parametrize("kind", ["status", "reset", "garbage"])
def test_without_query_embeddings_the_sparse_index_answers_degraded(
    service: Wired, cohere: CohereStandIn, kind: Any
) -> None:
    cohere.fail(EMBED, kind)
    answer = service.ask()
    assert answer["status"] == "degraded"
    assert answer["model"].startswith("command")
    assert "1000 Hz" in answer["answer"]
    assert answer["citations"]


def test_a_degraded_answer_is_not_repeated_once_the_model_is_back(
    service: Wired, cohere: CohereStandIn
) -> None:
    cohere.fail(CHAT, status=500, times=2)
    assert service.ask()["status"] == "degraded"
    assert service.ask()["status"] == "answered"


class TestTheChatModelBeforeItsFirstToken:
    @pytest.fixture
    def overrides(self) -> dict[str, Any]:
        return {"first_token_seconds": 0.5}

    @pytest.mark.parametrize(
        "how",
        [
            {"kind": "status", "status": 503},
            {"kind": "status", "status": 429},
            {"kind": "status", "status": 429, "retry_after": "30"},
            {"kind": "status", "status": 402},
            {"kind": "reset"},
            {"kind": "hang"},
            {"kind": "garbage"},
            {"kind": "spoil", "events": 1},
            {"kind": "cut", "events": 1},
            {"kind": "stall", "events": 1},
        ],
        ids=lambda how: "-".join(str(v) for v in how.values()),
    )
    def test_is_replaced_by_quotes_from_the_same_passages(
        self, service: Wired, cohere: CohereStandIn, how: dict[str, Any]
    ) -> None:
        cohere.fail(CHAT, **how)
        answer = service.ask()
        assert (answer["status"], answer["model"]) == ("degraded", "embedded-extractive")
        assert "1000 Hz" in answer["answer"]
        for citation in answer["citations"]:
            assert answer["answer"][citation["start"] : citation["end"]] == citation["text"]
        assert answer["citations"]
        assert "SECRET" not in json.dumps(answer)

    def test_a_storm_of_429_costs_one_call_a_question(
        self, service: Wired, cohere: CohereStandIn
    ) -> None:
        cohere.fail(CHAT, status=429)
        for number in range(4):
            assert service.ask(language=f"en-{number}")["status"] == "degraded"
        assert cohere.paths().count(CHAT) == 4


@pytest.mark.parametrize("kind", ["cut", "spoil"])
def test_a_model_that_fails_midway_leaves_what_has_come_and_a_named_error(
    service: Wired, cohere: CohereStandIn, kind: Any
) -> None:
    cohere.latency.token_ms = 15  # what one read brings is read as a whole
    cohere.fail(CHAT, kind, events=12)
    session_id = service.http.post("/sessions").json()["session_id"]
    lines = service.post(route="stream", session_id=session_id).text.splitlines()
    data = [json.loads(line[6:]) for line in lines if line.startswith("data: ")]
    text = "".join(part.get("answer", "") for part in data)
    assert text
    assert "event: error" in lines
    assert "event: end" not in lines
    assert (data[-1]["code"], data[-1]["status"]) == ("model_unavailable", 503)
    [turn] = service.http.get(f"/sessions/{session_id}/turns").json()["turns"]
    assert (turn["outcome"], turn["answer"]["answer"]) == ("failed", text)
    assert service.post(session_id=session_id).status_code == 503


@pytest.mark.parametrize("status", [401, 403, 404])
@pytest.mark.parametrize("path", [CHAT, EMBED])
def test_a_refused_key_or_model_is_said_to_the_reader_and_hidden_by_nothing(
    service: Wired, cohere: CohereStandIn, path: str, status: int
) -> None:
    cohere.fail(path, status=status)
    response = service.post()
    assert (response.status_code, response.json()["code"]) == (502, "model_rejected")
    streamed = service.post(route="stream").text
    assert '"code":"model_rejected"' in streamed
    assert "SECRET" not in response.text + streamed


def test_a_reranker_that_is_refused_costs_only_its_order(
    service: Wired, cohere: CohereStandIn
) -> None:
    cohere.fail(RERANK, status=404)
    assert service.ask()["status"] == "answered"


class TestSpentBudget:
    @pytest.fixture
    def overrides(self) -> dict[str, Any]:
        # One call goes into indexing the book.
        return {"monthly_call_budget": 20, "cohere_rerank_model": ""}

    def test_comfort_goes_first_then_the_provider(
        self, service: Wired, cohere: CohereStandIn
    ) -> None:
        models = []
        for number in range(12):
            answer = service.ask(f"{QUESTION}{'?' * number}", language=f"en-{number}")
            models.append((answer["status"], answer["usage"]["provider_calls"]))
        assert models[0] == ("answered", 2)
        assert models[-1] == ("degraded", 0)
        assert 18 <= len(cohere.paths()) <= 20


class TestNearlySpentBudget:
    @pytest.fixture
    def overrides(self) -> dict[str, Any]:
        return {"monthly_call_budget": 40}

    def test_reranking_is_shed_before_answers_are(
        self, service: Wired, cohere: CohereStandIn
    ) -> None:
        for number in range(15):
            service.ask(f"{QUESTION}{'?' * number}", language=f"en-{number}")
        rerankings = cohere.paths().count(RERANK)
        assert 0 < rerankings < cohere.paths().count(CHAT)


class TestAllOfItHangs:
    @pytest.fixture
    def overrides(self) -> dict[str, Any]:
        return {"first_token_seconds": 1.0}

    def test_one_deadline_holds_for_condensing_embedding_reranking_and_answering(
        self, service: Wired, cohere: CohereStandIn
    ) -> None:
        for path in (CHAT, EMBED, RERANK):
            cohere.fail(path, "hang")
        history = [{"question": QUESTION, "answer": "At 1000 Hz."}]
        # The client waits 30 s; one after the other, the parts alone would wait longer.
        answer = service.ask(FOLLOW_UP, history=history)
        assert (answer["status"], answer["model"]) == ("degraded", "embedded-extractive")
        assert cohere.paths() == [CHAT, EMBED, RERANK, CHAT]

    def test_a_model_that_keeps_hanging_is_left_alone_for_a_while(
        self, service: Wired, cohere: CohereStandIn
    ) -> None:
        cohere.fail(CHAT, "hang")
        for number in range(7):
            assert service.ask(language=f"en-{number}")["status"] == "degraded"
        assert 5 <= cohere.paths().count(CHAT) < 7
