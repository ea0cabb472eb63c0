"""What the operator learns: gaps of the book, bad answers, busy sections, calls spent."""

from collections import Counter
from collections.abc import Iterable
from typing import Any, Final

from sqlalchemy import Integer, Select, cast, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from conversations.tables import calls, feedback, sections, turns
from text.words import content_words

_NEWEST: Final = 2000
"""So many unanswered questions are grouped."""
_ROWS: Final = 100
_ALIKE: Final = 0.5
"""Share of content words, of both questions together, that two alike questions have in common."""

Tables = dict[str, list[dict[str, Any]]]


async def read_insights(connection: AsyncConnection) -> Tables:
    """Tables by name; rows hold JSON types only, at most 100 each."""

    async def rows(query: Select[Any]) -> list[dict[str, Any]]:
        return [dict(row) for row in (await connection.execute(query)).mappings()]

    return {
        "unanswered_questions": group_alike(await rows(_unanswered())),
        "bad_ratings": [_json(row, "rated_at") for row in await rows(_bad_ratings())],
        "busiest_sections": await rows(_sections(cited=True)),
        "sections_never_cited": await rows(_sections(cited=False)),
        "calls": await rows(_calls()),
    }


def group_alike(asked: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Questions (``question``, ``created_at``; newest first) put together by their words.

    A group is shown by its newest question; the most asked come first.
    """
    groups: list[tuple[frozenset[str], dict[str, Any]]] = []
    holding: dict[str, list[int]] = {}
    for row in asked:
        words = frozenset(content_words(row["question"])) or frozenset([row["question"]])
        shared = Counter(number for word in words for number in holding.get(word, ()))
        likeness = {n: k / len(words | groups[n][0]) for n, k in shared.items()}
        number = max(likeness, key=lambda n: likeness[n], default=None)
        if number is None or likeness[number] < _ALIKE:
            number = len(groups)
            group = {"question": row["question"], "asked": 0, "last_asked": row["created_at"]}
            groups.append((words, group))
            for word in words:
                holding.setdefault(word, []).append(number)
        groups[number][1]["asked"] += 1
    found = sorted((g for _, g in groups), key=lambda g: -int(g["asked"]))
    return [_json(row, "last_asked") for row in found[:_ROWS]]


def _json(row: dict[str, Any], *moments: str) -> dict[str, Any]:
    return {**row, **{name: row[name].isoformat(timespec="seconds") for name in moments}}


def _unanswered() -> Select[Any]:
    return (
        select(turns.c.question, turns.c.created_at)
        .where(turns.c.status == "not_in_book", turns.c.outcome == "complete")
        .order_by(turns.c.turn_id.desc())
        .limit(_NEWEST)
    )


def _bad_ratings() -> Select[Any]:
    return (
        select(
            turns.c.answer_id,
            turns.c.question,
            feedback.c.comment,
            func.substr(turns.c.answer_text, 1, 500).label("answer"),
            feedback.c.rated_at,
        )
        .join_from(feedback, turns)
        .where(feedback.c.rating == "down")
        .order_by(feedback.c.rated_at.desc())
        .limit(_ROWS)
    )


def _sections(*, cited: bool) -> Select[Any]:
    """Sections that answers cited, or those that were only ever retrieved."""
    retrieved = func.count().label("retrieved")
    times = func.sum(cast(sections.c.cited, Integer)).label("cited")
    return (
        select(sections.c.path, sections.c.heading, sections.c.url, retrieved, times)
        .group_by(sections.c.path, sections.c.heading, sections.c.url)
        .having(times > 0 if cited else times == 0)
        .order_by(times.desc(), retrieved.desc(), sections.c.path, sections.c.heading)
        .limit(_ROWS)
    )


def _calls() -> Select[Any]:
    return select(
        calls.c.month,
        calls.c.provider,
        calls.c.operation,
        calls.c.outcome,
        calls.c.total.label("calls"),
    ).order_by(calls.c.month.desc(), calls.c.provider, calls.c.operation, calls.c.outcome)
