"""Search, sessions, health, admin, limits and pages over real HTTP."""

import csv
import io
from typing import Any

import pytest

from errors import RetryLater
from tests.api.conftest import QUESTION, Served


def ask(served: Served, **fields: Any) -> dict[str, Any]:
    body = {"input": {"question": QUESTION, **fields}}
    output: dict[str, Any] = served.http.post("/chat/invoke", json=body).json()["output"]
    return output


def test_search_returns_passages_and_calls_no_model(served: Served) -> None:
    found = served.http.get("/search", params={"q": QUESTION, "k": 1}).json()
    [source] = found["sources"]
    assert source["heading"] == "What ROS 2 is"
    assert found["book_version"] == "v1"
    assert served.chat.seen == []


@pytest.mark.parametrize(
    "params", [{}, {"q": ""}, {"q": " "}, {"q": "a", "k": 0}, {"q": "a", "k": 99}]
)
def test_a_bad_search_is_a_422_problem(served: Served, params: dict[str, Any]) -> None:
    response = served.http.get("/search", params=params)
    assert (response.status_code, response.json()["code"]) == (422, "invalid_request")


def test_a_session_can_be_read_and_deleted_by_those_who_hold_its_id(served: Served) -> None:
    created = served.http.post("/sessions")
    assert created.status_code == 201
    session_id = created.json()["session_id"]
    answer = ask(served, session_id=session_id)
    [turn] = served.http.get(f"/sessions/{session_id}/turns").json()["turns"]
    assert turn["answer"]["answer_id"] == answer["answer_id"]
    assert served.http.delete(f"/sessions/{session_id}").status_code == 204
    assert served.http.get(f"/sessions/{session_id}/turns").status_code == 404


def test_a_session_is_shared_for_reading_until_the_link_is_ended(served: Served) -> None:
    session_id = served.http.post("/sessions").json()["session_id"]
    ask(served, session_id=session_id)
    made = served.http.post(f"/sessions/{session_id}/share")
    assert made.status_code == 201
    link = f"/shared/{made.json()['share_id']}"
    [turn] = served.http.get(link).json()["turns"]
    assert turn["question"] == QUESTION
    assert served.http.delete(f"/sessions/{session_id}/share").status_code == 204
    assert served.http.get(link).json()["code"] == "not_found"
    assert served.http.post("/sessions/nobody/share").status_code == 404


def test_feedback_needs_an_answer_of_the_session(served: Served) -> None:
    session_id = served.http.post("/sessions").json()["session_id"]
    answer = ask(served, session_id=session_id)
    body = {"rating": "down", "comment": "too short", "session_id": session_id}
    url = f"/answers/{answer['answer_id']}/feedback"
    assert served.http.post(url, json=body).status_code == 204
    assert served.memory.ratings[answer["answer_id"]] == ("down", "too short")
    assert served.http.post("/answers/none/feedback", json=body).status_code == 404
    assert served.http.post(url, json={**body, "rating": "meh"}).status_code == 422


def test_readiness_fails_with_the_store_and_not_with_the_database(served: Served) -> None:
    assert served.http.get("/health/live").status_code == 200
    served.memory.away = True
    ready = served.http.get("/health/ready")
    assert ready.status_code == 200
    assert ready.json()["parts"]["database"]["status"] == "unavailable"
    served.store.fails["store"] = RetryLater("away", code="retrieval_unavailable")
    ready = served.http.get("/health/ready")
    assert ready.status_code == 503
    assert ready.json()["parts"]["book"]["code"] == "retrieval_unavailable"
    assert served.http.get("/health/live").status_code == 200


def test_health_tells_versions_and_providers(served: Served) -> None:
    body = served.http.get("/health").json()
    assert body["providers"] == {"chat": "scripted"}
    assert {"version", "commit", "book_version", "parts"} <= set(body)


def test_metrics_count_answers_and_provider_calls(served: Served) -> None:
    ask(served)
    text = served.http.get("/metrics").text
    assert 'book_chat_answers_total{status="answered"} 1.0' in text
    assert '{operation="chat",outcome="ok",provider="scripted"} 1.0' in text


def test_the_page_answers_get_and_head(served: Served) -> None:
    assert "<!doctype html>" in served.http.get("/").text.lower()
    assert served.http.head("/").status_code == 200


