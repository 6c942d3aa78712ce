"""The wallet: equity, exposure and balances as the exchange told them, and nothing that it did not."""

import json
from decimal import Decimal
from itertools import permutations
from typing import Any

import pytest

from interlock.account import AccountReading, Balance, FeeRate
from interlock.errors import Unreachable
from interlock.protocol.crypto_com.account import account, fee_rate
from interlock.values import Instant

NOW = Instant.of_iso("2024-03-01T12:00:00")
TOTALS = {
    "instrument_name": "USD",
    "total_cash_balance": "1000.5",
    "total_session_unrealized_pnl": "-0.5",
    "total_position_cost": "30",
}


def coin(name: str, quantity: object, **more: object) -> dict[str, Any]:
    return {"instrument_name": name, "quantity": quantity, "reserved_qty": "0", **more}


def read(*coins: dict[str, Any], **totals: object) -> AccountReading:
    one = {**TOTALS, "position_balances": coins, **totals}
    return account(json.dumps({"data": [one]}).encode(), NOW)


def test_equity_is_cash_and_what_open_positions_have_made() -> None:
    assert read(coin("USD", "5")).equity == 1000


def test_exposure_is_positions_and_what_is_borrowed_but_for_the_account_currency() -> None:
    reading = read(coin("BTC", "-0.1", market_value="-6000"), coin("USD", "-50"))
    assert reading.exposure == 30 + 6000
    assert reading.balances["BTC"].total == Decimal("-0.1")
    assert read(coin("USD", "-50"), instrument_name=None).exposure == 30
    assert read(coin("EUR", "-50"), instrument_name="EUR").exposure == 30


def test_what_is_owned_or_is_nothing_is_no_debt() -> None:
    owned = coin("ETH", "1", market_value="3000")
    assert read(owned, coin("BTC", "0"), coin("USD", "-50")).exposure == 30


@pytest.mark.parametrize("value", [None, "", "0"])
def test_a_debt_without_a_price_is_unknown(value: object) -> None:
    with pytest.raises(Unreachable):
        read(coin("BTC", "-0.1", market_value=value))


@pytest.mark.parametrize("missing", ["total_cash_balance", "total_position_cost"])
@pytest.mark.parametrize("as_what", [None, "", "NaN", "Infinity", "x", "1e99"])
def test_a_missing_figure_is_unknown_and_never_zero(missing: str, as_what: str | None) -> None:
    with pytest.raises(Unreachable):
        read(coin("USD", "5"), **{missing: as_what})


def test_what_positions_have_made_may_be_missing_only_where_there_are_none() -> None:
    absent = {"total_session_unrealized_pnl": None}
    assert read(coin("USD", "5"), **absent, total_position_cost="0").equity == Decimal("1000.5")
    with pytest.raises(Unreachable):
        read(coin("USD", "5"), **absent)


def test_zero_is_a_value() -> None:
    reading = read(coin("USD", "0"), total_cash_balance="0", total_session_unrealized_pnl="0")
    assert reading.equity == 0
    assert reading.balances["USD"] == Balance("USD", Decimal(0), Decimal(0))


@pytest.mark.parametrize(
    ("reserved", "most", "available"),
    [("3", "10", "7"), ("0", "6", "6"), ("2", None, "8"), ("", "", "10"), ("0", 4, "4")],
)
def test_available_is_the_least_that_the_exchange_says(
    reserved: object, most: object, available: str
) -> None:
    found = read(coin("USDT", "10", reserved_qty=reserved, max_withdrawal_balance=most))
    assert found.balances["USDT"] == Balance("USDT", Decimal(10), Decimal(available))


@pytest.mark.parametrize("name", [None, "", "_USD"])
def test_a_balance_without_a_currency_makes_the_wallet_unreachable(name: str | None) -> None:
    with pytest.raises(Unreachable):
        read({"instrument_name": name, "quantity": "1"})


@pytest.mark.parametrize("key", ["position_balances", "balances", "accounts"])
def test_the_known_shapes_are_read(key: str) -> None:
    rows = [{"currency": "BTC", "balance": "2", "order": "0.5", "available": "1.5"}]
    one = {**TOTALS, key: rows}
    for result in ({"data": [one]}, one):
        reading = account(json.dumps(result).encode(), NOW)
        assert reading.balances == {"BTC": Balance("BTC", Decimal(2), Decimal("1.5"))}


@pytest.mark.parametrize(
    "result", [b"", b"{}", b"null", b'{"data":[]}', b'{"data":[{}]}', b'{"data":{}}', b"[" * 9999]
)
def test_an_unknown_shape_is_unreachable(result: bytes) -> None:
    with pytest.raises(Unreachable):
        account(result, NOW)


def test_all_accounts_are_summed_in_whatever_order() -> None:
    ones = [
        {**TOTALS, "total_cash_balance": cash, "position_balances": [coin("USDT", size)]}
        for cash, size in (("1", "1"), ("2", "-3"), ("4", "7"))
    ]
    readings = []
    for order in permutations(ones):
        data = json.dumps({"data": order}).encode().replace(b'"-3"', b'"3"')
        readings.append(account(data, NOW))
    assert all(reading == readings[0] for reading in readings)
    assert readings[0].balances["USDT"].total == 11
    assert readings[0].equity == Decimal("5.5")


def test_fee_rates_come_in_basis_points() -> None:
    result = {"effective_spot_maker_rate_bps": "25.0", "effective_spot_taker_rate_bps": "50"}
    assert fee_rate(json.dumps(result).encode()) == FeeRate(Decimal("0.0025"), Decimal("0.005"))
    endless = json.dumps({**result, "effective_spot_taker_rate_bps": "NaN"}).encode()
    for bad in (b"{}", endless, b"[]"):
        with pytest.raises(Unreachable):
            fee_rate(bad)


def test_of_several_accounts_the_highest_leverage_and_all_that_is_free_count() -> None:
    ones: list[dict[str, object]] = [
        {
            **TOTALS,
            "position_balances": [],
            "total_effective_leverage": x,
            "total_available_balance": x,
        }
        for x in ("1", "3", "2")
    ]
    reading = account(json.dumps({"data": ones}).encode(), NOW)

    assert (reading.leverage, reading.free_margin) == (Decimal(3), Decimal(6))


def test_leverage_and_free_margin_are_the_exchanges_own_words_or_unknown() -> None:
    told = {"total_effective_leverage": "2.5", "total_available_balance": "-3"}
    reading = read(coin("USD", "5"), **told)
    assert (reading.leverage, reading.free_margin) == (Decimal("2.5"), Decimal(-3))

    for name in told:
        reading = read(coin("USD", "5"), **{**told, name: ""})
        assert (reading.leverage is None, reading.free_margin is None) == (
            name == "total_effective_leverage",
            name == "total_available_balance",
        )
