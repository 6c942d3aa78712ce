"""The first market file: bars, ticks and heartbeats."""

import sqlalchemy as sa
from alembic import op

revision = "m0001"
down_revision = None

# SQLite's strict tables know INTEGER alone; elsewhere microseconds need 64 bits.
WHOLE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """From nothing."""
    op.create_table(
        "bars",
        _text("symbol"),
        sa.Column("span", WHOLE, nullable=False),
        sa.Column("opens", WHOLE, nullable=False),
        *(_text(name) for name in ("open", "high", "low", "close", "volume")),
        sa.PrimaryKeyConstraint("symbol", "span", "opens"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "ticks",
        sa.Column("symbol", sa.Text, primary_key=True),
        _text("last"),
        sa.Column("bid", sa.Text),
        sa.Column("ask", sa.Text),
        sa.Column("at", WHOLE, nullable=False),
        sqlite_strict=True,
    )
    op.create_table(
        "heartbeats",
        sa.Column("who", sa.Text, primary_key=True),
        sa.Column("at", WHOLE, nullable=False),
        sqlite_strict=True,
    )


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False)
