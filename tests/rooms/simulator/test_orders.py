"""The lives of orders: taken, rested, filled in part, cancelled, fired; and the money that moves with them."""

from datetime import timedelta
from decimal import Decimal

import pytest

from interlock.errors import BadInput
from tests.rooms.simulator.person import COIN, FALLING, FLAT, START, Person, bars, exchange

HOUR = timedelta(hours=1)
ASK, BID = Decimal("50005.00"), Decimal("49995.00")


def test_a_limit_buy_at_or_above_the_ask_takes_at_the_ask_and_pays_its_fee_in_base() -> None:
    person = Person(exchange())

    order = person.detail(person.buy("0.01"))

    assert (order["status"], order["avg_price"], order["cumulative_quantity"]) == (
        "FILLED",
        "50005.00",
        "0.01",
    )
    assert person.held(COIN) == Decimal("0.01") * (1 - Decimal("0.005"))
    assert person.held("USDT") == 10000 - ASK * Decimal("0.01")
    assert person.reserved("USDT") == 0


def test_a_sale_takes_at_the_bid_and_pays_its_fee_in_quote() -> None:
    person = Person(exchange(balances={COIN: "1"}))

    person.sell("0.01")

    trade = person.ask("get-trades")["result"]["data"][0]
    assert (trade["fees"], trade["fee_instrument_name"], trade["taker_side"]) == (
        "-2.49975",
        "USDT",
        "TAKER",
    )
    assert person.held("USDT") == BID * Decimal("0.01") * (1 - Decimal("0.005"))
    assert person.held(COIN) == Decimal("0.99")


def test_a_resting_buy_reserves_its_price_and_fills_as_maker_at_its_own_limit() -> None:
    person = Person(exchange(FALLING))
    created = person.buy("0.1", price="49000")
    assert person.reserved("USDT") == 4900
    assert person.detail(created)["status"] == "ACTIVE"
    due = person.engine.next_event()
    assert due is not None

    person.engine.advance(due)

    order = person.detail(created)
    assert (order["status"], order["avg_price"]) == ("FILLED", "49000.00")
    assert person.reserved("USDT") == 0
    trade = person.ask("get-trades")["result"]["data"][0]
    assert (trade["taker_side"], trade["fees"]) == ("MAKER", "-0.00025")
    assert person.engine.next_event() is None


def test_an_immediate_order_keeps_what_it_got_and_loses_the_rest() -> None:
    person = Person(exchange(depth="0.0005"))

    order = person.detail(person.buy("0.002", time_in_force="IMMEDIATE_OR_CANCEL"))

    assert (order["status"], order["cumulative_quantity"], order["reason"]) == (
        "CANCELED",
        "0.0005",
        0,
    )
    assert person.reserved("USDT") == 0


def test_a_level_that_was_taken_is_empty_until_the_clock_moves() -> None:
    person = Person(exchange(depth="0.0005"))
    person.buy("0.0005")

    assert person.buy("0.0005", time_in_force="IMMEDIATE_OR_CANCEL")["code"] == 43004

    person.engine.advance(START + timedelta(seconds=1))
    assert person.buy("0.0005", time_in_force="IMMEDIATE_OR_CANCEL")["code"] == 0


def test_what_a_thin_level_does_not_hold_rests_and_fills_bar_by_bar() -> None:
    person = Person(exchange(depth="0.0005"))
    created = person.buy("0.0012")
    seen = []

    for hour in range(3):
        person.engine.advance(START + hour * HOUR)
        row = person.detail(created)
        seen.append((row["status"], row["cumulative_quantity"]))

    assert seen == [("ACTIVE", "0.0005"), ("ACTIVE", "0.001"), ("FILLED", "0.0012")]


def test_by_default_a_level_holds_a_share_of_the_volume_of_its_bar() -> None:
    person = Person(exchange(bars(*[FLAT] * 5, volume=1.0)))

    order = person.detail(person.buy("0.15", time_in_force="IMMEDIATE_OR_CANCEL"))

    assert order["cumulative_quantity"] == "0.1"


def test_a_market_order_has_no_limit_price_and_is_worth_a_margin_more_or_less() -> None:
    person = Person(exchange(balances={"USDT": "10000", COIN: "1"}))

    bought = person.detail(person.order("BUY", "0.01", type="MARKET"))
    sold = person.detail(person.order("SELL", "0.01", type="MARKET"))

    assert "limit_price" not in bought
    assert (bought["order_value"], sold["order_value"]) == ("525", "475")
    assert (bought["status"], sold["status"]) == ("FILLED", "FILLED")


def test_a_market_buy_by_value_may_exceed_its_estimate_and_ends_canceled() -> None:
    person = Person(exchange())

    created = person.ask(
        "create-order",
        instrument_name="BTC_USDT",
        side="BUY",
        type="MARKET",
        notional="100",
        client_oid="n",
    )
    order = person.detail(created)

    assert order["exec_inst"] == ["NOTIONAL_ORDER"]
    assert order["status"] == "CANCELED"
    assert Decimal(order["cumulative_quantity"]) > Decimal(order["quantity"])
    assert Decimal(order["cumulative_value"]) <= 100


