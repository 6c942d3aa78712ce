"""How far the exchange's clock is ahead of ours, in microseconds; and requests found by when they were made."""

import sqlalchemy as sa
from alembic import op

revision = "b0002"
down_revision = "b0001"

WHOLE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """From the first books; what was never read stays unknown."""
    op.add_column("account", sa.Column("clock_offset", WHOLE, nullable=True))
    op.create_index("send_attempts_at", "send_attempts", ["at"])
