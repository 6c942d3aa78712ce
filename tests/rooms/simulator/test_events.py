"""What happened is told in order, once, as it stood then; who reads too late is told so."""

from datetime import timedelta
from decimal import Decimal

import pytest

from interlock.simulator.books.events import (
    BalanceChanged,
    BookTaken,
    Events,
    EventsForgotten,
    OrderChanged,
    Traded,
)
from interlock.simulator.engine import Engine
from tests.rooms.simulator.person import BTC, COIN, FALLING, START, Person, exchange


def orders(engine: Engine) -> list[tuple[str, str]]:
    changes = [each.order for each in engine.events.since(0) if isinstance(each, OrderChanged)]
    return [(order.status.value, str(order.filled)) for order in changes]


def test_a_market_order_that_meets_two_levels_is_told_twice_and_ends_with_its_last_execution() -> (
    None
):
    engine = exchange(balances={COIN: "1"}, ladder=((0, "0.021"), (1, "0.5")))

    Person(engine).order("SELL", "0.025", type="MARKET")

    assert orders(engine) == [("ACTIVE", "0.021"), ("FILLED", "0.025")]
    trades = [each.trade for each in engine.events.since(0) if isinstance(each, Traded)]
    assert [trade.done.quantity for trade in trades] == [Decimal("0.021"), Decimal("0.004")]
    assert trades[0].done.price - trades[1].done.price == Decimal("0.01")


def test_the_remainder_that_cannot_be_executed_ends_with_the_last_execution() -> None:
    engine = exchange(balances={COIN: "1"}, ladder=((0, "0.021"), (1, "0.002")))

    Person(engine).order("SELL", "0.025", type="MARKET")

    assert orders(engine) == [("ACTIVE", "0.021"), ("CANCELED", "0.023")]


def test_an_order_that_rests_is_told_when_it_comes_changes_and_ends() -> None:
    engine = exchange()
    person = Person(engine)

    created = person.buy("0.001", price="40000")
    person.ask("cancel-order", order_id=created["result"]["order_id"])

    assert orders(engine) == [("ACTIVE", "0"), ("CANCELED", "0")]
    assert [each for each in engine.events.since(0) if isinstance(each, BalanceChanged)] == [
        BalanceChanged("USDT", Decimal(10000), Decimal("40.000"), START),
        BalanceChanged("USDT", Decimal(10000), Decimal(0), START),
    ]


def test_a_refused_order_that_has_an_id_is_told_too() -> None:
    engine = exchange(balances={"USDT": "1"})

    Person(engine).buy("0.1")

    assert orders(engine) == [("REJECTED", "0")]


def test_a_trigger_that_fires_is_told_after_its_child() -> None:
    engine = exchange(FALLING, balances={COIN: "1"})
    Person(engine).stop("49000")

    engine.advance(engine.now + timedelta(hours=3))

    changes = [each.order for each in engine.events.since(0) if isinstance(each, OrderChanged)]
    assert [(order.is_advanced, order.status.value) for order in changes] == [
        (True, "PENDING"),
        (False, "FILLED"),
        (True, "FILLED"),
    ]


def test_a_front_reads_on_where_it_stopped_and_hears_of_the_book_it_shares() -> None:
    engine = exchange()
    Person(engine).buy("0.001", price="40000")
    seen = engine.events.count

    Person(engine).buy("0.001", client_oid="second")

    told = [type(each) for each in engine.events.since(seen)]
    assert told == [Traded, BookTaken, OrderChanged, BalanceChanged, BalanceChanged]
    assert engine.events.since(engine.events.count) == ()
    assert BookTaken(BTC, START) in engine.events.since(seen)


def test_events_that_are_no_longer_kept_are_not_passed_over_in_silence() -> None:
    events = Events(kept=2)
    for _ in range(3):
        events.add(BookTaken(BTC, START))

    assert len(events.since(1)) == 2
    with pytest.raises(EventsForgotten):
        events.since(0)
    with pytest.raises(EventsForgotten):
        events.since(4)