def test_a_cancelled_order_frees_its_reservation_and_cannot_be_cancelled_again() -> None:
    person = Person(exchange())
    created = person.buy("0.1", price="40000")
    ids = created["result"]

    cancelled = person.ask("cancel-order", client_oid=ids["client_oid"])

    assert (cancelled["message"], cancelled["result"]) == ("NO_ERROR", ids)
    assert person.reserved("USDT") == 0
    assert person.detail(created)["status"] == "CANCELED"
    assert person.ask("cancel-order", order_id=ids["order_id"])["code"] == 212


def test_a_stop_reserves_nothing_and_lives_among_the_advanced_orders_alone() -> None:
    person = Person(exchange(balances={COIN: "0.001", "USDT": "0"}))
    created = person.stop("49000")
    ids = created["result"]

    assert person.reserved(COIN) == 0
    assert person.detail(created, advanced=True)["status"] == "PENDING"
    assert person.ask("get-order-detail", order_id=ids["order_id"])["code"] == 40401
    assert person.ask("cancel-order", client_oid=ids["client_oid"])["code"] == 212
    assert person.ask("get-open-orders")["result"]["data"] == []
    listed = person.ask("advanced/get-open-orders")["result"]["data"]
    assert [row["order_id"] for row in listed] == [ids["order_id"]]
    assert person.ask("advanced/cancel-order", order_id=ids["order_id"])["code"] == 0
    assert person.ask("advanced/get-open-orders")["result"]["data"] == []


def test_a_stop_fires_where_the_path_meets_it_and_spawns_a_child_of_its_own_id() -> None:
    person = Person(exchange(FALLING, balances={COIN: "0.001", "USDT": "0"}))
    created = person.stop("49000")
    due = person.engine.next_event()
    assert due is not None
    assert START + HOUR < due < START + 2 * HOUR

    person.engine.advance(due - timedelta(microseconds=1))
    assert person.engine.stirs == 0
    person.engine.advance(due)
    assert person.engine.stirs == 1

    trigger = person.detail(created, advanced=True)
    child = person.ask("get-order-detail", client_oid=trigger["client_oid"])["result"]
    assert trigger["status"] == child["status"] == "FILLED"
    assert trigger["exchange_order_id"] == child["order_id"] != trigger["order_id"]
    assert child["order_type"] == "MARKET"
    assert Decimal(48990) < Decimal(child["avg_price"]) < 49000
    trade = person.ask("get-trades")["result"]["data"][0]
    assert trade["order_id"] == child["order_id"]
    assert person.held(COIN) == 0


def test_a_stop_that_the_price_jumps_over_sells_at_the_open() -> None:
    gap = bars(FLAT, FLAT, FLAT, *[(45000.0, 45000.0, 45000.0, 45000.0)] * 5)
    person = Person(exchange(gap, balances={COIN: "0.001", "USDT": "0"}))
    person.stop("49000")

    assert person.engine.next_event() == START + HOUR
    person.engine.advance(START + HOUR)

    trade = person.ask("get-trades")["result"]["data"][0]
    assert trade["traded_price"] == "44995.50"


def test_a_stop_whose_coins_are_gone_is_rejected_when_it_fires() -> None:
    person = Person(exchange(FALLING, balances={COIN: "0.001", "USDT": "0"}))
    first, second = person.stop("49000"), person.stop("48900")

    person.engine.advance(START + 2 * HOUR)

    assert person.detail(first, advanced=True)["status"] == "FILLED"
    rejected = person.detail(second, advanced=True)
    assert (rejected["status"], rejected["reject_reason"]) == ("REJECTED", "306")


def test_a_take_profit_fires_when_the_price_rises() -> None:
    person = Person(exchange(FALLING, balances={COIN: "0.001", "USDT": "0"}))
    created = person.stop("50900", type="TAKE_PROFIT")

    person.engine.advance(START + HOUR)

    assert person.detail(created, advanced=True)["status"] == "FILLED"


def test_events_on_the_way_happen_in_their_order_each_at_its_own_instant() -> None:
    person = Person(exchange(FALLING, balances={COIN: "0.002", "USDT": "5000"}))
    person.stop("48100")
    person.stop("49000")
    person.buy("0.01", price="48500")

    person.engine.advance(START + 5 * HOUR)

    trades = list(reversed(person.ask("get-trades")["result"]["data"]))
    prices = [int(Decimal(trade["traded_price"])) for trade in trades]
    assert prices == [48995, 48500, 48095]
    assert [trade["create_time"] for trade in trades] == sorted({t["create_time"] for t in trades})


def test_history_holds_what_has_ended_and_pages_end_before_their_end() -> None:
    person = Person(exchange())
    filled, rejected = person.buy(), person.buy("1")
    person.buy(price="40000")
    now = START.ms

    listed = person.ask("get-order-history")["result"]["data"]

    assert [row["order_id"] for row in listed] == [
        rejected["result"]["order_id"],
        filled["result"]["order_id"],
    ]
    assert person.ask("get-order-history", end_time=now)["result"]["data"] == []
    assert (
        len(
            person.ask("get-order-history", start_time=now, end_time=now + 1, limit=1)["result"][
                "data"
            ]
        )
        == 1
    )
    assert person.ask("get-order-history", start_time=now + 1, end_time=now)["result"]["data"] == []


def test_the_clock_of_the_exchange_does_not_go_back() -> None:
    engine = exchange()
    engine.advance(START + HOUR)

    with pytest.raises(BadInput, match="does not go back"):
        engine.advance(START)
