"""What was done about an order, step by step; when bytes left and executions were booked; what the owner brought and took away."""

import sqlalchemy as sa
from alembic import op

revision = "b0005"
down_revision = "b0004"

WHOLE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """From the books before; what was never kept stays unknown."""
    op.add_column("send_attempts", sa.Column("left_at", WHOLE, nullable=True))
    op.add_column("fills", sa.Column("booked_at", WHOLE, nullable=True))
    op.add_column("day_opens", sa.Column("transfers", TEXT, nullable=False, server_default="0"))
    op.add_column("day_opens", sa.Column("unpriced", TEXT, nullable=True))
    for name in ("pause_who", "pause_why"):
        op.add_column("account", sa.Column(name, TEXT, nullable=True))
    for name in ("pause_at", "armed_at", "widened_at"):
        op.add_column("account", sa.Column(name, WHOLE, nullable=True))
    op.create_table(
        "arm_offers",
        sa.Column("id", sa.Integer, primary_key=True),
        *(sa.Column(n, TEXT, nullable=False) for n in ("code", "what", "who", "why", "offer")),
        sa.Column("until", WHOLE, nullable=False),
        sa.CheckConstraint("id = 1"),
        sqlite_strict=True,
    )
    _external()
    op.create_table(
        "owner_requests",
        sa.Column("id", TEXT, primary_key=True),
        *(sa.Column(name, TEXT, nullable=False) for name in ("what", "who", "why", "rows")),
        *(sa.Column(name, WHOLE, nullable=False) for name in ("at", "passed", "open")),
        sa.Column("answered_at", WHOLE, nullable=True),
        sqlite_strict=True,
    )
    op.create_index("owner_requests_open", "owner_requests", ["open"])
    op.create_table(
        "order_steps",
        sa.Column("intent_id", TEXT, sa.ForeignKey("order_intents.id"), nullable=False),
        sa.Column("n", WHOLE, nullable=False),
        sa.Column("at", WHOLE, nullable=False),
        *(sa.Column(name, TEXT, nullable=False) for name in ("word", "source", "said")),
        sa.PrimaryKeyConstraint("intent_id", "n"),
        sqlite_strict=True,
    )


def _external() -> None:
    """A further account of the ledger. SQLite cannot change what a column admits, so its table is written anew."""
    accounts = "('wallet', 'market', 'fees', 'opening', 'external')"
    if op.get_bind().dialect.name == "postgresql":
        op.drop_constraint("postings_account_check", "postings")
        op.create_check_constraint("postings_account_check", "postings", f"account IN {accounts}")
        return
    op.create_table(
        "postings_anew",
        sa.Column("cause", TEXT, sa.ForeignKey("entries.cause"), nullable=False),
        sa.Column("n", WHOLE, nullable=False),
        *(sa.Column(name, TEXT, nullable=False) for name in ("account", "currency", "amount")),
        sa.PrimaryKeyConstraint("cause", "n"),
        sa.CheckConstraint(f"account IN {accounts}"),
        sqlite_strict=True,
    )
    op.execute("INSERT INTO postings_anew SELECT cause, n, account, currency, amount FROM postings")
    op.drop_table("postings")
    op.rename_table("postings_anew", "postings")
