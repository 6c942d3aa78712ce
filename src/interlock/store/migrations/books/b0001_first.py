"""The first books. Money is decimal text, time is microseconds UTC; no constraint may refuse a true fill."""

from collections.abc import Iterable

import sqlalchemy as sa
from alembic import op

revision = "b0001"
down_revision = None

# SQLite's strict tables know INTEGER alone; elsewhere microseconds need 64 bits.
WHOLE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
# Texts are compared by their code points everywhere, whatever language the database server speaks.
TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")

MODES = ("OFF", "SIM", "LIVE")
SIDES = ("BUY", "SELL")
DECISIONS = ("BUY", "SELL", "WAIT")
OUTCOMES = ("WAIT", "SUPPRESSED", "ORDERED", "EXIT", "BLOCKED")
PURPOSES = ("ENTRY", "PROTECT", "REDUCE", "FLATTEN")
STATES = (
    *("SENDING", "ACKED", "WORKING", "CANCELLING", "UNKNOWN"),
    *("FILLED", "CANCELLED", "EXPIRED", "REJECTED", "NOT_PLACED"),
)
ACCOUNTS = ("wallet", "market", "fees", "opening")
TOPICS = ("SIGNAL", "LOT", "ORDER", "INCIDENT")


def upgrade() -> None:
    """From nothing."""
    _account()
    _wishes()
    _orders()
    _attempts_and_looks()
    _decisions()
    _ledger()
    _wallet()
    _journal()
    _messages()
    if op.get_bind().dialect.name == "postgresql":
        _leases()


def _account() -> None:
    _table(
        "account",
        sa.Column("id", sa.Integer, primary_key=True),
        *_texts("venue", "install_id", "mode"),
        *_wholes("epoch", "began_at", "last_nonce"),
        *_texts("kill_who", "kill_why", "mute_who", "mute_why", "unknown_why", nullable=True),
        *_wholes("kill_at", "mute_at", "opened_at", "read_at", nullable=True),
        sa.CheckConstraint("id = 1"),
        sa.CheckConstraint("install_id <> ''"),
        _one_of("venue", MODES[1:]),
        _one_of("mode", MODES),
    )
    _table(
        "settings_changes",
        sa.Column("seq", sa.Integer, primary_key=True),
        *_wholes("at"),
        *_texts("who", "subject", "field", "why"),
        *_texts("old", "new", nullable=True),
    )


def _wishes() -> None:
    _table(
        "watchlist_items",
        sa.Column("symbol", TEXT, primary_key=True),
        *_texts("preset", "sl_tp_mode"),
        *_wholes("alert_enabled", "buy_alert_enabled", "sell_alert_enabled"),
        *_wholes("trade_enabled", "trade_on_margin", "is_deleted", "version", "updated_at"),
        *_texts("trade_amount_usd", "leverage", "sl_percentage", "tp_percentage", nullable=True),
        *_texts("min_price_change_pct", "buy_target", nullable=True),
    )
    _table(
        "throttle_states",
        *_texts("side", "symbol", "strategy", "config_hash"),
        *_texts("baseline", nullable=True),
        *_wholes("last_sent_at", nullable=True),
        *_wholes("force_next"),
        sa.PrimaryKeyConstraint("side", "symbol", "strategy"),
        _one_of("side", DECISIONS),
    )
    _table(
        "verdicts",
        sa.Column("id", TEXT, primary_key=True),
        *_wholes("at"),
        *_texts("answer", "verdict"),
        *_texts("code", nullable=True),
        _one_of("answer", ("APPROVED", "BLOCKED")),
        sa.CheckConstraint("id <> ''"),
    )


