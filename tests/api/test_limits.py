"""Limits per client with a real Redis and without one, queue, body size."""

import asyncio
import ipaddress
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import HTTPConnection

from api.protection.addresses import client_address, client_key, networks
from api.protection.body_size import MAX_BODY
from api.protection.rate import RateLimiter
from api.protection.slots import Slots
from errors import RetryLater
from tests.api.conftest import QUESTION, Served
from tests.api.redis_server import BINARY, INSTALL, RedisServer, redis_server
from tests.api.wired import wired

needs_redis = pytest.mark.skipif(BINARY is None, reason=INSTALL)


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[RedisServer]:
    with redis_server(tmp_path) as server:
        yield server


@pytest.fixture
async def limiter_of(redis: RedisServer) -> AsyncIterator[Callable[..., RateLimiter]]:
    made = []

    def make(per_minute: int, **options: Any) -> RateLimiter:
        made.append(RateLimiter(f"{per_minute}/minute", redis.url, **options))
        return made[-1]

    yield make
    for limiter in made:
        await limiter.aclose()


Make = Callable[..., RateLimiter]


async def asked(limiter: RateLimiter, client: str = "address:1") -> str:
    try:
        await limiter.check(client)
    except RetryLater as error:
        assert 1 <= (error.retry_after or 0) <= 60
        return error.code
    return "ok"


@needs_redis
async def test_replicas_count_together_through_redis(limiter_of: Make) -> None:
    one, two = limiter_of(3), limiter_of(3)
    assert [await asked(limiter) for limiter in (one, two, one, two)] == ["ok"] * 3 + [
        "rate_limited"
    ]
    assert await asked(two, "address:2") == "ok"


@needs_redis
async def test_without_redis_each_replica_counts_for_itself_and_redis_is_used_again_later(
    redis: RedisServer, limiter_of: Make
) -> None:
    now = 0.0
    limiter = limiter_of(2, clock=lambda: now)
    assert await asked(limiter) == "ok"
    redis.stop()
    assert [await asked(limiter) for _ in range(3)] == ["ok", "ok", "rate_limited"]
    redis.start()
    now = 60.0
    assert await asked(limiter) == "ok"
    assert await asked(limiter_of(2)) == "ok"
    assert await asked(limiter) == "rate_limited"


@needs_redis
def test_a_service_whose_redis_goes_away_answers_limits_counts_and_says_so(
    tmp_path: Path, redis: RedisServer
) -> None:
    with wired(tmp_path, redis_url=redis.url, rate_limit=3) as service:
        assert service.parts()[1]["redis"]["status"] == "ok"
        service.ask()
        redis.stop()
        status, parts = service.parts()
        assert (status, parts["redis"]["status"]) == (200, "unavailable")
        statuses = [service.post().status_code for _ in range(4)]
        assert statuses == [200, 200, 200, 429]
        assert service.metric('book_chat_events_total{event="degraded:redis"}') >= 4
        redis.start()
        assert service.parts()[1]["redis"]["status"] == "ok"


@needs_redis
def test_a_redis_that_was_restarted_meanwhile_is_used_as_if_nothing_had_been(
    tmp_path: Path, redis: RedisServer
) -> None:
    with wired(tmp_path, redis_url=redis.url, rate_limit=100) as service:
        service.ask()
        assert service.parts()[1]["redis"]["status"] == "ok"
        before = service.metric('book_chat_events_total{event="degraded:redis"}')
        redis.stop()
        redis.start()
        # Every pooled connection is dead now; nobody has to notice.
        assert service.parts()[1]["redis"]["status"] == "ok"
        service.ask()
        listener = 1  # it waits on a connection, so it does
        after = service.metric('book_chat_events_total{event="degraded:redis"}')
        assert after - before <= listener


OURS = networks(["10.0.0.0/8", "::1"])


def through(peer: str, *lines: str) -> HTTPConnection:
    headers = [(b"x-forwarded-for", line.encode("latin-1")) for line in lines]
    return HTTPConnection({"type": "http", "client": (peer, 1), "headers": headers})


