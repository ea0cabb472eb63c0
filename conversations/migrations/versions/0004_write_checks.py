"""A row that the readiness check writes: a full disk can be read from and not written to."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Creates the table."""
    op.create_table(
        "write_checks",
        sa.Column("name", sa.String(32), primary_key=True),
        sa.Column("filling", sa.Text, nullable=False),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=False),
    )


def downgrade() -> None:
    """Drops it."""
    op.drop_table("write_checks")
