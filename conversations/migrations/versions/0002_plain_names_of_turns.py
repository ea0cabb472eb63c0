"""Plain names for what a turn and a session hold."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Renames columns; their values stay."""
    op.execute("ALTER TABLE turns RENAME COLUMN said TO answer_text")
    op.execute("ALTER TABLE sessions RENAME COLUMN forgotten_at TO deleted_at")


def downgrade() -> None:
    """The names before."""
    op.execute("ALTER TABLE turns RENAME COLUMN answer_text TO said")
    op.execute("ALTER TABLE sessions RENAME COLUMN deleted_at TO forgotten_at")
