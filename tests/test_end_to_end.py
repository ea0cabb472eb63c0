"""The service as a user starts it: a real process, the embedded default, or stand-ins."""

import socket
from pathlib import Path
from typing import Any

import httpx
import pytest

from standins.cohere import KEY, CohereStandIn
from standins.server import free_port, serve
from tests.processes import environment, run, service, write_book

QUESTION = "How fast does the balance controller of a humanoid run?"


def ask(http: httpx.Client, question: str = QUESTION, **fields: Any) -> dict[str, Any]:
    response = http.post("/chat/invoke", json={"input": {"question": question, **fields}})
    assert response.status_code == 200, response.text
    output: dict[str, Any] = response.json()["output"]
    return output


def test_without_a_key_or_server_it_answers_cites_and_abstains(tmp_path: Path) -> None:
    env = environment(tmp_path, BOOK_DIR=str(write_book(tmp_path / "book")))
    with service(tmp_path, env, free_port()) as http:
        answer = ask(http)
        assert answer["status"] == "answered"
        assert "1000 Hz" in answer["answer"]
        for citation in answer["citations"]:
            assert answer["answer"][citation["start"] : citation["end"]] == citation["text"]
        assert answer["citations"]
        assert answer["sources"][0]["url"].endswith("/docs/balance#the-balance-controller")
        assert answer["usage"]["provider_calls"] == 0
        stranger = ask(http, "Who won the football world cup in Qatar?")
        assert (stranger["status"], stranger["citations"]) == ("not_in_book", [])
        session_id = http.post("/sessions").json()["session_id"]
        ask(http, session_id=session_id)
    with service(tmp_path, env, free_port()) as http:
        turns = http.get(f"/sessions/{session_id}/turns").json()["turns"]
        assert len(turns) == 1


def test_with_a_key_cohere_embeds_and_answers_with_its_citations(tmp_path: Path) -> None:
    with serve(CohereStandIn()) as url:
        env = environment(
            tmp_path,
            BOOK_DIR=str(write_book(tmp_path / "book")),
            COHERE_API_KEY=KEY,
            COHERE_BASE_URL=url,
        )
        with service(tmp_path, env, free_port()) as http:
            answer = ask(http)
    assert answer["status"] == "answered"
    assert answer["model"].startswith("command")
    assert answer["citations"]
    assert answer["usage"]["provider_calls"] <= 3


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"BOOK_DIR": "/nowhere/at/all"}, "BOOK_DIR"),
        ({"PORT": "none"}, "PORT"),
        ({"LOG_LEVEL": "loud"}, "LOG_LEVEL"),
        ({"QDRANT_API_KEY": "secret-of-qdrant"}, "QDRANT_URL"),
        ({"QDRANT_URL": "not a url"}, "QDRANT_URL"),
        ({"DATABASE_URL": "mysql://u:secret-of-db@h/d"}, "DATABASE_URL"),
        ({"WEB_CONCURRENCY": "4"}, "WEB_CONCURRENCY"),
    ],
)
def test_a_wrong_setting_ends_in_one_line_that_names_it(
    tmp_path: Path, variables: dict[str, str], said: str
) -> None:
    done = run("api", cwd=tmp_path, env=environment(tmp_path, **variables))
    assert done.returncode == 1
    [line] = done.stderr.strip().splitlines()
    assert said in line
    assert "secret" not in line


def test_a_taken_port_ends_in_one_line(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        env = environment(tmp_path, PORT=str(taken.getsockname()[1]))
        done = run("api", cwd=tmp_path, env=env)
    assert done.returncode == 1
    assert "already in use" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_wrong_key_is_named_in_one_line_that_does_not_show_it(tmp_path: Path) -> None:
    with serve(CohereStandIn()) as url:
        env = environment(
            tmp_path,
            BOOK_DIR=str(write_book(tmp_path / "book")),
            COHERE_API_KEY="wrong-secret-key",
            COHERE_BASE_URL=url,
        )
        indexed = run("loaders", cwd=tmp_path, env=env)
        with service(tmp_path, env, free_port()) as http:
            said = http.get("/health").json()
            refused = http.post("/chat/invoke", json={"input": {"question": QUESTION}})
    assert indexed.returncode == 2
    assert "Traceback" not in indexed.stderr
    assert refused.json()["code"] == "model_rejected"
    assert said["status"] == "degraded"
    for text in (indexed.stderr, str(said)):
        assert "COHERE_API_KEY" in text
        assert "wrong-secret-key" not in text


def test_an_unreachable_qdrant_is_a_503_and_no_traceback(tmp_path: Path) -> None:
    env = environment(
        tmp_path,
        BOOK_DIR=str(write_book(tmp_path / "book")),
        QDRANT_URL=f"http://127.0.0.1:{free_port()}",
    )
    with service(tmp_path, env, free_port(), whole=False) as http:
        assert http.get("/health/ready").status_code == 503
        response = http.post("/chat/invoke", json={"input": {"question": QUESTION}})
        assert (response.status_code, response.json()["code"]) == (503, "retrieval_unavailable")


def test_indexing_twice_embeds_nothing_the_second_time(tmp_path: Path) -> None:
    env = environment(tmp_path, BOOK_DIR=str(write_book(tmp_path / "book")))
    first = run("loaders", cwd=tmp_path, env=env)
    second = run("loaders", cwd=tmp_path, env=env)
    assert "added 3" in first.stdout
    assert "added 0" in second.stdout
    assert "unchanged 3" in second.stdout
