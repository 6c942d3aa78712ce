"""Their trades as our fills: the fee is what the trade says, positive when charged."""

import json
from decimal import Decimal
from typing import Any

import pytest

from interlock.errors import Unreachable
from interlock.orders.evidence import Fill
from interlock.protocol.crypto_com.trades import fills
from interlock.values import Instant, Side

ROW: dict[str, Any] = {
    "trade_id": "4989988731792662700",
    "order_id": "4989988582753137070",
    "client_oid": "ilabcdef-1",
    "instrument_name": "CRO_USD",
    "side": "BUY",
    "traded_quantity": "18",
    "traded_price": "0.05490",
    "fees": "-0.00454572",
    "fee_instrument_name": "USD",
    "create_time": 1785589933293,
    "taker_side": "TAKER",
    "transact_time_ns": "1785589933293769526",
}


def read(*rows: object) -> tuple[Fill, ...]:
    return fills(json.dumps({"data": rows}).encode()).whole()


def test_the_whole_fill() -> None:
    assert read(ROW) == (
        Fill(
            trade_id="4989988731792662700",
            order_id="4989988582753137070",
            client_oid="ilabcdef-1",
            symbol="CRO_USD",
            side=Side.BUY,
            quantity=Decimal(18),
            price=Decimal("0.0549"),
            fee=Decimal("0.00454572"),
            fee_currency="USD",
            is_maker=False,
            at=Instant(1785589933293769),
        ),
    )


def test_a_rebate_is_a_negative_fee_and_a_maker_is_one() -> None:
    """Fault C15."""
    (found,) = read({**ROW, "fees": "0.01", "taker_side": "MAKER"})
    assert (found.fee, found.is_maker) == (Decimal("-0.01"), True)


def test_a_trade_without_nanoseconds_is_dated_by_milliseconds() -> None:
    (found,) = read({**ROW, "transact_time_ns": None, "create_time": "1785589933293"})
    assert found.at == Instant.of_ms(1785589933293)


def test_fills_come_oldest_first_and_each_trade_once() -> None:
    later = {**ROW, "trade_id": 2, "transact_time_ns": 1785589933293771000}
    assert [fill.trade_id for fill in read(later, ROW, later)] == ["4989988731792662700", "2"]


@pytest.mark.parametrize(
    "bad",
    [
        {"fees": None},
        {"traded_quantity": "0"},
        {"traded_price": "0"},
        {"side": ""},
        {"trade_id": None},
        {"create_time": "soon", "transact_time_ns": ""},
    ],
)
def test_a_trade_that_cannot_be_read_makes_the_list_unreachable(bad: dict[str, Any]) -> None:
    with pytest.raises(Unreachable):
        read(ROW, {**ROW, **bad})
