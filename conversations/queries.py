"""What is read of a session: its turns, without those that a later one stands in place of."""

from typing import Any, Final

from sqlalchemy import ColumnElement, Select, bindparam, exists, select

from conversations.tables import feedback, sessions, turns
from schema import MAX_HISTORY

SESSION: Final = "session"
"""Parameter of the queries: the session's key."""


def still_shown(until: ColumnElement[int] | None = None) -> ColumnElement[bool]:
    """No turn of the same session (up to turn number ``until``) stands in this one's place."""
    later = turns.alias()
    replaced = (later.c.replaces == turns.c.answer_id) & (
        later.c.session_key == turns.c.session_key
    )
    if until is not None:
        replaced &= later.c.turn_id <= until
    return ~exists().where(replaced).correlate(turns)


_session = sessions.c.session_key == bindparam(SESSION)
_of_session = (turns.c.session_key == sessions.c.session_key) & still_shown()
_not_empty = (turns.c.outcome == "complete") | (turns.c.answer_text != "")

# Made once: to make a query costs several times what it costs to run it.
HISTORY: Final[Select[Any]] = (
    select(
        sessions.c.deleted_at,
        turns.c.question,
        turns.c.answer_text,
        turns.c.status,
        turns.c.answer_id,
    )
    .select_from(sessions)
    .outerjoin(turns, _of_session & _not_empty)
    .where(_session)
    .order_by(turns.c.turn_id.desc())
    .limit(MAX_HISTORY)
)
"""The last 20 turns that say something, newest first; one row without a turn if none do."""

TURNS: Final[Select[Any]] = (
    select(sessions.c.deleted_at, turns, feedback.c.rating)
    .select_from(sessions)
    .outerjoin(turns, _of_session)
    .outerjoin(feedback, feedback.c.answer_id == turns.c.answer_id)
    .where(_session)
    .order_by(turns.c.turn_id)
)
"""Turns with their ratings, oldest first; one row without a turn if there are none."""
