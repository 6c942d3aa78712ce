"""The seals of the journal, and the place of each of its rows: SQLite has one by itself, PostgreSQL is given one."""

import sqlalchemy as sa
from alembic import op

revision = "b0007"
down_revision = "b0006"

WHOLE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
JOURNAL = (
    *("verdicts", "order_intents", "send_attempts", "decisions", "order_steps"),
    *("absences", "fills", "entries", "postings"),
)


def upgrade() -> None:
    """What was written before is sealed first."""
    op.create_table(
        "seals",
        sa.Column("n", WHOLE, primary_key=True, autoincrement=False),
        sa.Column("at", WHOLE, nullable=False),
        *(sa.Column(name, TEXT, nullable=False) for name in ("rows", "upto", "head")),
        sqlite_strict=True,
    )
    if op.get_bind().dialect.name == "postgresql":
        for table in JOURNAL:
            op.execute(f"ALTER TABLE {table} ADD COLUMN seq BIGSERIAL NOT NULL")
            op.create_index(f"{table}_seq", table, ["seq"], unique=True)