def _orders() -> None:
    _table(
        "order_intents",
        sa.Column("id", TEXT, primary_key=True),
        *_texts("idempotency_key", "client_oid", "purpose", "symbol", "side", "order_type"),
        *_texts("time_in_force", "quantity", "reserved", "margin_mode", "instrument", "status"),
        *_texts("filled", "value"),
        *_texts(
            "signal_id", "lot_id", "serves", "price", "trigger_price", "leverage", nullable=True
        ),
        *_texts("sl_distance", "sl_source", "tp_distance", "tp_source", nullable=True),
        *_texts("order_id", "spawned_order_id", "refusal", nullable=True),
        sa.Column("verdict_id", TEXT, sa.ForeignKey("verdicts.id"), nullable=False),
        *_wholes("live", "created_at", "updated_at"),
        *_wholes("confirmed_at", nullable=True),
        sa.UniqueConstraint("idempotency_key"),
        sa.UniqueConstraint("client_oid"),
        sa.CheckConstraint("id <> '' AND idempotency_key <> ''"),
        sa.CheckConstraint("length(client_oid) BETWEEN 1 AND 36"),
        _one_of("status", STATES),
        _one_of("purpose", PURPOSES),
        _one_of("side", SIDES),
        _one_of("margin_mode", ("SPOT", "MARGIN")),
        _one_of("order_type", ("LIMIT", "MARKET", "STOP_LOSS")),
    )
    for columns in (["live"], ["serves"], ["order_id"], ["spawned_order_id"], ["created_at"]):
        op.create_index(f"order_intents_{columns[0]}", "order_intents", columns)


def _attempts_and_looks() -> None:
    _table(
        "send_attempts",
        _intent("intent_id"),
        *_wholes("n", "nonce", "epoch", "at"),
        *_texts("request"),
        *_texts("outcome", nullable=True),
        sa.Column("verdict_id", TEXT, sa.ForeignKey("verdicts.id")),
        *_wholes("answered_at", nullable=True),
        sa.PrimaryKeyConstraint("intent_id", "n"),
        sa.UniqueConstraint("nonce"),
        _one_of("request", ("CREATE", "CANCEL")),
        sa.CheckConstraint("request <> 'CREATE' OR verdict_id IS NOT NULL"),
    )
    _table(
        "absences",
        *_texts("client_oid", "source"),
        *_wholes("asked_at"),
        sa.PrimaryKeyConstraint("client_oid", "source", "asked_at"),
    )


def _decisions() -> None:
    _table(
        "decisions",
        sa.Column("id", TEXT, primary_key=True),
        *_texts("symbol", "strategy_key", "decision", "outcome", "signal", "exits"),
        *_wholes("bar_time", "at"),
        *_texts("code", "alert", nullable=True),
        sa.Column("verdict_id", TEXT, sa.ForeignKey("verdicts.id")),
        _intent("intent_id", nullable=True),
        sa.UniqueConstraint("symbol", "strategy_key", "bar_time"),
        _one_of("decision", DECISIONS),
        _one_of("outcome", OUTCOMES),
        sa.CheckConstraint("outcome <> 'ORDERED' OR intent_id IS NOT NULL"),
        sa.CheckConstraint("outcome <> 'BLOCKED' OR code IS NOT NULL"),
    )
    op.create_index("decisions_at", "decisions", ["at"])
    op.create_index("decisions_symbol_at", "decisions", ["symbol", "at"])


