"""Their journal as our transfers: deposits, withdrawals and sub-account moves are the owner's, interest and adjustments are charges.

What executions moved is told by the trades, and read there alone. A kind that nobody described is no transfer: the wallet will differ,
and a difference that nothing explains is an alarm.
"""

from decimal import Decimal
from typing import Final

import msgspec

from interlock.account import Transfer
from interlock.errors import BadInput
from interlock.protocol.crypto_com.wire import Rows, instant, instant_ns, number, rows_of
from interlock.values import Instant

TRANSACTIONS: Final = "private/get-transactions"
PAGE: Final = 100
INWARD: Final = frozenset({"ONCHAIN_DEPOSIT", "FIAT_WITHDRAWAL_CANCEL"})
OUTWARD: Final = frozenset({"ONCHAIN_WITHDRAWAL"})
OWNERS: Final = INWARD | OUTWARD | {"SUBACCOUNT_TX"}
CHARGES: Final = frozenset(
    {
        *("MARGIN_TRADE_INTEREST", "ADJUSTMENT", "ADMIN_ADJUSTMENT"),
        *("AUTO_CONVERSION", "MANUAL_CONVERSION"),
    }
)


class _Row(msgspec.Struct):
    journal_type: str
    journal_id: str | int
    transaction_qty: Decimal
    instrument_name: str
    event_timestamp_ms: int | str | None = None
    event_timestamp_ns: int | str | None = None


class _Kind(msgspec.Struct):
    journal_type: str


def transfers(result: bytes) -> Rows[Transfer]:
    """The transfers and charges in the result of get-transactions, oldest first, each journal id once."""
    rows = rows_of(result, msgspec.Raw, _transfer, TRANSACTIONS)
    by_id = {each.id: each for each in rows.facts}
    return Rows(tuple(sorted(by_id.values(), key=lambda t: (t.at, t.id))), rows.skipped)


def _transfer(raw: msgspec.Raw) -> Transfer | None:
    """The row, when it is of a kind that is ours to book: what others look like is none of our business."""
    kind = msgspec.json.decode(raw, type=_Kind).journal_type
    if kind not in OWNERS | CHARGES:
        return None
    row = msgspec.json.decode(raw, type=_Row)
    currency, amount = row.instrument_name.partition("_")[0], number(row.transaction_qty)
    if not currency:
        raise BadInput(f"the journal row {row.journal_id} names no currency.")
    signed = abs(amount) if kind in INWARD else -abs(amount) if kind in OUTWARD else amount
    return Transfer(str(row.journal_id), _at(row), currency, signed, kind, kind in OWNERS)


def _at(row: _Row) -> Instant:
    if row.event_timestamp_ns:
        return instant_ns(row.event_timestamp_ns)
    if row.event_timestamp_ms is None:
        raise BadInput(f"the journal row {row.journal_id} names no time.")
    return instant(row.event_timestamp_ms)
