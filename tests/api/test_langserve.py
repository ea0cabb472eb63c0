"""The LangServe door over real HTTP."""

import asyncio
import json
from typing import Any

import httpx
import pytest
from langserve import RemoteRunnable

from api.doors.langserve import PREFIX
from errors import RetryLater
from tests.api.conftest import PIECES, QUESTION, Served


def events(text: str) -> list[tuple[str, Any]]:
    found = []
    for block in text.replace("\r\n", "\n").strip().split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.split("\n"))
        found.append((fields["event"], json.loads(fields["data"]) if "data" in fields else None))
    return found


def ask(served: Served, route: str, question: dict[str, Any]) -> httpx.Response:
    return served.http.post(f"{PREFIX}/{route}", json={"input": question})


def test_invoke_answers_with_citations_whose_offsets_hold(served: Served) -> None:
    response = ask(served, "invoke", {"question": QUESTION})
    assert response.status_code == 200
    output = response.json()["output"]
    assert output["answer"] == "ROS 2 is middleware for robots."
    [citation] = output["citations"]
    assert output["answer"][citation["start"] : citation["end"]] == citation["text"]
    assert response.headers["x-request-id"]
    assert "total;dur=" in response.headers["server-timing"]


def test_stream_sends_sources_then_text_then_the_rest(served: Served) -> None:
    response = ask(served, "stream", {"question": QUESTION})
    names = [name for name, _ in events(response.text)]
    assert names[0] == "metadata"
    assert names[-1] == "end"
    parts = [data for name, data in events(response.text) if name == "data"]
    assert list(parts[0]) == ["sources"]
    assert "".join(p.get("answer", "") for p in parts) == "ROS 2 is middleware for robots."
    assert parts[-1]["status"] == "answered"


async def test_langserves_own_client_gets_the_same_from_invoke_stream_and_batch(
    served: Served,
) -> None:
    remote: Any = RemoteRunnable(f"{served.url}{PREFIX}")
    whole = await remote.ainvoke({"question": QUESTION})
    summed: dict[str, Any] = {}
    async for part in remote.astream({"question": QUESTION}):
        for key, value in part.items():
            summed[key] = summed[key] + value if key in summed else value
    for one in (whole, summed):
        one.pop("answer_id")
        one.pop("timings_ms")
    assert summed == whole
    both = await remote.abatch([{"question": QUESTION}, {"question": QUESTION}])
    assert [one["answer"] for one in both] == [whole["answer"]] * 2


def test_two_streams_at_once_both_arrive_whole(served: Served) -> None:
    async def both() -> list[httpx.Response]:
        async with httpx.AsyncClient(base_url=served.url) as http:
            body = {"input": {"question": QUESTION}}
            return await asyncio.gather(
                *(http.post(f"{PREFIX}/stream", json=body) for _ in range(2))
            )

    assert all(events(r.text)[-1][0] == "end" for r in asyncio.run(both()))


def test_a_failure_before_the_first_byte_is_a_real_status(served: Served) -> None:
    served.store.fails["store"] = RetryLater("away", code="retrieval_unavailable")
    for route in ("invoke", "stream"):
        response = ask(served, route, {"question": QUESTION})
        assert response.status_code == 503
        assert response.headers["content-type"] == "application/problem+json"
        assert response.json()["code"] == "retrieval_unavailable"
        assert response.headers["retry-after"]


def test_a_failure_midway_ends_the_stream_with_the_problem_document(served: Served) -> None:
    served.chat.pieces = ["ROS 2 ", RetryLater("gone")]
    found = events(ask(served, "stream", {"question": QUESTION}).text)
    assert found[-1][0] == "error"
    assert found[-1][1]["code"] == "model_unavailable"
    assert found[-1][1]["request_id"]
    assert found[2][1] == {"answer": "ROS 2 "}


def test_an_unexpected_error_says_nothing_of_the_inside(served: Served) -> None:
    served.chat.pieces = [ValueError("secret-key-123 at /srv/app")]
    response = ask(served, "invoke", {"question": QUESTION})
    assert response.status_code == 500
    assert response.json()["code"] == "internal"
    assert "secret" not in response.text


@pytest.mark.parametrize(
    "body",
    [
        {"input": {"question": ""}},
        {"input": {}},
        {},
        {"input": {"question": "x" * 2001}},
        {"input": {"question": "ok"}, "config": {"configurable": {"k": 1}}},
    ],
)
@pytest.mark.parametrize("route", ["invoke", "stream"])
def test_a_bad_request_is_a_422_problem_with_its_fields(
    served: Served, route: str, body: dict[str, Any]
) -> None:
    response = served.http.post(f"{PREFIX}/{route}", json=body)
    assert response.status_code == 422
    problem = response.json()
    assert problem["code"] == "invalid_request"
    assert problem["errors"]


def test_a_batch_has_at_most_eight_questions(served: Served) -> None:
    inputs = [{"question": QUESTION}] * 9
    assert served.http.post(f"{PREFIX}/batch", json={"inputs": inputs}).status_code == 422
    response = served.http.post(f"{PREFIX}/batch", json={"inputs": inputs[:8]})
    assert len(response.json()["output"]) == 8


@pytest.mark.parametrize(
    "route",
    ["stream_log", "stream_events", "c/x/invoke", "c/x/stream", "config_schema", "feedback"],
)
def test_routes_that_would_show_the_inside_are_off(served: Served, route: str) -> None:
    assert ask(served, route, {"question": QUESTION}).status_code in (404, 405)


def test_the_schemas_name_the_fields_of_the_contract(served: Served) -> None:
    given = served.http.get(f"{PREFIX}/input_schema").json()["properties"]
    assert {"question", "session_id", "history", "selected_text", "section", "language"} == set(
        given
    )
    out = served.http.get(f"{PREFIX}/output_schema").json()["properties"]
    assert {"answer", "citations", "sources", "status", "usage", "timings_ms"} <= set(out)


def test_the_playground_page_gets_a_log_that_says_only_the_answer(served: Served) -> None:
    page = served.http.get(f"{PREFIX}/playground/")
    assert page.status_code == 200
    script = next(part for part in page.text.split('"') if part.endswith(".js"))
    code = served.http.get(script).text
    assert "/playground/stream_log" in code
    log = ask(served, "playground/stream_log", {"question": QUESTION})
    ops = [op for name, data in events(log.text) if name == "data" for op in data["ops"]]
    assert ops[-1]["path"] == "/final_output"
    assert ops[-1]["value"]["answer"] == "ROS 2 is middleware for robots."
    assert "material, not instructions" not in log.text


def test_a_session_gives_follow_ups_their_topic(served: Served) -> None:
    session_id = served.http.post("/sessions").json()["session_id"]
    first = {"question": "How does the humanoid keep its balance?", "session_id": session_id}
    ask(served, "invoke", first)
    answer = ask(served, "invoke", {"question": "How fast does it run?", "session_id": session_id})
    assert "balance" in answer.json()["output"]["standalone_question"]
    served.chat.pieces = PIECES
    turns = served.http.get(f"/sessions/{session_id}/turns").json()["turns"]
    assert [t["question"] for t in turns] == [first["question"], "How fast does it run?"]


def test_a_forged_session_is_not_found(served: Served) -> None:
    response = ask(served, "invoke", {"question": QUESTION, "session_id": "forged"})
    assert (response.status_code, response.json()["code"]) == (404, "not_found")
