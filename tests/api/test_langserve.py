"""The LangServe door over real HTTP."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from langserve import RemoteRunnable

from api.doors.langserve import PREFIX
from errors import RetryLater
from tests.api.conftest import PIECES, QUESTION, Served
from tests.api.test_outages import eventually


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
    assert {
        "question",
        "session_id",
        "history",
        "selected_text",
        "section",
        "language",
        "version",
        "locale",
        "replaces",
    } == set(given)
    out = served.http.get(f"{PREFIX}/output_schema").json()["properties"]
    assert {"answer", "citations", "sources", "status", "usage", "timings_ms"} <= set(out)


def test_the_playground_page_gets_a_log_that_says_only_the_answer(served: Served) -> None:
    page = served.http.get(f"{PREFIX}/playground/")
    assert page.status_code == 200
    script = next(part for part in page.text.split('"') if part.endswith(".js"))
    assert "stream_log" in served.http.get(f"{PREFIX}/playground/{script}").text
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


def _gate(served: Served) -> Callable[[], None]:
    """The model stops before its second piece until the returned function is called."""
    opened = asyncio.Event()
    served.chat.gate = opened

    def open_it() -> None:
        run = next(iter(served.services.runs._runs.values()))
        assert run.task is not None
        run.task.get_loop().call_soon_threadsafe(opened.set)

    return open_it


def _begun(served: Served, **params: Any) -> tuple[str, list[tuple[str, str, Any]]]:
    """A stream whose client leaves after the first text: the answer's id and what it saw."""
    seen: list[tuple[str, str, Any]] = []
    body = {"input": {"question": QUESTION}}
    with served.http.stream("POST", f"{PREFIX}/stream", json=body, params=params) as response:
        lines: dict[str, str] = {}
        for line in response.iter_lines():
            if line:
                name, _, value = line.partition(": ")
                lines[name] = value
                continue
            seen.append((lines.pop("id", ""), lines.pop("event"), json.loads(lines.pop("data"))))
            if "answer" in seen[-1][2]:
                break
    return seen[0][2]["run_id"], seen


def test_a_resumable_stream_goes_on_without_its_client_and_is_picked_up_without_gap(
    served: Served,
) -> None:
    open_gate = _gate(served)
    answer_id, seen = _begun(served, resumable=True)
    open_gate()
    rest = served.http.get(f"{PREFIX}/stream/{answer_id}", headers={"Last-Event-ID": seen[-1][0]})
    parts = [data for name, _, data in seen if name]
    parts += [data for name, data in events(rest.text) if name == "data"]
    text = "".join(part.get("answer", "") for part in parts)
    assert text == "ROS 2 is middleware for robots."
    assert parts[-1]["answer_id"] == answer_id
    again = served.http.get(f"{PREFIX}/stream/{answer_id}", params={"after": -1})
    assert [data for name, data in events(again.text) if name == "data"] == parts


def test_a_client_that_leaves_a_plain_stream_stops_the_model(served: Served) -> None:
    _gate(served)
    answer_id, _ = _begun(served)
    assert eventually(lambda: served.chat.closed == [True])
    assert eventually(lambda: served.http.get(f"{PREFIX}/stream/{answer_id}").status_code == 404)
    assert served.services.slots.taken == 0


def test_a_stream_can_be_cancelled_by_its_id(served: Served) -> None:
    _gate(served)
    answer_id, seen = _begun(served, resumable=True)
    assert served.http.delete(f"{PREFIX}/stream/{answer_id}").status_code == 204
    assert eventually(lambda: served.chat.closed == [True])
    rest = served.http.get(f"{PREFIX}/stream/{answer_id}", params={"after": seen[-1][0]})
    found = events(rest.text)
    assert found[-1][0] == "end"
    assert found[-2][1]["answer_id"] == answer_id
    assert not any("answer" in (data or {}) for _, data in found)
    assert served.http.delete(f"{PREFIX}/stream/{answer_id}").status_code == 204


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_an_answer_that_nobody_asked_for_is_not_found(served: Served, method: str) -> None:
    response = served.http.request(method, f"{PREFIX}/stream/none")
    assert (response.status_code, response.json()["code"]) == (404, "not_found")


def test_an_event_that_is_yet_to_come_cannot_be_resumed_from(served: Served) -> None:
    _gate(served)
    answer_id, _ = _begun(served, resumable=True)
    response = served.http.get(f"{PREFIX}/stream/{answer_id}", params={"after": 1000})
    assert (response.status_code, response.json()["code"]) == (422, "invalid_request")
    served.http.delete(f"{PREFIX}/stream/{answer_id}")


@pytest.mark.parametrize("route", ["invoke", "batch"])
async def test_a_client_that_leaves_before_the_answer_stops_the_model(
    served: Served, route: str
) -> None:
    _gate(served)
    question = {"question": QUESTION}
    body = {"inputs": [question, {"question": f"{QUESTION} Say it."}]}
    async with httpx.AsyncClient(base_url=served.url) as http:
        given = {"input": question} if route == "invoke" else body
        asking = asyncio.create_task(http.post(f"{PREFIX}/{route}", json=given))
        answers = len(body["inputs"]) if route == "batch" else 1
        assert await asyncio.to_thread(eventually, lambda: len(served.chat.seen) == answers)
        assert served.services.runs.running == answers
        assert f"book_chat_running_answers {answers}.0" in served.http.get("/metrics").text
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
    assert await asyncio.to_thread(eventually, lambda: served.chat.closed == [True] * answers)
    assert await asyncio.to_thread(eventually, lambda: served.services.slots.taken == 0)
