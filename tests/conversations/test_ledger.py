"""Provider calls are counted by month, across restarts and replicas."""

import asyncio

import pytest

from conversations import ledger
from conversations.store import ConversationStore
from tests.conversations.conftest import Clock, Place


async def test_calls_count_at_once_and_survive_a_restart(place: Place) -> None:
    async with place.open() as store:
        assert store.calls_this_month() == 0
        store.record_calls("cohere", "embed", "ok")
        store.record_calls("cohere", "chat", "rate_limited", 2)
        assert store.calls_this_month() == 3
    async with place.open() as store:
        assert store.calls_this_month() == 3
        store.record_calls("cohere", "embed", "ok")
        assert store.calls_this_month() == 4
        assert (await store.insights())["calls"] == [
            {"month": "2026-11", "provider": "cohere", "operation": operation,
             "outcome": outcome, "calls": 2}
            for operation, outcome in (("chat", "rate_limited"), ("embed", "ok"))
        ]  # fmt: skip
        assert store.calls_this_month() == 4


async def test_a_new_month_begins_at_zero_in_utc(store: ConversationStore, clock: Clock) -> None:
    store.record_calls("cohere", "chat", "ok", 7)
    clock.forward(days=10, hours=11, minutes=59)
    assert store.calls_this_month() == 7
    clock.forward(minutes=1)
    assert store.calls_this_month() == 0
    store.record_calls("cohere", "chat", "ok", 2)
    assert store.calls_this_month() == 2
    rows = (await store.insights())["calls"]
    assert [(row["month"], row["calls"]) for row in rows] == [("2026-12", 2), ("2026-11", 7)]
    assert store.calls_this_month() == 2


async def test_calls_are_written_soon_without_being_asked(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger, "_FLUSH_SECONDS", 0.0)
    monkeypatch.setattr(ledger, "_STALE_SECONDS", 0.0)
    async with place.open() as store, place.open() as replica, asyncio.timeout(30):
        store.record_calls("cohere", "chat", "ok", 5)
        while replica.calls_this_month() < 5:
            await replica.ping()  # lets its own task run
        assert store.calls_this_month() == 5


async def test_replicas_add_up(place: Place) -> None:
    async with place.open() as one, place.open() as other:

        async def spend(store: ConversationStore) -> None:
            for _ in range(20):
                store.record_calls("cohere", "chat", "ok")
                store.record_calls("cohere", "embed", "ok")
                await store.insights()

        await asyncio.gather(spend(one), spend(other))
    async with place.open() as store:
        assert store.calls_this_month() == 80
