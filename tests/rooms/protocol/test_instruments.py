"""Their instruments as ours: only what we trade, on the exchange's own grid."""

import json
from decimal import Decimal
from typing import Any

import pytest

from interlock.errors import Unreachable
from interlock.protocol.crypto_com.instruments import instruments, order_limits
from interlock.values import Instrument

ROW = {
    "symbol": "BTC_USDT",
    "inst_type": "CCY_PAIR",
    "base_ccy": "BTC",
    "quote_ccy": "USDT",
    "price_tick_size": "0.01",
    "qty_tick_size": "0.00001",
    "max_leverage": "50",
    "tradable": True,
    "margin_buy_enabled": True,
}
CONFIG = {
    "instrument_name": "BTC",
    "min_order_notional_usd": "1.0",
    "max_product_leverage_for_spot": "16.0",
}


def read(*rows: dict[str, Any], config: object = CONFIG) -> tuple[tuple[Instrument, ...], int]:
    limits = order_limits(json.dumps({"base_currency_config": [config]}).encode())
    result = json.dumps({"data": rows}).encode()
    found = instruments(result, {own.base: own for own in limits.facts})
    return found.facts, len(found.skipped) + len(limits.skipped)


def test_the_whole_instrument() -> None:
    assert read(ROW) == (
        (
            Instrument(
                symbol="BTC_USDT",
                base="BTC",
                quote="USDT",
                price_tick=Decimal("0.01"),
                lot=Decimal("0.00001"),
                tradable=True,
                margin_buy=True,
                max_leverage=Decimal(16),
                min_notional=Decimal(1),
            ),
        ),
        0,
    )


def test_what_the_exchange_does_not_name_stays_unnamed() -> None:
    (found,), _ = read(ROW, config={"instrument_name": "ETH"})
    assert found.min_notional is None
    assert found.max_leverage == 50
    (found,), _ = read({name: value for name, value in ROW.items() if name != "max_leverage"})
    assert found.max_leverage == 1, "no leverage is admitted that nobody named"


@pytest.mark.parametrize(
    "other",
    [
        {"symbol": "BTCUSD-PERP", "inst_type": "PERPETUAL_SWAP"},
        {"symbol": "ETH_BTC", "quote_ccy": "BTC"},
        {"inst_type": "WARRANT", "price_tick_size": None},
    ],
)
def test_what_we_do_not_trade_is_left_out_without_a_word(other: dict[str, Any]) -> None:
    facts, skipped = read({**ROW, **other}, ROW)
    assert ([fact.symbol for fact in facts], skipped) == (["BTC_USDT"], 0)


@pytest.mark.parametrize(
    "bad",
    [
        {"price_tick_size": None},
        {"price_tick_size": "0"},
        {"qty_tick_size": "-1"},
        {"qty_tick_size": "1e999999999"},
        {"qty_tick_size": "NaN"},
        {"base_ccy": ""},
        {"symbol": "BTC_USDT@OEX"},
        {"tradable": "perhaps"},
        {"symbol": 7},
    ],
)
def test_a_row_that_cannot_be_read_is_reported_and_loses_no_other(bad: dict[str, Any]) -> None:
    facts, skipped = read({**ROW, **bad}, ROW)
    assert ([fact.symbol for fact in facts], skipped) == (["BTC_USDT"], 1)


def test_flags_may_be_texts_and_a_missing_permission_is_none() -> None:
    silent = {k: v for k, v in ROW.items() if k not in {"tradable", "margin_buy_enabled"}}
    facts, _ = read({**ROW, "tradable": "false"}, silent)
    assert [(f.tradable, f.margin_buy) for f in facts] == [(False, True), (False, False)]


def test_a_reply_without_a_list_is_not_an_empty_exchange() -> None:
    with pytest.raises(Unreachable):
        instruments(b"{}", {})
    with pytest.raises(Unreachable):
        order_limits(b"{}")
