"""What is read of a session: its turns, without those that a later one stands in place of."""

from typing import Any

from sqlalchemy import ColumnElement, Select, exists, select

from conversations.tables import feedback, sessions, turns
from schema import MAX_HISTORY


def history_of(key: str) -> Select[Any]:
    """The last 20 turns that say something, newest first; one row without a turn if none do."""
    said = turns.c
    not_empty = (said.outcome == "complete") | (said.answer_text != "")
    columns = (said.question, said.answer_text, said.status, said.answer_id)
    return (
        select(sessions.c.deleted_at, *columns)
        .select_from(sessions)
        .outerjoin(turns, _of_session() & not_empty & still_shown())
        .where(sessions.c.session_key == key)
        .order_by(said.turn_id.desc())
        .limit(MAX_HISTORY)
    )


def turns_of(key: str) -> Select[Any]:
    """Turns with their ratings, oldest first; one row without a turn if there are none."""
    return (
        select(sessions.c.deleted_at, turns, feedback.c.rating)
        .select_from(sessions)
        .outerjoin(turns, _of_session() & still_shown())
        .outerjoin(feedback, feedback.c.answer_id == turns.c.answer_id)
        .where(sessions.c.session_key == key)
        .order_by(turns.c.turn_id)
    )


def still_shown(until: ColumnElement[int] | None = None) -> ColumnElement[bool]:
    """No turn of the same session (up to turn number ``until``) stands in this one's place."""
    later = turns.alias()
    replaced = (later.c.replaces == turns.c.answer_id) & (
        later.c.session_key == turns.c.session_key
    )
    if until is not None:
        replaced &= later.c.turn_id <= until
    return ~exists().where(replaced).correlate(turns)


def _of_session() -> ColumnElement[bool]:
    return turns.c.session_key == sessions.c.session_key
