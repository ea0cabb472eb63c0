"""Read-only links to a conversation as it stood when its reader made the link."""

import hashlib
import secrets
from typing import Any, Final

from sqlalchemy import Connection, Select, delete, func, select

from conversations.database import insert_into
from conversations.queries import still_shown
from conversations.tables import shares, turns
from errors import FixQuestion

_RANDOM_BYTES: Final = 24


def new_share() -> str:
    """An unguessable, URL-safe id; the database knows its hash only."""
    return secrets.token_urlsafe(_RANDOM_BYTES)


def share(connection: Connection, key: str, share_id: str) -> None:
    """Opens the turns so far to ``share_id``; a link made before ends.

    Raises:
        FixQuestion: there is nothing to share, or no such session (``not_found``).
    """
    newest = select(func.max(turns.c.turn_id)).where(turns.c.session_key == key)
    last = connection.execute(newest).scalar()
    if last is None:
        raise FixQuestion("There is no turn to share.", code="not_found")
    insert = insert_into(connection, shares).values(
        session_key=key, share_key=_hash(share_id), last_turn_id=last
    )
    changed = {name: insert.excluded[name] for name in ("share_key", "last_turn_id")}
    connection.execute(insert.on_conflict_do_update(index_elements=["session_key"], set_=changed))


def unshare(connection: Connection, key: str) -> None:
    """Ends the session's link, if there is one."""
    connection.execute(delete(shares).where(shares.c.session_key == key))


def shared_turns(share_id: str) -> Select[Any]:
    """The turns that ``share_id`` opens, oldest first; none when it opens nothing."""
    return (
        select(turns)
        .join_from(turns, shares, turns.c.session_key == shares.c.session_key)
        .where(shares.c.share_key == _hash(share_id), turns.c.turn_id <= shares.c.last_turn_id)
        .where(still_shown(until=shares.c.last_turn_id))
        .order_by(turns.c.turn_id)
    )


def no_share() -> FixQuestion:
    """The one answer for a link that has ended or never was."""
    return FixQuestion("This link has ended, or it never was.", code="not_found")


def _hash(share_id: str) -> str:
    return hashlib.sha256(share_id.encode("utf-8", "replace")).hexdigest()
