"""How often Cohere is asked again, and when it is left alone."""

from dataclasses import dataclass, field

import pytest

from circuit_breaker import CircuitBreaker
from errors import RetryLater
from providers.cohere.models import CohereHTTP
from standins.cohere import KEY
from tests.providers.conftest import ServedCohere
from tests.providers.test_cohere_faults import askers, make_embeddings


@dataclass
class Clock:
    now: float = 100.0
    slept: list[float] = field(default_factory=list)

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


async def test_the_pause_before_asking_again_is_jittered_and_within_the_deadline(
    cohere_api: ServedCohere,
) -> None:
    clock = Clock()
    client = CohereHTTP(
        KEY, cohere_api.url, sleep=clock.sleep, uniform=lambda low, high: high, clock=clock
    )
    cohere_api.fail("/v2/embed", status=429, retry_after="1", times=1)
    embeddings = make_embeddings(client)
    await embeddings.aembed_query("x")
    assert clock.slept == [1.4]
    embeddings.query_seconds = 1.0
    cohere_api.fail("/v2/embed", status=429, retry_after="1", times=1)
    with pytest.raises(RetryLater):
        await embeddings.aembed_query("x")
    await client.aclose()
    assert clock.slept == [1.4]
    assert len(cohere_api.requests) == 3


async def test_a_provider_that_keeps_failing_is_left_alone_and_looked_at_again(
    cohere_api: ServedCohere,
) -> None:
    clock = Clock()
    client = CohereHTTP(KEY, cohere_api.url, sleep=clock.sleep, clock=clock)
    ask = askers(client, cohere_api.url)
    cohere_api.fail("/v2/chat", status=504)
    for _ in range(8):
        with pytest.raises(RetryLater) as raised:
            await ask["chat"]()
    assert len(cohere_api.requests) == 5
    assert raised.value.retry_after == pytest.approx(10)
    assert await ask["embed"](), "another operation goes on"
    clock.now += 10
    for _ in range(3):
        with pytest.raises(RetryLater):
            await ask["chat"]()
    assert cohere_api.paths().count("/v2/chat") == 6, "one request looks whether it is back"
    cohere_api.faults.clear()
    clock.now += 10
    for _ in range(3):
        assert await ask["chat"]()
    await client.aclose()


async def test_refusals_do_not_break_the_circuit(
    http: CohereHTTP, cohere_api: ServedCohere
) -> None:
    cohere_api.fail("/v2/chat", status=429)
    ask = askers(http, cohere_api.url)["chat"]
    for _ in range(8):
        with pytest.raises(RetryLater):
            await ask()
    assert len(cohere_api.requests) == 8


def test_a_breaker_opens_after_failures_in_a_row_only() -> None:
    breaker = CircuitBreaker(limit=2, cooldown=1, clock=lambda: 0)
    for _ in range(3):
        breaker.failure()
        breaker.success()
        breaker.failure()
        breaker.success()
        breaker.check()
