"""Between turns and rows: what is written, and what a reader gets back."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from schema import Answer, PastTurn, Turn

MAX_PAST_ANSWER: Final = 20_000
ASKED_WITH: Final = ("selected_text", "section", "language", "replaces")
Row = dict[str, object]


def turn_row(turn: Turn, key: str, now: datetime) -> Row:
    """Columns of ``turns``; the session's id is left out of the stored answer."""
    answer = turn.answer
    return {
        "session_key": key,
        "answer_id": storable(answer.answer_id),
        "question": storable(turn.question),
        **{name: _storable(getattr(turn, name)) for name in ASKED_WITH},
        "answer_text": storable(answer.answer),
        "answer": answer.model_dump_json(exclude={"session_id", "answer"}),
        "outcome": turn.outcome,
        "status": answer.status,
        "created_at": now,
    }


def section_rows(answer: Answer, turn_id: int) -> list[Row]:
    """Columns of ``turn_sections``, one per source."""
    cited = {source_id for citation in answer.citations for source_id in citation.source_ids}
    return [
        {
            "turn_id": turn_id,
            "rank": rank,
            "path": storable(source.path),
            "heading": storable(source.heading),
            "url": storable(source.url),
            "cited": source.id in cited,
        }
        for rank, source in enumerate(answer.sources)
    ]


def rating_row(answer_id: str, rating: str, comment: str | None, now: datetime) -> Row:
    """Columns of ``feedback``."""
    return {
        "answer_id": storable(answer_id),
        "rating": rating,
        "comment": None if comment is None else storable(comment),
        "rated_at": now,
    }


def past_turn(row: Mapping[Any, Any]) -> PastTurn:
    """A turn as the chain reads it."""
    return PastTurn(
        question=row["question"],
        answer=row["answer_text"][:MAX_PAST_ANSWER],
        status=row["status"],
        answer_id=row["answer_id"],
    )


def as_json(row: Mapping[Any, Any], session_id: str | None) -> Row:
    """A ``Turn`` as JSON types, with ``created_at`` and the reader's ``rating`` or None."""
    answer = {**json.loads(row["answer"]), "session_id": session_id, "answer": row["answer_text"]}
    return {
        "session_id": session_id,
        "question": row["question"],
        **{name: row[name] for name in ASKED_WITH},
        "answer": {name: answer[name] for name in Answer.model_fields if name in answer},
        "outcome": row["outcome"],
        "created_at": row["created_at"].isoformat(timespec="milliseconds"),
        "rating": row["rating"],
    }


def _storable(text: str | None) -> str | None:
    return None if text is None else storable(text)


def storable(text: str) -> str:
    """Text that both databases take: no NUL, no half of a surrogate pair."""
    return text.encode("utf-8", "replace").decode().replace("\0", "\ufffd")
