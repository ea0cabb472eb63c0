"""What the operator learns: gaps of the book, bad answers, busy sections, calls spent."""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Integer, Select, cast, func, select

from conversations.tables import calls, feedback, sections, turns
from text.words import content_words

_NEWEST: Final = 2000
"""So many unanswered questions are grouped."""
_ROWS: Final = 100
_ALIKE: Final = 0.5
"""Share of content words, of both questions together, that two alike questions have in common."""

_DAYS: Final = 90
_COUNTED: Final = 50_000
"""So many of the newest turns are counted by day."""
_TIMED: Final = 500
"""So many of the newest turns tell how long answers take."""

Tables = dict[str, list[dict[str, Any]]]


def read_insights(connection: Connection) -> Tables:
    """Tables by name; rows hold JSON types only, at most 100 each."""

    def rows(query: Select[Any]) -> list[dict[str, Any]]:
        return [dict(row) for row in connection.execute(query).mappings()]

    unanswered = group_alike(rows(_unanswered()))
    bad = [_json(row, "rated_at") for row in rows(_bad_ratings())]
    return {
        "questions_by_day": by_day(rows(_newest())),
        "answer_seconds": answer_seconds([row["answer"] for row in rows(_timed())]),
        "unanswered_questions": unanswered,
        "nearest_sections": rows(_nearest([row["question"] for row in unanswered])),
        "bad_ratings": bad,
        "passages_of_bad_ratings": rows(_passages([row["answer_id"] for row in bad])),
        "busiest_sections": rows(_sections(cited=True)),
        "sections_never_cited": rows(_sections(cited=False)),
        "cited_pages": rows(select(sections.c.path).where(sections.c.cited).distinct()),
        "calls": rows(_calls()),
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


def by_day(asked: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Turns (``created_at``, ``status``) counted by UTC day, newest day first."""
    days: dict[str, Counter[str]] = {}
    for row in asked:
        created: datetime = row["created_at"]
        days.setdefault(created.date().isoformat(), Counter())[row["status"]] += 1
    statuses = ("answered", "not_in_book", "degraded", "small_talk")
    counted = [
        {"day": day, "questions": count.total(), **{name: count[name] for name in statuses}}
        for day, count in days.items()
    ]
    return sorted(counted, key=lambda row: str(row["day"]), reverse=True)[:_DAYS]


def answer_seconds(answers: Iterable[str]) -> list[dict[str, Any]]:
    """Median and 95th percentile of the whole answer's time; empty without answers."""
    found = (json.loads(answer).get("timings_ms", {}).get("total") for answer in answers)
    times = sorted(time / 1000 for time in found if time is not None)
    if not times:
        return []
    at = [round(times[min(len(times) - 1, int(len(times) * share))], 3) for share in (0.5, 0.95)]
    return [{"answers": len(times), "p50": at[0], "p95": at[1]}]


def _json(row: dict[str, Any], *moments: str) -> dict[str, Any]:
    return {**row, **{name: row[name].isoformat(timespec="seconds") for name in moments}}


def _newest() -> Select[Any]:
    return (
        select(turns.c.created_at, turns.c.status).order_by(turns.c.turn_id.desc()).limit(_COUNTED)
    )


def _timed() -> Select[Any]:
    return (
        select(turns.c.answer)
        .where(turns.c.outcome == "complete")
        .order_by(turns.c.turn_id.desc())
        .limit(_TIMED)
    )


def _nearest(questions: Sequence[str]) -> Select[Any]:
    """What was found for the newest of each of these unanswered questions, best first."""
    newest = (
        select(func.max(turns.c.turn_id))
        .where(turns.c.status == "not_in_book", turns.c.question.in_(questions))
        .group_by(turns.c.question)
    )
    return (
        select(turns.c.question, sections.c.path, sections.c.heading, sections.c.url)
        .join_from(sections, turns)
        .where(turns.c.turn_id.in_(newest), sections.c.rank < 3)
        .order_by(turns.c.question, sections.c.rank)
    )


def _passages(answer_ids: Sequence[str]) -> Select[Any]:
    """The sections that badly rated answers were made of."""
    return (
        select(
            turns.c.answer_id,
            sections.c.path,
            sections.c.heading,
            sections.c.url,
            sections.c.cited,
        )
        .join_from(sections, turns)
        .where(turns.c.answer_id.in_(answer_ids))
        .order_by(turns.c.answer_id, sections.c.rank)
    )


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
        .join_from(sections, turns)
        # What stood nearest to a question beyond the book was of no use to anybody.
        .where(turns.c.status != "not_in_book")
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
