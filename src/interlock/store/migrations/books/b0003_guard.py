"""Pairs: a stop that leads a target, the target that names its leader, and the exchange's id of their list."""

import sqlalchemy as sa
from alembic import op

revision = "b0003"
down_revision = "b0002"

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """From books that know single orders alone."""
    for name in ("target_price", "leader", "list_id"):
        op.add_column("order_intents", sa.Column(name, TEXT, nullable=True))
