"""Read-only links: what they open, and when they end."""

import pytest

from conversations.store import ConversationStore
from errors import FixQuestion
from tests.conversations.conftest import Clock
from tests.conversations.turns import turn


async def answers(store: ConversationStore, share_id: str) -> list[str]:
    return [one["answer"]["answer_id"] for one in await store.shared(share_id)]


async def test_a_link_opens_the_turns_before_it_and_tells_no_session(
    store: ConversationStore,
) -> None:
    session_id = store.new_session()
    await store.remember(turn(session_id, "a1"))
    await store.rate("a1", session_id, "down", "Mine alone.")
    share_id = await store.share(session_id)
    await store.remember(turn(session_id, "a2"))
    [shared] = await store.shared(share_id)
    assert shared["answer"]["answer_id"] == "a1"
    assert shared["session_id"] is shared["answer"]["session_id"] is shared["rating"] is None
    assert session_id not in str(shared)


async def test_a_new_link_ends_the_one_before(store: ConversationStore) -> None:
    session_id = store.new_session()
    await store.remember(turn(session_id, "a1"))
    first = await store.share(session_id)
    await store.remember(turn(session_id, "a2"))
    second = await store.share(session_id)
    assert await answers(store, second) == ["a1", "a2"]
    with pytest.raises(FixQuestion):
        await store.shared(first)


async def test_a_link_shows_the_answer_that_was_there_when_it_was_made(
    store: ConversationStore,
) -> None:
    session_id = store.new_session()
    await store.remember(turn(session_id, "a1"))
    await store.remember(turn(session_id, "a2", replaces="a1"))
    first = await store.share(session_id)
    assert await answers(store, first) == ["a2"]
    await store.remember(turn(session_id, "a3", replaces="a2"))
    assert await answers(store, first) == ["a2"]
    assert await answers(store, await store.share(session_id)) == ["a3"]


async def test_ending_the_link_or_deleting_the_session_closes_it(store: ConversationStore) -> None:
    for end in (store.unshare, store.forget):
        session_id = store.new_session()
        await store.remember(turn(session_id, f"a-{end.__name__}"))
        share_id = await store.share(session_id)
        await end(session_id)
        with pytest.raises(FixQuestion):
            await store.shared(share_id)


async def test_retention_closes_a_link_with_its_turns(
    store: ConversationStore, clock: Clock
) -> None:
    session_id = store.new_session()
    await store.remember(turn(session_id, "a1"))
    share_id = await store.share(session_id)
    clock.forward(days=91)
    await store.purge()
    with pytest.raises(FixQuestion):
        await store.shared(share_id)


async def test_only_what_was_said_can_be_shared(store: ConversationStore) -> None:
    with pytest.raises(FixQuestion):
        await store.share(store.new_session())
    for share_id in ("", "x" * 100, "\ud800"):
        with pytest.raises(FixQuestion):
            await store.shared(share_id)
