"""What an answer shows where a shape alone does not say it: which of its fields when, and that its figures agree with each other."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

from tests.rooms.simulator.person import BTC, COIN, START, Person, exchange

FIXTURES = Path(__file__).parents[2] / "foreign" / "exchange"
RECORDED: dict[str, Any] = json.loads((FIXTURES / "production_responses.json").read_text())[
    "responses"
]
CLOSE = Decimal("2e-8")


def traded() -> Person:
    person = Person(exchange(balances={"USDT": "10000", COIN: "1"}))
    person.order("BUY", "0.01", type="MARKET", client_oid="market")
    return person


def test_wallet_methods_have_texts_for_numbers_as_recorded() -> None:
    answer = traded().ask("get-currency-networks")

    assert [answer["id"], answer["code"]] == ["2", "0"]


def test_methods_that_only_do_have_no_result() -> None:
    assert sorted(traded().ask("cancel-all-orders")) == ["code", "id", "method"]


def test_all_recorded_instruments_are_listed_and_those_with_a_replay_have_a_ticker() -> None:
    person = Person(exchange())

    rows = person.get("get-instruments?filter=ignored")["result"]["data"]

    assert len(rows) == 930
    assert {row["i"] for row in person.get("get-tickers")["result"]["data"]} == {BTC}
    assert person.get("get-tickers?instrument_name=ETH_USDT")["result"]["data"] == []


def test_the_risk_parameters_name_the_least_value_of_an_order() -> None:
    rows = Person(exchange()).get("get-risk-parameters")["result"]["base_currency_config"]

    assert {row["instrument_name"]: row for row in rows}[COIN]["min_order_notional_usd"] == "1.0"


def test_the_fee_rates_are_told_in_basis_points() -> None:
    person = Person(exchange())

    rates = person.ask("get-fee-rate")["result"]
    of_one = person.ask("get-instrument-fee-rate", instrument_name=BTC)["result"]

    assert rates["effective_spot_maker_rate_bps"] == of_one["effective_maker_rate_bps"] == "25"
    assert rates["effective_spot_taker_rate_bps"] == of_one["effective_taker_rate_bps"] == "50"


def test_the_order_fields_that_only_some_orders_have() -> None:
    person = traded()
    person.buy(price="40000")
    person.stop("40000")

    ordinary = person.ask("get-open-orders")["result"]["data"][0]
    trigger = person.ask("advanced/get-open-orders")["result"]["data"][0]

    assert "limit_price" in ordinary
    assert ordinary["ref_price"] == "0"
    assert (trigger["ref_price"], trigger["ref_price_type"]) == ("40000.00", "MARK_PRICE")
    assert trigger["exchange_order_id"] == "0"
    assert len(trigger["order_id"]) == 19
    assert trigger["create_time"] == START.ms


def identities(row: dict[str, Any]) -> dict[str, Decimal]:
    """How far each documented identity of user-balance is off."""
    f = {name: Decimal(text) for name, text in row.items() if name.startswith(("total_", "used_"))}
    coins = [
        {
            name: Decimal(text)
            for name, text in coin.items()
            if name not in {"instrument_name", "collateral_eligible"}
        }
        for coin in row["position_balances"]
    ]
    value = sum((coin["market_value"] for coin in coins), Decimal(0))
    collateral = sum((coin["collateral_amount"] for coin in coins), Decimal(0))
    return {
        "available": f["total_available_balance"]
        - f["total_margin_balance"]
        + f["total_initial_margin"],
        "margin": f["total_margin_balance"] - value,
        "initial": f["total_initial_margin"] - f["total_position_im"] - f["total_haircut"],
        "haircut": f["total_haircut"] - value + collateral,
        "collateral": f["total_collateral_value"] - collateral,
        "maintenance": f["total_maintenance_margin"] - f["total_initial_margin"] / 2,
        "free": max(
            abs(coin["max_withdrawal_balance"] - coin["quantity"] + coin["reserved_qty"])
            for coin in coins
        ),
        "coin": max(
            abs(coin["collateral_amount"] - coin["market_value"] * (1 - coin["haircut"]))
            for coin in coins
        ),
    }


def test_every_identity_of_the_balance_holds_while_orders_rest_and_fill() -> None:
    person = traded()
    person.buy("0.01", price="40000")
    person.sell("0.1", price="60000")

    row = person.ask("user-balance")["result"]["data"][0]

    off = {name: amount for name, amount in identities(row).items() if abs(amount) > CLOSE}
    assert off == {}
    coins = {coin["instrument_name"]: coin for coin in row["position_balances"]}
    assert (coins["USDT"]["reserved_qty"], coins[COIN]["reserved_qty"]) == ("400", "0.1")
    assert coins["USDT"]["market_value"] == coins["USDT"]["max_withdrawal_balance"]
    assert Decimal(row["total_cash_balance"]) == sum(
        person.held(name) * (1 if name == "USDT" else 50000) for name in coins
    )


def test_the_identities_hold_in_the_recorded_balance_too() -> None:
    row = RECORDED["private/user-balance"]["result"]["data"][0]

    checked = {name: amount for name, amount in identities(row).items() if name != "margin"}
    assert {name for name, amount in checked.items() if abs(amount) > CLOSE} == set()
