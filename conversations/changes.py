"""Changes to a session, each within the caller's transaction."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, delete, select

from conversations import records
from conversations.database import insert_into
from conversations.sharing import unshare
from conversations.signing import no_session
from conversations.tables import feedback, sections, sessions, turns
from errors import FixQuestion
from schema import Turn


def remember(connection: Connection, given: Sequence[tuple[Turn, str]], now: datetime) -> set[str]:
    """Stores turns, each with its session's key, unless their answers are stored already.

    Returns:
        The keys of the sessions that are there; turns of others are not stored.
    """
    # In one order everywhere, so that two replicas cannot wait for each other.
    kept = _claim(connection, sorted({key for _, key in given}), {"last_turn_at": now})
    rows = [records.turn_row(turn, key, now) for turn, key in given if key in kept]
    if rows:
        insert = insert_into(connection, turns).on_conflict_do_nothing()
        once = insert.returning(turns.c.turn_id, turns.c.answer_id)
        ids = {row.answer_id: row.turn_id for row in connection.execute(once, rows)}
        answers = {records.storable(turn.answer.answer_id): turn.answer for turn, _ in given}
        seen = [row for a, n in ids.items() for row in records.section_rows(answers[a], n)]
        if seen:
            connection.execute(sections.insert(), seen)
    return kept


def forget(connection: Connection, key: str, now: datetime) -> None:
    """Deletes everything of a session but the mark that it is gone."""
    if not _claim(connection, [key], {"last_turn_at": now, "deleted_at": now}):
        raise no_session()
    connection.execute(delete(turns).where(turns.c.session_key == key))
    unshare(connection, key)


def rate(connection: Connection, key: str, row: dict[str, object]) -> None:
    """Stores a row of ``feedback``, or replaces the one before."""
    # The lock keeps a deletion out until the rating stands next to its turn.
    own = (
        select(turns.c.turn_id)
        .where(turns.c.answer_id == row["answer_id"], turns.c.session_key == key)
        .with_for_update(key_share=True)
    )
    if connection.execute(own).first() is None:
        raise FixQuestion("There is no such answer in this session.", code="not_found")
    insert = insert_into(connection, feedback).values(**row)
    changed = {name: insert.excluded[name] for name in ("rating", "comment", "rated_at")}
    connection.execute(insert.on_conflict_do_update(index_elements=["answer_id"], set_=changed))


def _claim(connection: Connection, keys: Sequence[str], values: dict[str, object]) -> set[str]:
    """Writes the sessions' rows and so holds them: turns and deletion come one after the other.

    Returns:
        The keys of those that nobody has deleted.
    """
    insert = insert_into(connection, sessions)
    claimed = insert.on_conflict_do_update(
        index_elements=["session_key"],
        set_={name: insert.excluded[name] for name in values},
        where=sessions.c.deleted_at.is_(None),
    ).returning(sessions.c.session_key)
    rows = [{"session_key": key, **values} for key in keys]
    return set(connection.execute(claimed, rows).scalars())
