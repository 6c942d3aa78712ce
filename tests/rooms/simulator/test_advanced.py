"""Triggers with and without a limit, and pairs of which the first execution ends the other."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.rooms.simulator.person import BTC, COIN, FALLING, Person, bars, exchange

FLAT = (50000.0, 50000.0, 50000.0, 50000.0)
RISING = bars(FLAT, FLAT, (50000.0, 52000.0, 49900.0, 51500.0), *[(51500.0,) * 4] * 20)
LEGS: list[dict[str, str]] = [
    {"type": "LIMIT", "price": "51000", "client_oid": "target"},
    {"type": "STOP_LOSS", "ref_price": "49000", "client_oid": "stop"},
]


def holder(**options: Any) -> Person:  # noqa: ANN401 - whatever an exchange is made of
    return Person(exchange(**({"balances": {COIN: "1"}} | options)))


def trigger(person: Person, kind: str, ref_price: str, **params: object) -> dict[str, Any]:
    asked = {"side": "SELL", "quantity": "0.01", "instrument_name": BTC, "client_oid": "t"}
    return person.ask("advanced/create-order", type=kind, ref_price=ref_price, **(asked | params))


def pair(person: Person, **changes: str) -> dict[str, Any]:
    common = {"instrument_name": BTC, "side": "SELL", "quantity": "0.01"} | changes
    return person.ask("advanced/create-oco", order_list=[common | leg for leg in LEGS])


def state(person: Person, client_oid: str) -> str:
    row = person.ask("advanced/get-order-detail", client_oid=client_oid)["result"]
    return str(row["status"])


def wait(person: Person, hours: int = 10) -> None:
    person.engine.advance(person.engine.now + timedelta(hours=hours))


def test_a_stop_limit_becomes_a_limit_order_which_rests_when_it_is_not_met() -> None:
    person = holder(series=FALLING)
    trigger(person, "STOP_LIMIT", "49000", price="50000")
    assert person.reserved(COIN) == 0
    wait(person, 2)

    fired = person.ask("advanced/get-order-detail", client_oid="t")["result"]
    child = person.ask("get-order-detail", client_oid="t")["result"]
    assert (fired["status"], child["status"]) == ("ACTIVE", "ACTIVE")
    assert fired["exchange_order_id"] == child["order_id"]
    assert (child["order_type"], child["limit_price"]) == ("LIMIT", "50000.00")
    assert person.reserved(COIN) == Decimal("0.01")
    wait(person)
    assert state(person, "t") == "FILLED"
    child = person.ask("get-order-detail", client_oid="t")["result"]
    assert (child["status"], child["avg_price"]) == ("FILLED", "50000.00")


def test_the_two_sides_of_a_trigger_look_in_the_two_directions() -> None:
    person = holder(series=RISING, balances={COIN: "1", "USDT": "10000"})
    assert trigger(person, "TAKE_PROFIT_LIMIT", "49000", price="51900")["code"] == 50007
    assert trigger(person, "STOP_LIMIT", "51000", side="BUY", price="50000")["code"] == 0
    made = trigger(person, "TAKE_PROFIT_LIMIT", "51000", price="51900", client_oid="target")
    assert made["code"] == 0
    wait(person)

    row = person.ask("get-order-detail", client_oid="target")["result"]
    assert (row["status"], row["avg_price"]) == ("FILLED", "51900.00")
    assert state(person, "t") == "ACTIVE"


def test_cancelling_a_trigger_that_has_fired_ends_its_child() -> None:
    person = holder(series=FALLING)
    trigger(person, "STOP_LIMIT", "49000", price="55000")
    wait(person, 2)

    person.ask("advanced/cancel-order", client_oid="t")

    assert state(person, "t") == "CANCELED"
    assert person.ask("get-order-detail", client_oid="t")["result"]["status"] == "CANCELED"
    assert person.reserved(COIN) == 0


def test_a_trigger_is_amended_in_each_of_its_prices() -> None:
    person = holder(series=FALLING)
    trigger(person, "STOP_LOSS", "40000")

    answer = person.ask(
        "advanced/amend-order",
        orig_client_oid="t",
        client_oid="u",
        new_price="48700",
        new_quantity="0.02",
        new_ref_price="49000",
    )

    row = person.ask("advanced/get-order-detail", client_oid="u")["result"]
    assert answer["code"] == 0
    assert [row["order_type"], row["limit_price"], row["ref_price"], row["quantity"]] == [
        "STOP_LIMIT",
        "48700.00",
        "49000.00",
        "0.02",
    ]
    person.ask("advanced/amend-order", orig_client_oid="u", new_price="0", new_quantity="0.02")
    row = person.ask("advanced/get-open-orders")["result"]["data"][0]
    assert (row["order_type"], "limit_price" in row) == ("STOP_LOSS", False)
    wait(person)
    assert person.held(COIN) == Decimal("0.98")


def test_a_pair_is_one_list_of_which_only_the_limit_holds_something_back() -> None:
    person = holder()

    list_id = pair(person)["result"]["list_id"]

    rows = person.ask("advanced/get-open-orders")["result"]["data"]
    assert list_id > 2**53
    assert {(row["list_id"], row["contingency_type"]) for row in rows} == {(list_id, "OCO")}
    assert {row["leg_id"]: row["order_type"] for row in rows} == {1: "LIMIT", 2: "STOP_LOSS"}
    assert person.reserved(COIN) == Decimal("0.01")
    assert person.ask("get-open-orders")["result"]["data"] == []
    detail = person.ask("advanced/get-order-list-detail", list_id_list=[list_id])["result"]["data"]
    assert [row["order_id"] for row in detail] == [row["order_id"] for row in reversed(rows)]


def test_the_stop_of_a_pair_that_fires_ends_the_limit_and_has_its_funds() -> None:
    person = holder(series=FALLING, balances={COIN: "0.01"})
    pair(person)
    wait(person)

    assert (state(person, "stop"), state(person, "target")) == ("FILLED", "CANCELED")
    assert person.held(COIN) == 0
    assert person.reserved(COIN) == 0


def test_a_partial_execution_of_the_limit_ends_the_stop() -> None:
    person = holder(series=RISING, depth="0.004")
    pair(person)
    person.engine.advance(person.engine.now + timedelta(minutes=59))

    target = person.ask("advanced/get-order-detail", client_oid="target")["result"]
    assert (target["status"], target["cumulative_quantity"]) == ("ACTIVE", "0.004")
    assert state(person, "stop") == "CANCELED"


def test_a_pair_is_cancelled_by_its_list_once() -> None:
    person = holder()
    list_id = pair(person)["result"]["list_id"]

    assert "result" not in person.ask("advanced/cancel-oco", list_id=str(list_id))

    assert {state(person, "target"), state(person, "stop")} == {"CANCELED"}
    assert person.reserved(COIN) == 0
    assert person.ask("advanced/cancel-oco", list_id=list_id)["code"] == 212


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"quantity": "2"}, 306),
        ({"quantity": "0.00001"}, 415),
        ({"ref_price_type": "LAST_PRICE"}, 230),
        ({"type": "LIMIT", "side": "BUY"}, 50007),
    ],
)
def test_a_pair_is_accepted_whole_or_not_at_all(changes: dict[str, str], code: int) -> None:
    person = holder(balances={COIN: "1", "USDT": "100000"})

    answer = pair(person, **changes)

    assert answer["code"] == code
    assert person.engine.books()["orders"] == []
    assert person.reserved(COIN) == 0


def test_a_pair_has_a_limit_and_a_trigger_on_one_side() -> None:
    person = holder(balances={COIN: "1", "USDT": "100000"})
    common = {"instrument_name": BTC, "side": "SELL", "quantity": "0.01"}
    one, other = (common | leg for leg in LEGS)

    def code(*legs: dict[str, str]) -> int:
        return int(person.ask("advanced/create-oco", order_list=list(legs))["code"])

    assert code(one) == 40004
    assert code(one, one | {"client_oid": "x"}) == 50010
    assert code(one | {"side": "BUY", "price": "49000"}, other) == 50010
    assert code(other, one) == 0


@pytest.mark.parametrize("method", ["create-oto", "create-otoco", "cancel-oto", "cancel-otoco"])
def test_trees_of_orders_are_not_served_and_said_so(method: str) -> None:
    person = holder()

    answer = person.ask(f"advanced/{method}", order_list=[])

    assert (answer["code"], answer["message"], person.last) == (140001, "API_DISABLED", 500)
