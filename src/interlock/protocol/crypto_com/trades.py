"""Their trades as our fills: the one place where fees are read, for an order's own fee field lies about its unit."""

from datetime import timedelta
from decimal import Decimal
from typing import Final

import msgspec

from interlock.errors import BadInput
from interlock.orders.evidence import Fill
from interlock.protocol.crypto_com.wire import Rows, instant, instant_ns, number, rows_of
from interlock.values import Instant, Side

TRADES: Final = "private/get-trades"
PAGE: Final = 100
WINDOW_MAX: Final = timedelta(days=7)


class _Trade(msgspec.Struct):
    trade_id: str | int
    order_id: str | int
    client_oid: str | int
    instrument_name: str
    side: str
    traded_quantity: Decimal
    traded_price: Decimal
    fees: Decimal
    fee_instrument_name: str
    create_time: int | str
    taker_side: str | None = None
    transact_time_ns: int | str | None = None
    transaction_time: int | str | None = None  # the same instant, as the user stream names it


def fills(result: bytes) -> Rows[Fill]:
    """The executions in the result of get-trades, or in news of them, oldest first, each trade id once."""
    rows = rows_of(result, _Trade, _fill, TRADES)
    by_id = {fill.trade_id: fill for fill in rows.facts}
    return Rows(tuple(sorted(by_id.values(), key=lambda f: (f.at, f.trade_id))), rows.skipped)


def _fill(row: _Trade) -> Fill:
    quantity, price = number(row.traded_quantity), number(row.traded_price)
    if quantity <= 0 or price <= 0:
        raise BadInput(f"trade {row.trade_id} is said to be {quantity} at {price}.")
    try:
        side = Side(row.side.upper())
    except ValueError as error:
        raise BadInput(f"trade {row.trade_id} has no side.") from error
    return Fill(
        trade_id=str(row.trade_id),
        order_id=str(row.order_id),
        client_oid=str(row.client_oid),
        symbol=row.instrument_name,
        side=side,
        quantity=quantity,
        price=price,
        fee=-number(row.fees),
        fee_currency=row.fee_instrument_name,
        is_maker=row.taker_side == "MAKER",
        at=_at(row),
    )


def _at(row: _Trade) -> Instant:
    told = row.transact_time_ns or row.transaction_time
    return instant_ns(told) if told else instant(row.create_time)
