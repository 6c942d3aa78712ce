"""Whatever an owner does by hand beside the platform: one reconciliation makes both sides equal or says why not, the next is silent."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interlock.ledger.book import wallet
from interlock.orders.life import State
from interlock.reconcile.difference import Action, Foreign, Kind, Moved, Policy, Theirs
from interlock.reconcile.plan import plan
from interlock.rehearsal.world import wallet_of
from tests.rehearsal.by_hand import MINUTE, House
from tests.rehearsal.sweep import quietly

MISMATCH = "POSITION_MISMATCH_FREEZE"
HAND = st.sampled_from(
    [
        *("buys", "sells", "rests", "deposits", "withdraws", "waits"),
        *("we buy", "we lose an answer", "we are not heard"),
    ]
)
POLICIES = st.builds(Policy, st.sampled_from(Foreign), st.just(Moved.BOOK))


@pytest.fixture(autouse=True, scope="module")
def _quiet() -> None:
    quietly()


def kinds(house: House) -> list[tuple[Kind, Action]]:
    return [(each.kind, each.action) for each in house.plan().differences]


def are_equal(house: House) -> bool:
    ours, theirs = wallet(house.books.entries()), wallet_of(house.wire.engine)
    zero = Decimal(0)
    return all(ours.get(c, zero) == theirs.get(c, zero) for c in {*ours, *theirs})


def open_marks(house: House) -> set[str]:
    shown = house.books.picture(house.now(), limit=1000)
    return {i.fingerprint for i in shown.incidents if i.closed_at is None}


def done(house: House, what: str, n: int) -> None:
    match what:
        case "buys":
            house.trade("BUY", "30")
        case "sells":
            house.trade("SELL", "20")
        case "rests":
            house.rest_an_order()
        case "deposits":
            house.wire.transfer("USDT", Decimal("250.5"))
        case "withdraws":
            house.wire.transfer("USDT", Decimal(-100))
        case "we buy":
            house.buy(f"entry {n}")
        case "we lose an answer":
            house.buy(f"entry {n}", is_lost=True)
        case "we are not heard":
            house.buy(f"entry {n}", is_swallowed=True)
        case _:
            house.wait(timedelta(minutes=2))


@settings(max_examples=25, deadline=None)
@given(st.lists(HAND, max_size=7), POLICIES)
def test_one_pass_converges_and_the_second_is_silent(hands: list[str], policy: Policy) -> None:
    house = House(policy)
    for n, what in enumerate(hands):
        done(house, what, n)
        house.wait(timedelta(seconds=7))
    house.wait(timedelta(minutes=1))

    house.reconcile()
    house.turn("guardian", "settler", "guardian", "settler")

    assert house.plan().differences == ()
    assert are_equal(house)


def test_a_quiet_account_has_no_difference() -> None:
    assert kinds(House()) == []


def test_a_trade_by_hand_is_booked_and_touches_no_lot() -> None:
    house = House()
    house.trade("BUY", "30")
    house.wait(MINUTE)

    assert kinds(house) == [(Kind.FILL_MISSING, Action.BOOK)]
    house.reconcile()
    assert kinds(house) == []
    assert house.books.open_lots() == ()
    assert are_equal(house)


def test_a_transfer_is_booked_by_the_journal_and_the_day_loses_nothing_by_it() -> None:
    house = House()
    house.wire.transfer("USDT", Decimal(-3000))
    house.wait(MINUTE)

    assert kinds(house) == [(Kind.TRANSFER, Action.BOOK)]
    house.turn("settler")
    day = house.books.day(house.now())
    assert day is not None
    assert day.transfers == -3000
    assert day.latched_at is None, "the settler asked before it latched"
    assert kinds(house) == []
    assert are_equal(house)


def test_a_deposit_does_not_hide_the_loss_that_trading_made() -> None:
    house = House()
    house.wire.transfer("USDT", Decimal(-900), is_told=False)  # what trading lost
    house.wire.transfer("USDT", Decimal(900))
    house.wait(MINUTE)
    house.reconcile()

    day = house.books.day(house.now())
    assert day is not None
    assert day.latched_at is not None


def test_money_that_moves_wakes_whoever_reconciles() -> None:
    house = House()
    house.wire.transfer("USDT", Decimal(500))
    house.wait(MINUTE)
    house.turn("settler", "steward")

    assert are_equal(house)


def test_what_nothing_explains_freezes_its_currency_and_ends_with_the_difference() -> None:
    house = House()
    house.wire.transfer("XRP", Decimal(-50), is_told=False)
    house.wait(MINUTE)

    assert kinds(house) == [(Kind.BALANCE, Action.FREEZE)]
    house.reconcile()
    frozen = house.books.standing(house.now()).frozen("XRP_USDT", "XRP")
    assert frozen is not None
    assert frozen.code == MISMATCH
    assert kinds(house) == [], "it was told, and a person looks"
    assert [each.kind for each in house.plan().standing] == [Kind.BALANCE]

    house.wire.transfer("XRP", Decimal(50), is_told=False)
    house.wait(MINUTE)
    house.reconcile()
    assert house.books.standing(house.now()).frozen("XRP_USDT", "XRP") is None


def test_by_policy_a_transfer_waits_for_a_person() -> None:
    house = House(Policy(moved=Moved.ALARM))
    house.wire.transfer("USDT", Decimal(-100))
    house.wait(MINUTE)

    house.reconcile()
    assert f"freeze:{MISMATCH}:USDT" in open_marks(house)
    assert not are_equal(house)


@pytest.mark.parametrize(
    ("foreign", "found", "left"),
    [
        (Foreign.IGNORE, [], 1),
        (Foreign.ALARM, [(Kind.ORDER_BY_HAND, Action.ALARM)], 1),
        (Foreign.CANCEL, [(Kind.ORDER_BY_HAND, Action.CANCEL)], 0),
    ],
)
def test_an_order_by_hand_is_ignored_told_or_cancelled_by_policy(
    foreign: Foreign, found: list[tuple[Kind, Action]], left: int
) -> None:
    house = House(Policy(foreign=foreign))
    house.rest_an_order()

    assert kinds(house) == found
    house.reconcile()
    assert kinds(house) == []
    listed = house.by_hand("private/get-open-orders")["result"]["data"]
    assert len(listed) == left


def test_an_order_with_our_mark_that_no_intent_asked_for_is_an_alarm_and_never_adopted() -> None:
    house = House(Policy(foreign=Foreign.CANCEL))
    house.rest_an_order(f"il{house.tenure.install_id[:6]}-{'0' * 24}")

    assert kinds(house) == [(Kind.ORDER_WITH_OUR_MARK, Action.ALARM)]
    house.reconcile()
    assert any(mark.startswith("reconcile:mark:") for mark in open_marks(house))
    assert kinds(house) == []
    assert len(house.by_hand("private/get-open-orders")["result"]["data"]) == 1


def test_a_lost_answer_is_adopted_with_its_execution() -> None:
    house = House()
    lost = house.buy("entry", is_lost=True)
    assert lost.state is State.UNKNOWN
    house.wait(MINUTE)

    assert kinds(house) == [
        (Kind.ORDER_DIFFERS, Action.ADOPT),
        (Kind.FILL_MISSING, Action.BOOK),
    ]
    house.reconcile()
    ((lot, _),) = house.books.open_lots()
    assert lot.bought == 50
    assert are_equal(house)


def test_a_stop_that_somebody_cancelled_by_hand_is_adopted_and_given_anew() -> None:
    house = House()
    house.buy("entry")
    house.turn("settler", "guardian", "settler")
    stop = house.stops()[0]
    house.by_hand("private/advanced/cancel-order", order_id=stop["order_id"])

    assert (Kind.ORDER_DIFFERS, Action.ADOPT) in kinds(house)
    house.reconcile()
    house.turn("guardian", "settler", "guardian", "settler")
    (anew,) = house.stops()
    assert anew["order_id"] != stop["order_id"]
    assert kinds(house) == []


def test_both_legs_of_a_pair_are_ours_and_neither_is_a_stranger() -> None:
    house = House(Policy(foreign=Foreign.CANCEL))
    house.buy("entry")
    house.turn("settler", "guardian", "settler")

    assert len(house.by_hand("private/advanced/get-open-orders")["result"]["data"]) == 2
    assert kinds(house) == []


def test_a_lot_whose_target_alone_is_listed_misses_its_stop() -> None:
    house = House()
    house.buy("entry")
    house.turn("settler", "guardian", "settler")
    (pair,) = [legs for _, legs in house.books.open_lots()]
    (target,) = [leg.client_oid for leg in pair if leg.leader is not None]
    ours = house.looking._ours()  # noqa: SLF001 - what the plan is made of
    listed = asyncio.run(house.exchange.open_orders(advanced=True))
    alone = tuple(fact for fact in listed if fact.client_oid == target)
    late = house.now() + MINUTE
    found = plan(ours, Theirs(late, ours.opened_at, alone, {}), Policy(), late, {})

    assert Kind.STOP_MISSING in {each.kind for each in found.differences}


def test_coins_of_a_lot_that_somebody_sold_by_hand_freeze_their_base() -> None:
    house = House()
    house.buy("entry")
    house.turn("settler")  # a pair would hold the coins back
    house.trade("SELL", "520")
    house.wait(MINUTE)

    house.reconcile()
    assert f"freeze:{MISMATCH}:XRP" in open_marks(house)
    assert house.books.standing(house.now()).frozen("XRP_USDT", "XRP") is not None
    assert kinds(house) == []


def test_an_exchange_that_does_not_answer_is_a_difference_and_ends_no_alarm() -> None:
    house = House()
    house.wire.transfer("XRP", Decimal(-50), is_told=False)
    house.wait(MINUTE)
    house.reconcile()
    marks = open_marks(house)
    house.wire.engine.arm("refuse", "private/user-balance", 10, 40101)

    assert {kind for kind, _ in kinds(house)} == {Kind.NOT_SEEN}
    house.reconcile()
    assert open_marks(house) == marks


def test_an_outcome_that_nobody_knows_for_long_is_asked_for_and_told() -> None:
    house = House()
    house.buy("entry", is_swallowed=True)
    house.wait(timedelta(minutes=6))

    assert kinds(house) == [(Kind.OUTCOME_UNKNOWN, Action.ASK)]
    house.reconcile()
    (entry,) = house.books.picture(house.now()).intents
    assert entry.state is State.NOT_PLACED
    assert kinds(house) == []


def test_the_policy_of_an_owner_is_what_the_desk_works_under() -> None:
    policy = Policy(foreign=Foreign.IGNORE, moved=Moved.ALARM)
    house = House(policy)

    assert replace(house.looking.policy, deadline=policy.deadline) == policy
