"""An entry that spends a share of the equity, and the least that a stop stands at, where a strategy may move it."""

import sqlalchemy as sa
from alembic import op

revision = "b0008"
down_revision = "b0007"

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """From the books before: nobody had asked for either."""
    op.add_column("watchlist_items", sa.Column("trade_share_pct", TEXT, nullable=True))
    op.add_column("order_intents", sa.Column("stop_floor", TEXT, nullable=True))
    op.add_column("lots", sa.Column("stop_floor", TEXT, nullable=True))