@pytest.mark.parametrize(
    ("peer", "header", "address"),
    [
        ("203.0.113.7", "198.51.100.1", "203.0.113.7"),  # no proxy of ours: it may say anything
        ("10.0.0.1", "198.51.100.1", "198.51.100.1"),
        ("10.0.0.1", "1.2.3.4, 198.51.100.1, 10.9.9.9", "198.51.100.1"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.1", " , ", "10.0.0.1"),
        ("10.0.0.1", "10.0.0.2, 10.0.0.3", "10.0.0.1"),
        ("::1", "2001:db8::5", "2001:db8::5"),
        ("::ffff:10.0.0.1", "198.51.100.1", "198.51.100.1"),
        ("10.0.0.1", "::ffff:198.51.100.1", "198.51.100.1"),
        ("10.0.0.1", "198.51.100.1:4711", "198.51.100.1"),
        ("10.0.0.1", "[2001:db8::5]:4711", "2001:db8::5"),
        ("10.0.0.1", '"[2001:db8::5]"', "2001:db8::5"),
        ("10.0.0.1", "fe80::5%eth0", "fe80::5"),
    ],
)
def test_a_proxys_word_counts_only_where_the_proxy_is_ours(
    peer: str, header: str, address: str
) -> None:
    assert client_address(through(peer, header), OURS) == address


def test_every_forwarded_line_counts_and_the_last_was_written_by_our_proxy() -> None:
    for forged in ("1.1.1.1", "2.2.2.2", "1.2.3.4, 5.6.7.8", "x", ""):
        assert client_address(through("10.0.0.1", forged, "198.51.100.1"), OURS) == "198.51.100.1"


@pytest.mark.parametrize(
    "word", ["unknown", "_hidden", "1.2.3", "a" * 60, "999.1.1.1", "[::1", "-"]
)
def test_a_word_is_no_key_of_its_own(word: str) -> None:
    assert client_key(through("10.0.0.1", word), OURS) == "10.0.0.1"
    assert client_key(through("10.0.0.1", f"198.51.100.1, {word}"), OURS) == "10.0.0.1"


def test_an_ipv6_subscriber_is_counted_once_whatever_address_it_takes() -> None:
    taken = {client_key(through(f"2001:db8:0:7:{n:x}::{n:x}"), ()) for n in range(1, 50)}
    assert taken == {"2001:db8:0:7::/64"}
    assert client_key(through("2001:db8:0:8::1"), ()) != "2001:db8:0:7::/64"


@given(st.lists(st.text(alphabet='0123456789abcdef.:[]% ,"x', max_size=40), max_size=5))
def test_no_forwarded_header_breaks_a_request_or_invents_a_key(lines: list[str]) -> None:
    key = client_key(through("10.0.0.1", *lines), OURS)
    if "/" in key:
        ipaddress.IPv6Network(key)
    else:
        ipaddress.IPv4Address(key)


class TestBehindAProxy:
    @pytest.fixture
    def overrides(self, request: pytest.FixtureRequest) -> dict[str, Any]:
        return {"rate_limit": 1, "trusted_proxies": request.param}

    @pytest.mark.parametrize("overrides", [["127.0.0.1"], []], indirect=True)
    def test_readers_have_limits_of_their_own(
        self, served: Served, overrides: dict[str, Any]
    ) -> None:
        def ask(address: str) -> int:
            body = {"input": {"question": QUESTION}}
            headers = {"X-Forwarded-For": address}
            return served.http.post("/chat/invoke", json=body, headers=headers).status_code

        told = [ask(f"198.51.100.{n}") for n in (1, 2, 2)]
        assert told == ([200, 200, 429] if overrides["trusted_proxies"] else [200, 429, 429])


async def test_a_few_more_than_there_are_slots_wait_and_the_rest_are_refused() -> None:
    slots = Slots(2, queue_seconds=30)
    held = [await slots.acquire() for _ in range(2)]
    waiting = [asyncio.create_task(slots.acquire()) for _ in range(2)]
    await asyncio.sleep(0)
    assert slots.waiting == 2
    with pytest.raises(RetryLater) as refused:
        await slots.acquire()
    assert refused.value.code == "overloaded"
    for release in held:
        release()
        release()
    for task in waiting:
        (await task)()
    assert (slots.taken, slots.waiting) == (0, 0)


async def test_a_batch_takes_a_slot_a_question_and_gives_all_back_when_it_is_refused() -> None:
    slots = Slots(3, queue_seconds=0.01)
    release = await slots.acquire(2)
    assert slots.taken == 2
    with pytest.raises(RetryLater):
        await slots.acquire(8)
    assert slots.taken == 2
    release()
    (await slots.acquire(8))()
    assert slots.taken == 0


async def test_after_closing_nobody_is_let_in_and_idle_waits_for_those_inside() -> None:
    slots = Slots(2)
    release = await slots.acquire()
    slots.close()
    with pytest.raises(RetryLater):
        await slots.acquire()
    assert not await slots.idle(0.01)
    release()
    assert await slots.idle(0.01)


@pytest.mark.parametrize(
    "path", ["/chat/invoke", "/chat/stream", "/chat/batch", "/answers/x/feedback"]
)
@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_that_is_too_long_is_a_413_problem(served: Served, path: str, chunked: bool) -> None:
    def pieces() -> Iterator[bytes]:
        for _ in range(MAX_BODY // 65536 + 1):
            yield b" " * 65536

    content: Any = pieces() if chunked else b" " * (MAX_BODY + 1)
    try:
        response = served.http.post(path, content=content)
    except (httpx.WriteError, httpx.RemoteProtocolError):
        pytest.skip("the server closed the connection before all was sent")
    assert (response.status_code, response.json()["code"]) == (413, "invalid_request")
    assert response.headers["content-type"] == "application/problem+json"
    assert served.http.get("/health/live").status_code == 200


def test_the_longest_request_of_the_contract_fits(served: Served) -> None:
    turn = {"question": "q" * 2000, "answer": "a" * 20_000}
    question = {"question": QUESTION, "selected_text": "s" * 8000, "history": [turn] * 20}
    response = served.http.post("/chat/batch", json={"inputs": [question] * 8})
    assert response.status_code == 200
