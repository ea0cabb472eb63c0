"""Tables of sessions, turns, feedback and calls, alike on SQLite and PostgreSQL.

A session is known by a hash only, so a reader of the database cannot act for a reader.
"""

from datetime import UTC, datetime
from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Dialect,
    ForeignKey,
    Identity,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
)

metadata: Final = MetaData()
_LONG_ID: Final = BigInteger().with_variant(Integer, "sqlite")
"""SQLite numbers rows by itself only in a column that is INTEGER."""


class UtcDateTime(TypeDecorator[datetime]):
    """Aware in Python, UTC in the database; SQLite forgets the zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """To UTC."""
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """From UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


sessions: Final = Table(
    "sessions",
    metadata,
    Column("session_key", String(64), primary_key=True),
    Column("last_turn_at", UtcDateTime, nullable=False),
    # The row of a deleted session stays, so that its id never works again.
    Column("deleted_at", UtcDateTime),
)
turns: Final = Table(
    "turns",
    metadata,
    Column("turn_id", _LONG_ID, Identity(), primary_key=True),
    Column(
        "session_key",
        String(64),
        ForeignKey("sessions.session_key", ondelete="CASCADE"),
        nullable=False,
    ),
    Column("answer_id", String(64), nullable=False, unique=True),
    Column("question", Text, nullable=False),
    # What was sent with the question, so that it can be asked again after a reload.
    Column("selected_text", Text),
    Column("section", Text),
    Column("language", Text),
    # The answer in whose place this one stands; that one is not shown any more.
    Column("replaces", String(64)),
    Column("answer_text", Text, nullable=False),
    # The Answer as JSON, without the session's id and the text, which stands in "answer_text".
    Column("answer", Text, nullable=False),
    Column("outcome", String(16), nullable=False),
    Column("status", String(16), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Index("turns_of_session", "session_key", "turn_id"),
    Index("turns_by_time", "created_at"),
    Index("turns_by_replaced", "replaces"),
)
sections: Final = Table(
    "turn_sections",
    metadata,
    Column(
        "turn_id",
        _LONG_ID,
        ForeignKey("turns.turn_id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    ),
    Column("rank", Integer, primary_key=True, autoincrement=False),
    Column("path", Text, nullable=False),
    Column("heading", Text, nullable=False),
    Column("url", Text, nullable=False),
    Column("cited", Boolean, nullable=False),
)
shares: Final = Table(
    "shares",
    metadata,
    Column(
        "session_key",
        String(64),
        ForeignKey("sessions.session_key", ondelete="CASCADE"),
        primary_key=True,
    ),
    # A hash of the link's id.
    Column("share_key", String(64), nullable=False, unique=True),
    # What is said after the link was made stays between the reader and the book.
    Column("last_turn_id", BigInteger, nullable=False),
)
feedback: Final = Table(
    "feedback",
    metadata,
    Column(
        "answer_id",
        String(64),
        ForeignKey("turns.answer_id", ondelete="CASCADE"),
        primary_key=True,
    ),
    Column("rating", String(8), nullable=False),
    Column("comment", Text),
    Column("rated_at", UtcDateTime, nullable=False),
)
calls: Final = Table(
    "calls",
    metadata,
    Column("month", String(7), primary_key=True),
    Column("provider", String(64), primary_key=True),
    Column("operation", String(64), primary_key=True),
    Column("outcome", String(64), primary_key=True),
    Column("total", BigInteger, nullable=False),
)
signing_keys: Final = Table(
    "signing_keys",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("value", String(128), nullable=False),
)
write_checks: Final = Table(
    "write_checks",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("filling", Text, nullable=False),
    Column("checked_at", UtcDateTime, nullable=False),
)