def _ledger() -> None:
    _table(
        "fills",
        sa.Column("trade_id", TEXT, primary_key=True),
        *_texts("order_id", "client_oid", "symbol", "side", "quantity", "price"),
        *_texts("fee", "fee_currency"),
        *_wholes("is_maker", "at"),
        _intent("intent_id", nullable=True),
        sa.CheckConstraint("trade_id <> ''"),
        _one_of("side", SIDES),
    )
    op.create_index("fills_intent_id", "fills", ["intent_id"])
    _table(
        "owed_fills",
        _intent("intent_id", primary_key=True),
        *_texts("quantity"),
        *_wholes("open"),
    )
    _table("entries", sa.Column("cause", TEXT, primary_key=True), *_wholes("at"))
    _table(
        "postings",
        sa.Column("cause", TEXT, sa.ForeignKey("entries.cause"), nullable=False),
        *_wholes("n"),
        *_texts("account", "currency", "amount"),
        sa.PrimaryKeyConstraint("cause", "n"),
        _one_of("account", ACCOUNTS),
    )
    _table(
        "lots",
        _intent("id", primary_key=True),
        *_texts("symbol", "base", "quote", "funding", "bought", "cost", "remaining"),
        *_texts("stop_distance", "target_distance", "proceeds", "fees", "sold"),
        *_texts("exit_reason", nullable=True),
        *_wholes("opened_at", "open"),
        *_wholes("closed_at", nullable=True),
    )
    op.create_index("lots_open", "lots", ["open"])


def _wallet() -> None:
    _table("equity_records", _key("at"), *_texts("equity", "exposure"))
    _table("balances", _key("currency", TEXT), *_texts("total", "available"))
    _table(
        "day_opens",
        _key("day", TEXT),
        *_texts("equity"),
        *_wholes("as_of", "late"),
        *_wholes("latched_at", nullable=True),
    )


def _journal() -> None:
    _table(
        "incidents",
        _key("fingerprint", TEXT),
        *_texts("severity", "text"),
        *_wholes("opened_at", "count", "open"),
        *_wholes("closed_at", nullable=True),
    )
    _table("audit_runs", _key("at"), *_wholes("passed", "took_ms"), *_texts("rows"))


def _messages() -> None:
    _table(
        "outbox",
        sa.Column("id", sa.Integer, primary_key=True),
        *_texts("dedup_key", "topic", "text"),
        *_texts("message_id", "last_error", nullable=True),
        *_wholes("at", "due_at", "attempts", "open"),
        *_wholes("sent_at", "expired_at", nullable=True),
        sa.UniqueConstraint("dedup_key"),
        sa.CheckConstraint("(sent_at IS NULL) = (message_id IS NULL)"),
        sa.CheckConstraint("sent_at IS NULL OR expired_at IS NULL"),
        _one_of("topic", TOPICS),
    )
    for column in ("due_at", "at"):
        op.create_index(f"outbox_open_{column}", "outbox", ["open", column])
    _table(
        "messenger",
        sa.Column("id", sa.Integer, primary_key=True),
        *_wholes("last_send_ok", "failures_in_row", "tried_at"),
        sa.CheckConstraint("id = 1"),
    )


def _leases() -> None:
    """On SQLite the kernel keeps the lease, as a lock on the data folder."""
    _table(
        "leases",
        _key("name", TEXT),
        *_texts("holder"),
        *_wholes("taken_at", "expires_at"),
    )


def _table(name: str, *parts: sa.schema.SchemaItem) -> None:
    op.create_table(name, *parts, sqlite_strict=True)


def _key(
    name: str, kind: sa.types.TypeEngine[str] | sa.types.TypeEngine[int] = WHOLE
) -> sa.schema.SchemaItem:
    return sa.Column(name, kind, primary_key=True, autoincrement=False)


def _intent(name: str, *, nullable: bool = False, primary_key: bool = False) -> sa.Column[str]:
    owner = sa.ForeignKey("order_intents.id")
    return sa.Column(name, TEXT, owner, nullable=nullable, primary_key=primary_key)


def _texts(*names: str, nullable: bool = False) -> Iterable[sa.Column[str]]:
    return [sa.Column(name, TEXT, nullable=nullable) for name in names]


def _wholes(*names: str, nullable: bool = False) -> Iterable[sa.Column[int]]:
    return [sa.Column(name, WHOLE, nullable=nullable) for name in names]


def _one_of(column: str, words: Iterable[str]) -> sa.CheckConstraint:
    listed = ", ".join(f"'{word}'" for word in words)
    return sa.CheckConstraint(f"{column} IN ({listed})")
