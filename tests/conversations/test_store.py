"""What every database keeps of a conversation."""

import asyncio
import logging
from pathlib import Path
from typing import Any

import pytest

from conversations.store import ConversationStore
from errors import FixQuestion, RetryLater
from tests.conversations.conftest import Clock, Place
from tests.conversations.turns import source, turn


async def said(store: ConversationStore, session_id: str) -> list[str]:
    return [past.answer for past in await store.history(session_id)]


def all_bytes(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.iterdir())


async def test_a_new_session_is_valid_and_empty(store: ConversationStore) -> None:
    session_id = store.new_session()
    assert await store.history(session_id) == []
    assert await store.turns(session_id) == []


async def test_an_answer_stands_in_place_of_the_one_it_replaces(store: ConversationStore) -> None:
    session_id, other = store.new_session(), store.new_session()
    await store.remember(turn(session_id, "a1", said="First."))
    await store.remember(turn(session_id, "a2", said="Second."))
    await store.remember(turn(session_id, "a3", said="Better.", replaces="a1"))
    await store.remember(turn(session_id, "a4", said="Best.", replaces="a3"))
    await store.remember(turn(other, "b1", said="Theirs.", replaces="a4"))
    shown = [one["answer"]["answer_id"] for one in await store.turns(session_id)]
    assert shown == ["a2", "a4"]
    assert await said(store, session_id) == ["Second.", "Best."]
    assert await said(store, other) == ["Theirs."]


async def test_what_was_sent_with_a_question_comes_back_with_it(store: ConversationStore) -> None:
    session_id = store.new_session()
    sent: dict[str, Any] = {
        "selected_text": "A node\0 is a process.",
        "section": "docs/nodes",
        "language": "ur",
    }
    await store.remember(turn(session_id, "a1", **sent))
    await store.remember(turn(session_id, "a2"))
    first, second = await store.turns(session_id)
    assert first["selected_text"] == "A node\ufffd is a process."
    assert (first["section"], first["language"]) == ("docs/nodes", "ur")
    assert second["selected_text"] is second["section"] is second["language"] is None


async def test_a_turn_comes_back_whole(store: ConversationStore, clock: Clock) -> None:
    session_id = store.new_session()
    given = turn(session_id, "a1", sources=(source("Nodes"), source("Topics")), cited=1)
    await store.remember(given)
    assert await store.turns(session_id) == [
        {
            **given.model_dump(mode="json"),
            "created_at": clock.now.isoformat(timespec="milliseconds"),
            "rating": None,
        }
    ]


async def test_turns_come_back_in_the_order_they_were_given(store: ConversationStore) -> None:
    session_id = store.new_session()
    for number in range(25):
        await store.remember(turn(session_id, f"a{number}", f"Answer {number}"))
    assert [t["answer"]["answer_id"] for t in await store.turns(session_id)] == [
        f"a{number}" for number in range(25)
    ]
    assert await said(store, session_id) == [f"Answer {number}" for number in range(5, 25)]


async def test_history_holds_what_was_said_and_nothing_empty(store: ConversationStore) -> None:
    session_id = store.new_session()
    await store.remember(turn(session_id, "a1", "Whole."))
    await store.remember(turn(session_id, "a2", "Half of", outcome="cancelled"))
    await store.remember(turn(session_id, "a3", "", outcome="failed"))
    await store.remember(turn(session_id, "a4", "x" * 30_000))
    assert await said(store, session_id) == ["Whole.", "Half of", "x" * 20_000]
    assert [t["outcome"] for t in await store.turns(session_id)][1:3] == ["cancelled", "failed"]


async def test_a_turn_handed_in_again_is_stored_once(store: ConversationStore) -> None:
    session_id = store.new_session()
    again = turn(session_id, "a1", sources=(source("Nodes"),))
    await store.remember(again)
    await asyncio.gather(*(store.remember(again) for _ in range(5)))
    assert len(await store.turns(session_id)) == 1


