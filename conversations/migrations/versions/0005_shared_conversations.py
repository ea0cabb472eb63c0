"""Read-only links to conversations, which their readers make and end."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Creates the table."""
    session = sa.ForeignKey("sessions.session_key", ondelete="CASCADE")
    op.create_table(
        "shares",
        sa.Column("session_key", sa.String(64), session, primary_key=True),
        sa.Column("share_key", sa.String(64), nullable=False, unique=True),
        sa.Column("last_turn_id", sa.BigInteger, nullable=False),
    )


def downgrade() -> None:
    """Drops it; the links end."""
    op.drop_table("shares")
