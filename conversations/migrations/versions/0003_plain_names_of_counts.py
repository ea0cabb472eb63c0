"""Plain names for counts and ranks.

The program of revision 0001 does not know these names. Two revisions at once make it refuse to
start, where one would let it run beside this one (see ``conversations/migrate.py``).
"""

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Renames columns; their values stay."""
    op.execute("ALTER TABLE calls RENAME COLUMN n TO total")
    op.execute("ALTER TABLE turn_sections RENAME COLUMN place TO rank")


def downgrade() -> None:
    """The names before."""
    op.execute("ALTER TABLE calls RENAME COLUMN total TO n")
    op.execute("ALTER TABLE turn_sections RENAME COLUMN rank TO place")