async def test_what_is_remembered_outlives_the_process(place: Place) -> None:
    async with place.open() as before:
        session_id = before.new_session()
        await before.remember(turn(session_id, "a1", "Kept."))
    async with place.open() as after:
        assert await said(after, session_id) == ["Kept."]


async def test_text_that_a_database_refuses_is_mended(store: ConversationStore) -> None:
    session_id = store.new_session()
    await store.remember(turn(session_id, "a1", "nul \0 روبوٹ 🤖", question="nul \0"))
    assert await said(store, session_id) == ["nul \ufffd روبوٹ 🤖"]
    with pytest.raises(FixQuestion):
        await store.rate("a\0", session_id, "up", None)
    await store.rate("a1", session_id, "down", "half a pair: \ud800, nul: \0")


@pytest.mark.parametrize("forged", ["", ".", "made-up", "é.ü", "a.b.c", "x" * 200, "\ud800."])
async def test_a_forged_session_is_not_found_before_any_io(tmp_path: Path, forged: str) -> None:
    nowhere = f"postgresql://book@/book?host={tmp_path}&port=1"
    async with Place(nowhere, tmp_path).open() as store:
        good = store.new_session()
        bad = [forged, good[:-1], good + "x", "x" + good, good.swapcase()]
        for session_id in bad:
            for asked in (store.history, store.turns, store.forget):
                with pytest.raises(FixQuestion) as refused:
                    await asked(session_id)
                assert refused.value.code == "not_found"
        with pytest.raises(RetryLater):
            await store.history(good)


async def test_a_forgotten_session_is_gone_for_good(place: Place) -> None:
    async with place.open() as store:
        session_id, other = store.new_session(), store.new_session()
        await store.remember(turn(session_id, "a1", sources=(source("Nodes"),)))
        await store.remember(turn(other, "a2"))
        await store.rate("a1", session_id, "down", "Wrong.")
        await store.forget(session_id)
    async with place.open() as store:
        for use in (
            store.history(session_id),
            store.turns(session_id),
            store.forget(session_id),
            store.rate("a1", session_id, "up", None),
            store.remember(turn(session_id, "a3")),
        ):
            with pytest.raises(FixQuestion) as refused:
                await use
            assert refused.value.code == "not_found"
        tables = await store.insights()
        assert tables["bad_ratings"] == tables["sections_never_cited"] == []
        assert len(await store.turns(other)) == 1


async def test_a_session_without_turns_can_be_forgotten(store: ConversationStore) -> None:
    session_id = store.new_session()
    await store.forget(session_id)
    with pytest.raises(FixQuestion):
        await store.history(session_id)


async def test_a_forgotten_question_leaves_no_trace_in_the_file(tmp_path: Path) -> None:
    async with Place(None, tmp_path).open() as store:
        session_id = store.new_session()
        await store.remember(turn(session_id, "a1", question="Where is Zanzibar?"))
        assert b"Zanzibar" in all_bytes(tmp_path)
        await store.forget(session_id)
        assert b"Zanzibar" not in all_bytes(tmp_path)


async def test_the_database_never_holds_a_session_id(tmp_path: Path) -> None:
    async with Place(None, tmp_path).open() as store:
        session_id = store.new_session()
        await store.remember(turn(session_id, "a1"))
        nonce = session_id.split(".")[0].encode()
        assert nonce not in all_bytes(tmp_path)


async def test_a_turn_and_a_deletion_at_once_leave_no_ghost(store: ConversationStore) -> None:
    for number in range(20):
        session_id = store.new_session()
        await store.remember(turn(session_id, f"first-{number}"))
        await asyncio.gather(
            store.remember(turn(session_id, f"second-{number}", sources=(source("Nodes"),))),
            store.forget(session_id),
            store.rate(f"first-{number}", session_id, "down", None),
            return_exceptions=True,
        )
        with pytest.raises(FixQuestion):
            await store.turns(session_id)
    tables = await store.insights()
    assert tables["bad_ratings"] == tables["sections_never_cited"] == []


