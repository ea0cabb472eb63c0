"""Turns know what was sent with their question, and which answer they stand in place of."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

_COLUMNS = {"selected_text": sa.Text, "section": sa.Text, "language": sa.Text}


def upgrade() -> None:
    """Adds the columns."""
    for name, kind in _COLUMNS.items():
        op.add_column("turns", sa.Column(name, kind))
    op.add_column("turns", sa.Column("replaces", sa.String(64)))
    op.create_index("turns_by_replaced", "turns", ["replaces"])


def downgrade() -> None:
    """Drops them; replaced turns are shown again."""
    op.drop_index("turns_by_replaced", "turns")
    for name in (*_COLUMNS, "replaces"):
        op.drop_column("turns", name)
