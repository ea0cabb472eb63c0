"""Sessions, turns, feedback, calls."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Creates all tables."""
    long_id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "sessions",
        sa.Column("session_key", sa.String(64), primary_key=True),
        sa.Column("last_turn_at", moment, nullable=False),
        sa.Column("forgotten_at", moment),
    )
    op.create_table(
        "turns",
        sa.Column("turn_id", long_id, sa.Identity(), primary_key=True),
        sa.Column(
            "session_key",
            sa.String(64),
            sa.ForeignKey("sessions.session_key", ondelete="CASCADE"),
            nullable=False,
        ),
        sa.Column("answer_id", sa.String(64), nullable=False, unique=True),
        sa.Column("question", sa.Text, nullable=False),
        sa.Column("said", sa.Text, nullable=False),
        sa.Column("answer", sa.Text, nullable=False),
        sa.Column("outcome", sa.String(16), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("created_at", moment, nullable=False),
    )
    op.create_index("turns_of_session", "turns", ["session_key", "turn_id"])
    op.create_index("turns_by_time", "turns", ["created_at"])
    turn = sa.ForeignKey("turns.turn_id", ondelete="CASCADE")
    op.create_table(
        "turn_sections",
        sa.Column("turn_id", long_id, turn, primary_key=True, autoincrement=False),
        sa.Column("place", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("path", sa.Text, nullable=False),
        sa.Column("heading", sa.Text, nullable=False),
        sa.Column("url", sa.Text, nullable=False),
        sa.Column("cited", sa.Boolean, nullable=False),
    )
    answer = sa.ForeignKey("turns.answer_id", ondelete="CASCADE")
    op.create_table(
        "feedback",
        sa.Column("answer_id", sa.String(64), answer, primary_key=True),
        sa.Column("rating", sa.String(8), nullable=False),
        sa.Column("comment", sa.Text),
        sa.Column("rated_at", moment, nullable=False),
    )
    op.create_table(
        "calls",
        sa.Column("month", sa.String(7), primary_key=True),
        sa.Column("provider", sa.String(64), primary_key=True),
        sa.Column("operation", sa.String(64), primary_key=True),
        sa.Column("outcome", sa.String(64), primary_key=True),
        sa.Column("n", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "signing_keys",
        sa.Column("name", sa.String(32), primary_key=True),
        sa.Column("value", sa.String(128), nullable=False),
    )


def downgrade() -> None:
    """Drops all tables."""
    for table in ("signing_keys", "calls", "feedback", "turn_sections", "turns", "sessions"):
        op.drop_table(table)
