"""Changes to a session, each within the caller's transaction."""

from datetime import datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from conversations import records
from conversations.database import insert_into
from conversations.signing import no_session
from conversations.tables import feedback, sections, sessions, turns
from errors import FixQuestion
from schema import Turn


async def remember(connection: AsyncConnection, turn: Turn, key: str, now: datetime) -> None:
    """Stores a turn unless its answer is stored already."""
    await _claim(connection, key, {"last_turn_at": now})
    insert = insert_into(connection, turns).values(**records.turn_row(turn, key, now))
    once = insert.on_conflict_do_nothing().returning(turns.c.turn_id)
    turn_id = (await connection.execute(once)).scalar()
    if turn_id is not None and (seen := records.section_rows(turn.answer, turn_id)):
        await connection.execute(sections.insert(), seen)


async def forget(connection: AsyncConnection, key: str, now: datetime) -> None:
    """Deletes everything of a session but the mark that it is gone."""
    await _claim(connection, key, {"last_turn_at": now, "forgotten_at": now})
    await connection.execute(delete(turns).where(turns.c.session_key == key))


async def rate(connection: AsyncConnection, key: str, row: dict[str, Any]) -> None:
    """Stores a row of ``feedback``, or replaces the one before."""
    # The lock keeps a deletion out until the rating stands next to its turn.
    own = (
        select(turns.c.turn_id)
        .where(turns.c.answer_id == row["answer_id"], turns.c.session_key == key)
        .with_for_update(key_share=True)
    )
    if (await connection.execute(own)).first() is None:
        raise FixQuestion("There is no such answer in this session.", code="not_found")
    insert = insert_into(connection, feedback).values(**row)
    changed = {name: insert.excluded[name] for name in ("rating", "comment", "rated_at")}
    await connection.execute(
        insert.on_conflict_do_update(index_elements=["answer_id"], set_=changed)
    )


async def _claim(connection: AsyncConnection, key: str, values: dict[str, Any]) -> None:
    """Writes the session's row and so holds it: turns and deletion come one after the other."""
    insert = insert_into(connection, sessions).values(session_key=key, **values)
    claimed = insert.on_conflict_do_update(
        index_elements=["session_key"], set_=values, where=sessions.c.forgotten_at.is_(None)
    ).returning(sessions.c.session_key)
    if (await connection.execute(claimed)).first() is None:
        raise no_session()
