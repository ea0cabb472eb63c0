"""What the operator learns from the conversations."""

import json

from conversations.store import ConversationStore
from tests.conversations.conftest import Clock
from tests.conversations.turns import source, turn


async def test_questions_without_an_answer_are_put_together_by_likeness(
    store: ConversationStore, clock: Clock
) -> None:
    session_id = store.new_session()
    asked = ["How much does a robot dog cost?", "Who won the cup?", "what do robot dogs cost",
             "کیا روبوٹ مہنگا ہے؟", "The robot dog's cost?", "???"]  # fmt: skip
    for number, question in enumerate(asked):
        clock.forward(minutes=1)
        missing = turn(session_id, f"a{number}", question=question, status="not_in_book")
        await store.remember(missing)
    await store.remember(turn(session_id, "good"))
    found = (await store.insights())["unanswered_questions"]
    assert found[0] == {
        "question": "The robot dog's cost?",
        "asked": 3,
        "last_asked": "2026-11-20T12:05:00+00:00",
    }
    assert [row["asked"] for row in found] == [3, 1, 1, 1]


async def test_what_stood_nearest_to_a_missing_answer_is_told(store: ConversationStore) -> None:
    session_id = store.new_session()
    near = tuple(map(source, ("Teams", "Games", "Costs", "Arms")))
    for answer_id in ("a1", "a2"):
        await store.remember(
            turn(session_id, answer_id, question="Who won?", status="not_in_book", sources=near)
        )
    nearest = (await store.insights())["nearest_sections"]
    assert [(row["question"], row["heading"]) for row in nearest] == [
        ("Who won?", "Teams"),
        ("Who won?", "Games"),
        ("Who won?", "Costs"),
    ]


async def test_bad_ratings_come_with_comment_and_question(store: ConversationStore) -> None:
    session_id = store.new_session()
    await store.remember(turn(session_id, "a1"))
    await store.remember(turn(session_id, "a2"))
    await store.rate("a1", session_id, "down", "Too short.")
    await store.rate("a2", session_id, "up", "Thanks.")
    assert (await store.insights())["bad_ratings"] == [
        {
            "answer_id": "a1",
            "question": "What is ROS 2?",
            "comment": "Too short.",
            "answer": "ROS 2 is middleware.",
            "rated_at": "2026-11-20T12:00:00+00:00",
        }
    ]


async def test_sections_are_busy_or_never_cited(store: ConversationStore) -> None:
    session_id = store.new_session()
    nodes, topics, lidar = source("Nodes"), source("Topics"), source("Lidar", path="module-2/x.md")
    await store.remember(turn(session_id, "a1", sources=(nodes, topics, lidar), cited=2))
    await store.remember(turn(session_id, "a2", sources=(nodes, lidar), cited=1))
    await store.remember(turn(session_id, "a3", sources=(topics,), status="not_in_book"))
    tables = await store.insights()
    busy = [(r["heading"], r["retrieved"], r["cited"]) for r in tables["busiest_sections"]]
    assert busy == [("Nodes", 2, 2), ("Topics", 1, 1)]
    assert tables["sections_never_cited"] == [
        {"path": "module-2/x.md", "heading": "Lidar", "url": lidar.url, "retrieved": 2, "cited": 0}
    ]


async def test_all_tables_are_json(store: ConversationStore) -> None:
    session_id = store.new_session()
    await store.remember(turn(session_id, "a1", sources=(source("Nodes"),), cited=1))
    await store.remember(turn(session_id, "a2", status="not_in_book"))
    await store.rate("a1", session_id, "down", None)
    store.record_calls("cohere", "chat", "ok")
    tables = await store.insights()
    assert json.loads(json.dumps(tables)) == tables
    assert set(tables) == {
        *("questions_by_day", "answer_seconds", "unanswered_questions", "nearest_sections"),
        *("bad_ratings", "passages_of_bad_ratings", "busiest_sections", "sections_never_cited"),
        *("cited_pages", "calls"),
    }
