"""Whatever a stranger sends over HTTP: a problem document with an id, from every part of it."""

import json
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from tests.api.conftest import QUESTION, Served

PROBLEM = {"type", "title", "status", "detail", "code", "request_id"}
PAST = {"question": "x", "answer": "y"}
BOOK = "https://book.example"


def check(response: httpx.Response, status: int) -> dict[str, Any]:
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    assert response.headers["x-content-type-options"] == "nosniff"
    problem: dict[str, Any] = response.json()
    assert set(problem) >= PROBLEM
    assert problem["status"] == status
    assert problem["request_id"] == response.headers["x-request-id"]
    assert ("errors" in problem) is (status == 422)
    return problem


@pytest.mark.parametrize(
    "path",
    [
        "/nowhere", "/web/nowhere.js", "/web/", "/chat/", "/chat/c/x/invoke", "/chat/stream_log",
        "/chat/playground/nowhere.js", "/chat/playground/..%2f..%2fserver.py",
        "/chat/playground/%00.js", f"/chat/playground/{'a' * 300}", "/web/%00", "/ws/chat",
    ],
)  # fmt: skip
def test_what_is_not_there_is_a_problem_in_every_part_of_it(served: Served, path: str) -> None:
    assert check(served.http.get(path), 404)["code"] == "not_found"


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", "/chat/invoke", "POST"), ("PUT", "/sessions", "POST"), ("POST", "/health", None),
        ("DELETE", "/web/page.js", None), ("OPTIONS", "/chat/invoke", "POST"),
        ("TRACE", "/chat/stream", "POST"), ("PATCH", "/", None),
    ],
)  # fmt: skip
def test_a_method_that_is_not_for_this_path_is_told_which_are(
    served: Served, method: str, path: str, allowed: str | None
) -> None:
    response = served.http.request(method, path)
    assert check(response, 405)["code"] == "invalid_request"
    assert allowed in (None, response.headers.get("allow"))


def test_what_nobody_saw_coming_has_its_id_and_headers_and_the_connection_lives(
    served: Served,
) -> None:
    served.chat.pieces = [ValueError("secret-key-123 at /srv/app")]
    for _ in range(2):
        response = served.http.post(
            "/chat/invoke", json={"input": {"question": QUESTION}}, headers={"Origin": BOOK}
        )
        assert check(response, 500)["code"] == "internal"
        assert response.headers["access-control-allow-origin"] == "*"
        assert "secret" not in response.text


@pytest.mark.parametrize("config", [[{}], [{}, {}, {}]])
def test_configs_that_do_not_pair_with_their_inputs_are_named(
    served: Served, config: list[Any]
) -> None:
    body = {"inputs": [{"question": QUESTION}] * 2, "config": config}
    assert check(served.http.post("/chat/batch", json=body), 422)["errors"]


@pytest.mark.parametrize(
    "body",
    [
        b"", b"hello", b"{", b"null", b"[1]", b'{"input":"What?"}', b"[" * 100_000,
        b'{"input":{"question":"\xff"}}', b'{"input":{"question":"\\ud800"}}',
        b'{"input":{"question":"x"},"config":{"a":' + b"9" * 5000 + b"}}",
        b'{"input":{"question":"x"},"config":' + b'{"a":' * 5000 + b"1" + b"}" * 5001,
        json.dumps({"input": {"question": "\u2003\n\t "}}).encode(),
        json.dumps({"input": {"question": "x" * 2001}}).encode(),
        json.dumps({"input": {"question": "x", "selected_text": "s" * 8001}}).encode(),
        json.dumps({"input": {"question": "x", "history": [PAST] * 21}}).encode(),
        json.dumps({"input": {"question": "x"}, "config": {"configurable": {"k": 1}}}).encode(),
        json.dumps({"input": {"question": "x"}, "config": [{"configurable": {"k": 1}}]}).encode(),
    ],
)  # fmt: skip
@pytest.mark.parametrize("route", ["invoke", "stream", "playground/stream_log"])
def test_a_body_that_does_not_fit_is_a_422_that_names_what(
    served: Served, route: str, body: bytes
) -> None:
    assert check(served.http.post(f"/chat/{route}", content=body), 422)["errors"]
    assert served.chat.seen == []


@pytest.mark.parametrize("config", [{"configurable": {"k": 1}}, [{}, {"configurable": {"k": 1}}]])
def test_a_batch_takes_no_configurable_either(served: Served, config: Any) -> None:
    body = {"inputs": [{"question": QUESTION}] * 2, "config": config}
    check(served.http.post("/chat/batch", json=body), 422)


def test_monitors_may_ask_for_the_head_only(served: Served) -> None:
    for path in ("/", "/health", "/health/live", "/health/ready"):
        response = served.http.head(path)
        assert (response.status_code, response.text) == (200, "")


class TestStrictOrigins:
    @pytest.fixture
    def overrides(self) -> dict[str, Any]:
        return {"allowed_origins": [BOOK], "admin_api_key": "key-of-the-operator"}

    @pytest.mark.parametrize("kind", ["application/json", "text/plain"])
    def test_what_a_foreign_page_sends_is_refused_before_it_costs_anything(
        self, served: Served, kind: str
    ) -> None:
        def send(origin: str | None) -> httpx.Response:
            headers = {"Content-Type": kind, **({"Origin": origin} if origin else {})}
            body = json.dumps({"input": {"question": QUESTION}})
            return served.http.post("/chat/invoke", content=body, headers=headers)

        for foreign in ("https://evil.example", "null", f"{BOOK}.evil.example"):
            assert check(send(foreign), 403)["code"] == "unauthorized"
        assert served.chat.seen == []
        for welcome in (BOOK, served.url, None):
            assert send(welcome).status_code == 200

    def test_a_preflight_that_is_refused_is_a_problem_too(self, served: Served) -> None:
        asks = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
        response = served.http.options("/chat/invoke", headers=asks)
        check(response, 400)
        assert "access-control-allow-origin" not in response.headers

    @pytest.mark.parametrize(
        ("path", "status"), [("/ws/chat", 403), ("/ws/nowhere", 404), ("/", 404)]
    )
    async def test_a_handshake_is_refused_with_a_problem(
        self, served: Served, path: str, status: int
    ) -> None:
        url = served.ws.removesuffix("/ws/chat") + path
        with pytest.raises(InvalidStatus) as refused:
            async with connect(url, origin="https://evil.example"):  # type: ignore[arg-type]  # any text is sent as it is
                pass
        response = refused.value.response
        assert response.status_code == status
        problem = json.loads(response.body or b"")
        assert set(problem) >= PROBLEM
        assert problem["request_id"] == response.headers["x-request-id"]

    def test_a_refused_operator_is_told_the_scheme(self, served: Served) -> None:
        refused = served.http.get("/admin/index")
        check(refused, 401)
        assert refused.headers["www-authenticate"] == "Bearer"
        key = {"Authorization": "Bearer key-of-the-operator"}
        assert served.http.get("/admin/index", headers=key).status_code == 200
