"""Pairs: a stop that leads a target, the target that names its leader, and the exchange's id of their list; and stops that follow."""

import sqlalchemy as sa
from alembic import op

revision = "b0004"
down_revision = "b0003"

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
ADDED = {
    "order_intents": ("target_price", "leader", "list_id", "trailing_pct"),
    "lots": ("trailing_pct", "high"),
    "watchlist_items": ("trailing_pct",),
}


def upgrade() -> None:
    """From books that know single orders alone, and stops that stay where they are."""
    for table, names in ADDED.items():
        for name in names:
            op.add_column(table, sa.Column(name, TEXT, nullable=True))
