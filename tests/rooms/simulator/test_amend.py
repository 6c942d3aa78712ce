"""An order that is amended keeps its id and its time; what is refused leaves it as it was. Lists and the caps of open orders."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from interlock.simulator.config import Config, demo_key
from interlock.simulator.engine import Engine
from tests.rooms.simulator.person import BTC, FALLING, START, Person, bars, exchange


def resting(**options: Any) -> Person:  # noqa: ANN401 - whatever an exchange is made of
    person = Person(exchange(**options))
    person.buy("0.001", price="49000", client_oid="old")
    person.engine.advance(person.engine.now + timedelta(seconds=1))
    return person


def test_an_amended_order_keeps_its_id_and_takes_the_new_name() -> None:
    person = resting()
    before = person.ask("get-order-detail", client_oid="old")["result"]

    answer = person.ask(
        "amend-order",
        orig_client_oid="old",
        new_price="48000",
        new_quantity="0.002",
        client_oid="new",
    )

    row = person.ask("get-order-detail", client_oid="new")["result"]
    assert answer["result"] == {"client_oid": "new", "order_id": before["order_id"]}
    assert (row["limit_price"], row["quantity"], row["order_value"]) == ("48000.00", "0.002", "96")
    assert row["create_time"] == before["create_time"]
    assert row["update_time"] == before["update_time"] + 1000
    assert person.ask("get-order-detail", client_oid="old")["result"] == row
    assert person.reserved("USDT") == Decimal(96)


def test_an_order_amended_past_the_price_is_executed_at_once() -> None:
    person = resting()

    person.ask("amend-order", orig_client_oid="old", new_price="50100", new_quantity="0.001")

    assert person.ask("get-order-detail", client_oid="old")["result"]["status"] == "FILLED"
    assert person.reserved("USDT") == 0


def test_an_amended_order_is_met_at_its_new_price() -> None:
    person = resting(series=FALLING)
    person.ask("amend-order", orig_client_oid="old", new_price="48500", new_quantity="0.001")

    person.engine.advance(person.engine.now + timedelta(hours=3))

    row = person.ask("get-order-history")["result"]["data"][0]
    assert (row["status"], row["avg_price"]) == ("FILLED", "48500.00")


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"new_price": "48000"}, 40004),
        ({"new_quantity": "0.002"}, 40004),
        ({"new_price": "49000", "new_quantity": "0.001"}, 40004),
        ({"new_price": "48000.001", "new_quantity": "0.001"}, 308),
        ({"new_price": "48000", "new_quantity": "0.0010000001"}, 213),
        ({"new_price": "48000", "new_quantity": "1"}, 306),
        ({"new_price": "20000", "new_quantity": "0.001"}, 315),
        ({"new_price": "48000", "new_quantity": "0.002", "client_oid": "old"}, 204),
        ({"orig_client_oid": "none", "new_price": "48000", "new_quantity": "0.002"}, 212),
    ],
)
def test_what_cannot_be_amended_is_refused_and_leaves_the_order_as_it_was(
    params: dict[str, str], code: int
) -> None:
    person = resting()
    before = person.ask("get-order-detail", client_oid="old")["result"]

    answer = person.ask("amend-order", **({"orig_client_oid": "old"} | params))

    assert answer["code"] == code
    assert person.ask("get-order-detail", client_oid="old")["result"] == before
    assert person.reserved("USDT") == Decimal(49)


def test_an_ended_order_cannot_be_amended() -> None:
    person = resting()
    person.ask("cancel-order", client_oid="old")

    answer = person.ask(
        "amend-order", orig_client_oid="old", new_price="48000", new_quantity="0.002"
    )

    assert (answer["code"], person.last) == (212, 500)


def test_cancelling_all_reaches_one_instrument_or_all_and_no_trigger() -> None:
    person = resting(balances={"USDT": "10000", "BTC": "1"})
    person.stop("40000", client_oid="stop")

    person.ask("cancel-all-orders", instrument_name="ETH_USDT")
    assert len(person.ask("get-open-orders")["result"]["data"]) == 1
    person.ask("cancel-all-orders", type="TRIGGER")
    assert len(person.ask("get-open-orders")["result"]["data"]) == 1
    person.ask("cancel-all-orders", instrument_name=BTC)

    assert person.ask("get-open-orders")["result"]["data"] == []
    assert len(person.ask("advanced/get-open-orders")["result"]["data"]) == 1
    person.ask("advanced/cancel-all-orders")
    assert person.ask("advanced/get-open-orders")["result"]["data"] == []


def test_a_list_has_one_to_ten_legs_and_no_trees() -> None:
    person = resting()
    leg = {"instrument_name": BTC, "side": "BUY", "type": "LIMIT", "price": "40000"}

    def code(count: int, kind: str | None = "LIST") -> int:
        legs = [leg | {"quantity": "0.0001"}] * count
        return int(person.ask("create-order-list", contingency_type=kind, order_list=legs)["code"])

    assert [code(0), code(11), code(1, None), code(2, "OCO")] == [40004, 40004, 40004, 140001]
    assert code(10) == 0
    assert len(person.ask("get-open-orders")["result"]["data"]) == 11


def test_a_smart_post_only_order_moves_behind_the_price_instead_of_taking() -> None:
    person = Person(exchange())

    made = person.buy(price="50100", exec_inst=["SMART_POST_ONLY"])

    row = person.detail(made)
    assert (row["status"], row["exec_inst"]) == ("ACTIVE", ["SMART_POST_ONLY"])
    assert Decimal(row["limit_price"]) == Decimal(49995)
    both = person.buy(price="50100", exec_inst=["POST_ONLY", "SMART_POST_ONLY"])
    assert both["code"] == 219


def test_the_account_has_at_most_a_thousand_open_orders_and_two_hundred_of_one_pair() -> None:
    pairs = [f"{coin}_USDT" for coin in ("BTC", "ETH", "SOL", "XRP", "ADA", "CRO")]
    replay = {pair: replace(bars(*[(1.0,) * 4] * 48), symbol=pair) for pair in pairs}
    held = {"USDT": Decimal(1_000_000)}
    engine = Engine(Config(start=START, replay=replay, keys=(demo_key(0),), balances=held))
    person = Person(engine)

    codes = [
        [
            person.buy("10", price="0.9", instrument_name=pair, client_oid=f"{pair}-{n}")["code"]
            for n in range(201)
        ]
        for pair in pairs
    ]

    assert codes[:5] == [[0] * 200 + [318]] * 5
    assert codes[5] == [318] * 201
