"""What was done about an order, step by step; when bytes left and when executions were booked, which older rows do not know."""

import sqlalchemy as sa
from alembic import op

revision = "b0004"
down_revision = "b0002"

WHOLE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """From the books before; what was never kept stays unknown."""
    op.add_column("send_attempts", sa.Column("left_at", WHOLE, nullable=True))
    op.add_column("fills", sa.Column("booked_at", WHOLE, nullable=True))
    op.create_table(
        "order_steps",
        sa.Column("intent_id", TEXT, sa.ForeignKey("order_intents.id"), nullable=False),
        sa.Column("n", WHOLE, nullable=False),
        sa.Column("at", WHOLE, nullable=False),
        *(sa.Column(name, TEXT, nullable=False) for name in ("word", "source", "said")),
        sa.PrimaryKeyConstraint("intent_id", "n"),
        sqlite_strict=True,
    )
