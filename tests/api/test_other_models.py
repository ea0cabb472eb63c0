"""The service over a server that speaks OpenAI's API: marks become citations, faults degrade."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from standins.openai import KEY, OpenAIStandIn
from standins.server import serve
from tests.api.wired import FOLLOW_UP, Wired, wired

pytest.importorskip("langchain_openai", reason="pip install -r requirements-local.txt")

CHAT, EMBED = "/v1/chat/completions", "/v1/embeddings"


@pytest.fixture
def models() -> OpenAIStandIn:
    return OpenAIStandIn()


@pytest.fixture
def service(tmp_path: Path, models: OpenAIStandIn) -> Iterator[Wired]:
    chosen: dict[str, Any] = {
        "chat_model": "openai:small-chat",
        "embed_model": "openai:small-embed",
        "openai_api_key": KEY,
    }
    with (
        serve(models) as url,
        wired(tmp_path, openai_base_url=f"{url}/v1", **chosen) as running,
    ):
        models.requests.clear()
        yield running


def test_an_answer_cites_its_passages_and_shows_no_mark(service: Wired) -> None:
    answer = service.ask()
    assert (answer["status"], answer["model"]) == ("answered", "openai:small-chat")
    assert "1000 Hz" in answer["answer"]
    assert "[1]" not in answer["answer"]
    known = {source["id"] for source in answer["sources"]}
    assert answer["citations"]
    for citation in answer["citations"]:
        assert answer["answer"][citation["start"] : citation["end"]] == citation["text"]
        assert set(citation["source_ids"]) <= known


def test_a_stream_adds_up_to_the_same_answer(service: Wired) -> None:
    body = {"input": {"question": FOLLOW_UP}}
    said, cited = "", []
    with service.http.stream("POST", "/chat/stream", json=body) as response:
        for line in response.iter_lines():
            if line.startswith("data:") and line[5:].strip():
                part = orjson.loads(line[5:])
                said += part.get("answer", "")
                cited += part.get("citations", [])
    whole = service.ask(FOLLOW_UP)
    assert (said, len(cited)) == (whole["answer"], len(whole["citations"]))


def test_a_follow_up_is_rewritten_with_its_history(service: Wired, models: OpenAIStandIn) -> None:
    session_id = service.http.post("/sessions").json()["session_id"]
    service.ask(session_id=session_id)
    models.requests.clear()
    follow_up = service.ask(FOLLOW_UP, session_id=session_id)
    assert models.paths().count(CHAT) == 2
    assert follow_up["status"] == "answered"


@pytest.mark.parametrize("kind", ["status", "reset", "garbage"])
def test_without_its_chat_model_quotes_of_the_book_answer(
    service: Wired, models: OpenAIStandIn, kind: Any
) -> None:
    models.fail(CHAT, kind)
    answer = service.ask()
    assert (answer["status"], answer["model"]) == ("degraded", "embedded-extractive")
    assert "1000 Hz" in answer["answer"]


def test_without_its_embeddings_words_find_the_passage(
    service: Wired, models: OpenAIStandIn
) -> None:
    models.fail(EMBED)
    answer = service.ask()
    assert (answer["status"], answer["model"]) == ("degraded", "openai:small-chat")
    assert answer["citations"]


def test_a_refused_key_is_the_operators_to_mend(service: Wired, models: OpenAIStandIn) -> None:
    models.fail(CHAT, status=401)
    refused = service.post()
    assert (refused.status_code, refused.json()["code"]) == (502, "model_rejected")
    assert KEY not in refused.text
