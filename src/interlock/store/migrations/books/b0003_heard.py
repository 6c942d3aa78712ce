"""What was heard of ids that nobody knew, and how the user stream stands."""

import sqlalchemy as sa
from alembic import op

revision = "b0003"
down_revision = "b0002"

WHOLE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Nothing was heard before."""
    op.create_table(
        "parked_events",
        sa.Column("key", TEXT, primary_key=True),
        sa.Column("at", WHOLE, nullable=False),
        sa.Column("told", TEXT, nullable=False),
        sa.Column("outcome", TEXT, nullable=True),
        sa.Column("open", WHOLE, nullable=False),
        sqlite_strict=True,
    )
    op.create_index("parked_events_open", "parked_events", ["open", "at"])
    op.create_table(
        "user_stream",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("ear", TEXT, nullable=False),
        sa.Column("since", WHOLE, nullable=False),
        sa.Column("epoch", WHOLE, nullable=False),
        sa.Column("why", TEXT, nullable=False),
        sa.CheckConstraint("id = 1"),
        sqlite_strict=True,
    )
