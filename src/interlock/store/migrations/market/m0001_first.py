"""The first market file: bars, ticks, instruments and heartbeats."""

import sqlalchemy as sa
from alembic import op

revision = "m0001"
down_revision = None

# SQLite's strict tables know INTEGER alone; elsewhere microseconds need 64 bits.
WHOLE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
# Texts are compared by their code points everywhere, whatever language the database server speaks.
TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


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
        sa.Column("symbol", TEXT, primary_key=True),
        _text("last"),
        sa.Column("bid", TEXT),
        sa.Column("ask", TEXT),
        sa.Column("at", WHOLE, nullable=False),
        sqlite_strict=True,
    )
    op.create_table(
        "instruments",
        sa.Column("symbol", TEXT, primary_key=True),
        sa.Column("at", WHOLE, nullable=False),
        _text("instrument"),
        sqlite_strict=True,
    )
    op.create_table(
        "heartbeats",
        sa.Column("who", TEXT, primary_key=True),
        sa.Column("at", WHOLE, nullable=False),
        sqlite_strict=True,
    )


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, TEXT, nullable=False)
