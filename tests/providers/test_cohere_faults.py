"""Whatever goes wrong at Cohere becomes one of our errors, once, with nothing of Cohere's in it."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from langchain_core.documents import Document
from pydantic import SecretStr

from errors import BookChatError, BudgetExhausted, FixConfiguration, FixQuestion, RetryLater
from providers.cohere.models import BookCohereEmbeddings, CohereHTTP, CohereReranker
from providers.failures import seconds_of
from standins.cohere import KEY
from standins.server import free_port
from tests.counted import counting
from tests.providers.conftest import ServedCohere
from tests.providers.test_cohere_chat import QUESTION, ROS, make_chat, streamed
from tests.providers.test_cohere_stream import text_of

Ask = Callable[[], Awaitable[object]]
Calls = list[tuple[str, str, str]]
PATHS = {"chat": "/v2/chat", "embed": "/v2/embed", "rerank": "/v2/rerank"}


def askers(http: CohereHTTP, url: str) -> dict[str, Ask]:
    """One request of each kind."""
    chat = make_chat(http, url)
    embeddings = make_embeddings(http)
    reranker = CohereReranker(http=http, model="rerank-v4.0-fast")
    return {
        "chat": lambda: streamed(chat),
        "embed": lambda: embeddings.aembed_query("ROS 2"),
        "rerank": lambda: reranker.acompress_documents([ROS], "ROS 2"),
    }


def make_embeddings(http: CohereHTTP, model: str = "embed-v4.0") -> BookCohereEmbeddings:
    return BookCohereEmbeddings(http=http, model=model, cohere_api_key=SecretStr(KEY))


@pytest.fixture
def calls() -> Iterator[Calls]:
    with counting() as counted:
        yield counted.calls


@pytest.fixture(params=list(PATHS))
def operation(request: pytest.FixtureRequest) -> str:
    return str(request.param)


STATUSES: list[tuple[int, type[BookChatError], str, int]] = [
    (301, FixConfiguration, "model_rejected", 1),
    (400, FixConfiguration, "model_rejected", 1),
    (401, FixConfiguration, "model_rejected", 1),
    (402, BudgetExhausted, "budget_exhausted", 1),
    (403, FixConfiguration, "model_rejected", 1),
    (404, FixConfiguration, "model_rejected", 1),
    (408, RetryLater, "model_unavailable", 1),
    (413, FixQuestion, "invalid_request", 1),
    (422, FixConfiguration, "model_rejected", 1),
    (429, RetryLater, "rate_limited", 1),
    (498, RetryLater, "model_unavailable", 1),
    (499, RetryLater, "model_unavailable", 1),
    (500, RetryLater, "model_unavailable", 2),
    (501, RetryLater, "model_unavailable", 1),
    (502, RetryLater, "model_unavailable", 2),
    (503, RetryLater, "model_unavailable", 2),
    (504, RetryLater, "model_unavailable", 1),
]


@pytest.mark.parametrize(("status", "kind", "code", "asked"), STATUSES)
async def test_a_status_becomes_what_the_caller_must_do(
    http: CohereHTTP,
    cohere_api: ServedCohere,
    calls: Calls,
    operation: str,
    status: int,
    kind: type[BookChatError],
    code: str,
    asked: int,
) -> None:
    cohere_api.fail(PATHS[operation], status=status)
    with pytest.raises(kind) as raised:
        await askers(http, cohere_api.url)[operation]()
    assert raised.value.code == code
    assert_tells_nothing(raised.value)
    assert cohere_api.paths() == [PATHS[operation]] * asked
    assert calls == [("cohere", operation, code)] * asked


@pytest.mark.parametrize("status", [400, 422])
async def test_a_prompt_that_is_too_long_is_the_question_s_fault(
    http: CohereHTTP, cohere_api: ServedCohere, status: int
) -> None:
    cohere_api.fail("/v2/chat", status=status, message="too many tokens: size limit exceeded by 9")
    with pytest.raises(FixQuestion) as raised:
        await askers(http, cohere_api.url)["chat"]()
    assert_tells_nothing(raised.value)


async def test_retry_after_is_handed_on(http: CohereHTTP, cohere_api: ServedCohere) -> None:
    cohere_api.fail("/v2/chat", status=429, retry_after="17")
    with pytest.raises(RetryLater) as raised:
        await askers(http, cohere_api.url)["chat"]()
    assert raised.value.retry_after == 17
    assert len(cohere_api.requests) == 1


@pytest.mark.parametrize(
    "how",
    [
        {"kind": "reset"},
        {"status": 429, "retry_after": "1"},
        {"status": 503},
    ],
)
async def test_a_passing_failure_before_the_first_byte_is_asked_again_once(
    http: CohereHTTP, cohere_api: ServedCohere, calls: Calls, operation: str, how: dict[str, Any]
) -> None:
    cohere_api.fail(PATHS[operation], times=1, **how)
    assert await askers(http, cohere_api.url)[operation]()
    assert cohere_api.paths() == [PATHS[operation]] * 2
    code = "rate_limited" if how.get("status") == 429 else "model_unavailable"
    assert [outcome for *_, outcome in calls] == [code, "ok"]


@pytest.mark.parametrize("how", ["reset", "garbage"])
async def test_nonsense_before_the_first_byte_is_unavailable(
    http: CohereHTTP, cohere_api: ServedCohere, operation: str, how: Any
) -> None:
    cohere_api.fail(PATHS[operation], how)
    with pytest.raises(RetryLater) as raised:
        await askers(http, cohere_api.url)[operation]()
    assert raised.value.code == "model_unavailable"
    assert_tells_nothing(raised.value)


async def test_an_answer_that_does_not_begin_is_given_up_at_the_deadline(
    http: CohereHTTP, cohere_api: ServedCohere, calls: Calls
) -> None:
    for path in PATHS.values():
        cohere_api.fail(path, "hang")
    chat = make_chat(http, cohere_api.url, first_byte_seconds=0.05)
    embeddings = make_embeddings(http)
    embeddings.query_seconds = 0.05
    reranker = CohereReranker(http=http, model="rerank-v4.0-fast", seconds=0.05)
    for ask in (
        streamed(chat),
        embeddings.aembed_query("x"),
        reranker.acompress_documents([ROS], "x"),
    ):
        with pytest.raises(RetryLater):
            await ask
    assert [outcome for *_, outcome in calls] == ["model_unavailable"] * 3
    assert await cohere_api.until(lambda: len(cohere_api.aborted) == 3)


@pytest.mark.parametrize("how", ["cut", "spoil", "stall"])
async def test_a_stream_that_breaks_midway_gives_what_came_and_then_an_error(
    cohere_api: ServedCohere, how: Any
) -> None:
    cohere_api.fail("/v2/chat", how, events=5)
    cohere_api.latency.token_ms = 5
    with counting() as counted:
        client = CohereHTTP(KEY, cohere_api.url, idle_seconds=0.2)
        came = []
        with pytest.raises(RetryLater) as raised:
            async for chunk in make_chat(client, cohere_api.url).astream(QUESTION, documents=[ROS]):
                came.append(chunk)
        await client.aclose()
    assert text_of(came).startswith("From")
    assert raised.value.code == "model_unavailable"
    assert_tells_nothing(raised.value)
    assert counted.calls == [("cohere", "chat", "ok")]
    assert counted.events == ["stream_broken:chat"]
    assert len(cohere_api.requests) == 1


@pytest.mark.parametrize("how", ["cut", "stall", "spoil"])
async def test_what_happens_after_the_last_event_harms_nobody(
    http: CohereHTTP, cohere_api: ServedCohere, how: Any
) -> None:
    cohere_api.fail("/v2/chat", how, events=1000)
    with counting() as counted:
        chunks = await streamed(make_chat(http, cohere_api.url))
    assert chunks[-1].chunk_position == "last"
    assert counted.events == []


async def test_nobody_listens_there(calls: Calls) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    client = CohereHTTP(KEY, url, sleep=lambda _: asyncio.sleep(0))
    with pytest.raises(RetryLater) as raised:
        await askers(client, url)["embed"]()
    await client.aclose()
    assert_tells_nothing(raised.value)
    assert len(calls) == 2


@pytest.mark.parametrize(
    "reply",
    [
        {},
        {"embeddings": {"float": []}},
        {"embeddings": [1]},
        {"results": [{"index": 7, "relevance_score": 1}]},
        {"results": [{"index": 0}]},
    ],
)
async def test_json_of_another_shape_is_unavailable(reply: dict[str, Any]) -> None:
    class Odd(CohereHTTP):
        async def post(self, *_: Any, **__: Any) -> dict[str, Any]:
            return reply

    odd = Odd(KEY)
    for operation in ("embed", "rerank"):
        with pytest.raises(RetryLater):
            await askers(odd, "")[operation]()


@pytest.mark.parametrize(("status", "kind"), [(401, FixConfiguration), (503, RetryLater)])
def test_synchronous_callers_are_told_the_same(
    cohere_api: ServedCohere, calls: Calls, status: int, kind: type[BookChatError]
) -> None:
    cohere_api.fail("/v2/chat", status=status)
    http = CohereHTTP(KEY, cohere_api.url, sleep=lambda _: asyncio.sleep(0))
    chat = make_chat(http, cohere_api.url)
    with pytest.raises(kind) as raised:
        chat.invoke(QUESTION, documents=[Document("x")])
    asyncio.run(http.aclose())
    assert_tells_nothing(raised.value)
    assert len(cohere_api.requests) == len(calls) == (1 if status == 401 else 2)


def test_retry_after_is_a_number_or_a_date() -> None:
    now = datetime(2026, 11, 21, 4, 0, tzinfo=UTC)
    date = format_datetime(now + timedelta(seconds=30), usegmt=True)
    told = {None: None, "": None, "3": 3, "0.5": 0.5, "-4": 0, "9e9": 3600, "soon": None, date: 30}
    assert {header: seconds_of(header, now) for header in told} == told
    assert seconds_of("nan") in (0.0, 3600.0)


def assert_tells_nothing(error: BookChatError) -> None:
    told = f"{error} {error.detail}"
    for secret in ("SECRET", "http", "127.0.0.1", KEY, "token", "html"):
        assert secret not in told
    assert error.__cause__ is None
    assert error.__context__ is None or error.__suppress_context__