async def test_the_latest_rating_counts(store: ConversationStore) -> None:
    session_id = store.new_session()
    await store.remember(turn(session_id, "a1"))
    await store.rate("a1", session_id, "down", "Too short.")
    await store.rate("a1", session_id, "up", None)
    assert [t["rating"] for t in await store.turns(session_id)] == ["up"]
    assert (await store.insights())["bad_ratings"] == []


async def test_only_the_answers_own_session_may_rate_it(store: ConversationStore) -> None:
    session_id, other = store.new_session(), store.new_session()
    await store.remember(turn(session_id, "a1"))
    await store.remember(turn(other, "a2"))
    for answer_id in ("a1", "unknown"):
        with pytest.raises(FixQuestion) as refused:
            await store.rate(answer_id, other, "down", None)
        assert refused.value.code == "not_found"


async def test_a_hundred_sessions_at_once_never_mix(store: ConversationStore) -> None:
    async def read(number: int) -> None:
        session_id = store.new_session()
        for step in range(4):
            expected = [f"{number}.{k}" for k in range(step)]
            assert await said(store, session_id) == expected
            await store.remember(turn(session_id, f"{number}-{step}", f"{number}.{step}"))
        stored = await store.turns(session_id)
        assert {t["session_id"] for t in stored} == {session_id}
        assert [t["answer"]["answer_id"] for t in stored] == [f"{number}-{k}" for k in range(4)]

    await asyncio.gather(*(read(number) for number in range(100)))


async def test_a_reader_who_leaves_does_not_undo_the_turn(store: ConversationStore) -> None:
    session_id = store.new_session()
    caller = asyncio.create_task(store.remember(turn(session_id, "a1")))
    await asyncio.sleep(0)
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
    async with asyncio.timeout(10):
        while not await store.turns(session_id):
            pass


async def test_closing_waits_for_a_turn_whose_reader_left(place: Place) -> None:
    async with place.open() as store:
        session_id = store.new_session()
        caller = asyncio.create_task(store.remember(turn(session_id, "a1")))
        await asyncio.sleep(0)
        caller.cancel()
    async with place.open() as store:
        assert len(await store.turns(session_id)) == 1


async def test_old_turns_are_purged_and_their_session_stays_good(place: Place) -> None:
    async with place.open(retention_days=30) as store:
        session_id, forgotten = store.new_session(), store.new_session()
        await store.remember(turn(session_id, "old", sources=(source("Nodes"),)))
        await store.rate("old", session_id, "down", None)
        await store.forget(forgotten)
        place.clock.forward(days=29)
        assert await store.purge() == 0
        await store.remember(turn(session_id, "new"))
        place.clock.forward(days=2)
        assert await store.purge() == 1
        assert [t["answer"]["answer_id"] for t in await store.turns(session_id)] == ["new"]
        place.clock.forward(days=60)
        assert await store.purge() == 1
        assert await store.turns(session_id) == []
        with pytest.raises(FixQuestion):
            await store.turns(forgotten)


async def test_the_start_purges(place: Place) -> None:
    async with place.open() as store:
        session_id = store.new_session()
        await store.remember(turn(session_id, "a1"))
    place.clock.forward(days=91)
    async with place.open(retention_days=0) as store:
        assert await store.purge() == 0
        assert len(await store.turns(session_id)) == 1
    async with place.open() as store, asyncio.timeout(10):
        while await store.turns(session_id):
            pass


async def test_logs_hold_no_words_of_a_reader(
    place: Place, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "conversations")
    caplog.set_level(logging.INFO)
    async with place.open() as store:
        session_id = store.new_session()
        await store.remember(turn(session_id, "a1", question="Where is Zanzibar?"))
        too_long = turn(session_id, "a" * 65, question="Where is Zanzibar?")
        if place.url:
            with pytest.raises(RetryLater) as failed:
                await store.remember(too_long)
            assert "Zanzibar" not in str(failed.value.__cause__)
        await store.history(session_id)
    assert "Zanzibar" not in caplog.text
    assert session_id not in caplog.text
