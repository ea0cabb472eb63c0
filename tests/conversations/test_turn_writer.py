"""Turns of many readers are written together, and each reader learns of their own."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

import pytest
from sqlalchemy import Connection

from conversations import turn_writer
from conversations.store import ConversationStore
from errors import FixQuestion, RetryLater
from tests.conversations.turns import source, turn

T = TypeVar("T")


async def test_turns_that_come_at_once_are_all_kept_in_their_order(
    store: ConversationStore,
) -> None:
    readers = [store.new_session() for _ in range(40)]
    gone = readers[7]
    await store.forget(gone)
    given = [
        turn(session_id, f"{reader}-{n}", sources=(source("Nodes"),), cited=1)
        for n in range(5)
        for reader, session_id in enumerate(readers)
    ]
    told = await asyncio.gather(*(store.remember(t) for t in given), return_exceptions=True)
    for one, answer in zip(given, told, strict=True):
        assert isinstance(answer, FixQuestion) is (one.session_id == gone)
    for reader, session_id in enumerate(readers):
        if session_id != gone:
            ids = [t["answer"]["answer_id"] for t in await store.turns(session_id)]
            assert ids == [f"{reader}-{n}" for n in range(5)]
    [section] = (await store.insights())["busiest_sections"]
    assert section["cited"] == 5 * 39


async def test_the_same_turn_twice_at_once_is_one_turn(store: ConversationStore) -> None:
    session_id = store.new_session()
    same = turn(session_id, "a1", sources=(source("Nodes"),))
    await asyncio.gather(*(store.remember(same) for _ in range(5)))
    assert len(await store.turns(session_id)) == 1


class Transactions:
    """Counts transactions; each waits until it is let go, or fails."""

    def __init__(self, store: ConversationStore) -> None:
        self._write = store._database.write
        self.begun = 0
        self.go = asyncio.Event()
        self.error: Exception | None = None

    async def __call__(self, work: Callable[[Connection], T]) -> T:
        self.begun += 1
        await self.go.wait()
        if self.error:
            raise self.error
        return await self._write(work)


@pytest.fixture
def transactions(store: ConversationStore) -> Transactions:
    made = Transactions(store)
    store._turn_writer._write = made
    return made


async def test_what_comes_while_a_transaction_runs_shares_the_next_one(
    store: ConversationStore, transactions: Transactions
) -> None:
    session_id = store.new_session()
    tasks = []
    for n in range(51):
        tasks.append(asyncio.create_task(store.remember(turn(session_id, f"a{n}"))))
        await asyncio.sleep(0)
    assert transactions.begun == 1
    tasks[3].cancel()  # its reader has left; the turn is kept all the same
    transactions.go.set()
    await asyncio.gather(*tasks, return_exceptions=True)
    await store._turn_writer.flush()
    assert transactions.begun == 2
    assert len(await store.turns(session_id)) == 51


@pytest.mark.parametrize("error", [RetryLater("away", retry_after=1), ValueError("a mistake")])
async def test_a_transaction_that_fails_is_told_to_all_in_it_and_ends_nothing(
    store: ConversationStore, transactions: Transactions, error: Exception
) -> None:
    session_id = store.new_session()
    transactions.error = error
    transactions.go.set()
    given = [store.remember(turn(session_id, f"a{n}")) for n in range(3)]
    told = await asyncio.gather(*given, return_exceptions=True)
    assert {type(one) for one in told} == {type(error)}
    assert len({id(one) for one in told}) == 3
    transactions.error = None
    await store.remember(turn(session_id, "later"))
    assert len(await store.turns(session_id)) == 1


async def test_a_database_that_is_far_behind_costs_the_memory_and_not_the_process(
    store: ConversationStore, transactions: Transactions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turn_writer, "_MOST", 3)
    session_id = store.new_session()
    first = asyncio.create_task(store.remember(turn(session_id, "first")))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    waiting = [asyncio.create_task(store.remember(turn(session_id, f"a{n}"))) for n in range(3)]
    await asyncio.sleep(0)
    with pytest.raises(RetryLater):
        await store.remember(turn(session_id, "too much"))
    transactions.go.set()
    await asyncio.gather(first, *waiting)
    assert len(await store.turns(session_id)) == 4