def test_an_unknown_page_is_a_problem_document(served: Served) -> None:
    response = served.http.get("/nowhere")
    assert response.status_code == 404
    assert response.json()["code"] == "not_found"
    assert response.headers["x-request-id"] == response.json()["request_id"]


def test_a_given_request_id_is_kept_unless_it_is_odd(served: Served) -> None:
    kept = served.http.get("/health/live", headers={"X-Request-ID": "abc-1"})
    assert kept.headers["x-request-id"] == "abc-1"
    odd = served.http.get("/health/live", headers={"X-Request-ID": "a b\tc"})
    assert odd.headers["x-request-id"] != "a b\tc"


def test_admin_routes_do_not_exist_without_a_key(served: Served) -> None:
    response = served.http.post("/admin/index", headers={"Authorization": "Bearer x"})
    assert response.status_code == 404


class TestAdmin:
    @pytest.fixture
    def overrides(self) -> dict[str, Any]:
        return {"admin_api_key": "key-of-the-operator"}

    def test_admin_needs_the_key(self, served: Served) -> None:
        for header in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "key"}):
            assert served.http.post("/admin/index", headers=header).status_code == 401
        good = {"Authorization": "Bearer key-of-the-operator"}
        started = served.http.post("/admin/index", headers=good)
        assert (started.status_code, started.json()["started"]) == (202, True)
        assert served.http.get("/admin/insights", headers=good).status_code == 200
        sheet = served.http.get("/admin/insights?format=csv", headers=good)
        assert sheet.headers["content-type"].startswith("text/csv")

    @pytest.mark.parametrize(
        "typed", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1+1", "\r=1+1", "\n=1+1", "harmless"]
    )
    def test_what_a_reader_typed_is_no_formula_in_the_operators_sheet(
        self, served: Served, typed: str
    ) -> None:
        session_id = served.http.post("/sessions").json()["session_id"]
        answer = ask(served, session_id=session_id)
        body = {"rating": "down", "comment": typed, "session_id": session_id}
        served.http.post(f"/answers/{answer['answer_id']}/feedback", json=body)
        key = {"Authorization": "Bearer key-of-the-operator"}
        sheet = served.http.get("/admin/insights?format=csv", headers=key).text
        cells = [cell for row in csv.reader(io.StringIO(sheet, newline="")) for cell in row]
        assert (typed if typed == "harmless" else f"'{typed}") in cells


class TestRateLimit:
    @pytest.fixture
    def overrides(self) -> dict[str, Any]:
        return {"rate_limit": 2}

    def test_the_third_question_of_a_minute_waits(self, served: Served) -> None:
        body = {"input": {"question": QUESTION}}
        statuses = [served.http.post("/chat/invoke", json=body).status_code for _ in range(3)]
        assert statuses == [200, 200, 429]
        response = served.http.post("/chat/stream", json=body)
        assert response.json()["code"] == "rate_limited"
        assert 1 <= int(response.headers["retry-after"]) <= 60


class TestOrigins:
    @pytest.fixture
    def overrides(self) -> dict[str, Any]:
        return {"allowed_origins": ["https://book.example"]}

    def test_only_allowed_origins_are_reflected(self, served: Served) -> None:
        def reflected(origin: str) -> str | None:
            response = served.http.get("/health/live", headers={"Origin": origin})
            allowed: str | None = response.headers.get("access-control-allow-origin")
            return allowed

        assert reflected("https://book.example") == "https://book.example"
        assert reflected("https://evil.example") is None


@pytest.mark.parametrize(
    ("written", "offered"),
    [(["en", "ur"], ["en", "ur"]), (["en"], ["en"]), (["ur"], ["ur"]), (["de", "fr"], ["en"])],
)
def test_the_page_speaks_the_languages_of_the_book(
    served: Served, written: list[str], offered: list[str]
) -> None:
    served.store.languages = written
    assert served.http.get("/book").json()["page"]["languages"] == offered
    served.store.languages = []  # indexed by an earlier version
    assert served.http.get("/book").json()["page"]["languages"] == []


def test_the_book_tells_its_title_its_pages_and_questions_to_begin_with(served: Served) -> None:
    body = served.http.get("/book").json()
    assert body["title"] == body["pages"][0]["title"]
    assert body["book_version"] == "v1"
    assert 1 <= len(body["suggestions"]) <= 3
    assert served.chat.seen == []
