"""A stop that follows the price: upward alone, in steps, and never gone before the next one is listed."""

import itertools
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from interlock.account import Lot
from interlock.market import Tick
from interlock.orders.intent import Intent
from interlock.orders.life import State
from interlock.protection.plan import (
    EXIT_RETRY,
    STEP,
    STOP_PASSED,
    TARGET,
    Ask,
    CancelLeg,
    Close,
    Wait,
    higher_mark,
    needs,
)
from interlock.protection.view import View, is_protected, stop_price
from interlock.strategy.proposal import Purpose
from tests.fakes.goods import BTC, NOW, exit_order, intent, lot

DEADLINE = timedelta(seconds=30)
FOLLOWING = lot(trailing_pct=Decimal(1))


def view(a_lot: Lot, *legs: Intent, bid: str = "50000") -> View:
    price = Decimal(bid)
    tick = Tick("BTC_USDT", price, price, price, NOW)
    return View(a_lot, tuple(legs), BTC, tick, NOW, NOW, DEADLINE)


def stop(trigger: str, n: int = 0, state: State = State.ACKED, *, listed: bool = True) -> Intent:
    order = exit_order(Purpose.PROTECT, "lot-1", "0.00099", trigger=trigger, n=n)
    return intent(order, state, confirmed_at=NOW if listed else None)


def seen(bid: str) -> Lot:
    return replace(FOLLOWING, high=Decimal(bid))


def test_a_lot_that_follows_is_given_a_stop_alone_at_its_frozen_distance() -> None:
    (need,) = needs(view(FOLLOWING))

    assert isinstance(need, Ask)
    assert need.proposal.trigger is not None
    assert (need.proposal.trigger.rate, need.proposal.target) == (Decimal(49500), None)


def test_a_bid_worth_a_step_is_a_mark_and_a_lower_one_is_not() -> None:
    guarded = view(FOLLOWING, stop("49500"))

    assert higher_mark(guarded) is None  # 49,500 is where it stands
    assert higher_mark(view(FOLLOWING, stop("49500"), bid="50099")) is None
    assert higher_mark(view(FOLLOWING, stop("49500"), bid="50100")) == Decimal(50100)
    assert higher_mark(view(lot(), stop("49500"), bid="60000")) is None
    assert higher_mark(view(FOLLOWING, bid="60000")) is None  # first it is protected at all
    leaving = replace(FOLLOWING, exit_reason=TARGET)
    assert higher_mark(view(leaving, stop("49500"), bid="60000")) is None


def test_the_higher_stop_is_asked_for_listed_and_only_then_the_lower_one_goes() -> None:
    low = stop("49500")
    (need,) = needs(view(seen("50600"), low, bid="50600"))
    assert isinstance(need, Ask)
    assert need.proposal.trigger is not None
    assert need.proposal.trigger.rate == Decimal(50094)

    asked = stop("50094", 1, listed=False)
    assert isinstance(needs(view(seen("50600"), low, asked, bid="50600"))[0], Wait)
    listed = stop("50094", 1)
    assert needs(view(seen("50600"), low, listed, bid="50600")) == (CancelLeg(low),)
    gone = replace(low, state=State.CANCELLED)
    assert needs(view(seen("50600"), gone, listed, bid="50600")) == ()


def test_a_stop_that_a_strategy_may_raise_stands_alone_and_is_replaced_like_one_that_follows() -> (
    None
):
    still, raised = lot(stop_floor=Decimal(0)), lot(stop_floor=Decimal(49800))
    (need,) = needs(view(still))
    assert isinstance(need, Ask)
    assert need.proposal.target is None

    low, high = stop("49500"), stop("49800", 1)
    assert needs(view(still, low)) == ()
    (higher,) = needs(view(raised, low))
    assert isinstance(higher, Ask)
    assert higher.proposal.trigger is not None
    assert higher.proposal.trigger.rate == Decimal(49800)
    assert needs(view(raised, low, high)) == (CancelLeg(low),)
    assert higher_mark(view(raised, high, bid="60000")) is None


def test_a_price_that_fell_through_where_the_stop_belongs_closes_the_lot() -> None:
    assert needs(view(seen("50600"), stop("49500"), bid="50094")) == (Close(STOP_PASSED),)


def test_a_higher_stop_that_was_refused_leaves_the_lower_one_in_peace() -> None:
    low, refused = stop("49500"), stop("50094", 1, State.REJECTED, listed=False)

    assert needs(view(seen("50600"), low, refused, bid="50600")) == ()
    assert is_protected(view(seen("50600"), low, refused))
    (again,) = needs(replace(view(seen("50600"), low, refused, bid="50600"), now=NOW + EXIT_RETRY))
    assert isinstance(again, Ask)


def test_a_lower_stop_that_was_asked_to_go_a_moment_ago_is_not_asked_again() -> None:
    low, listed = stop("49500", state=State.CANCELLING), stop("50094", 1)

    assert needs(view(seen("50600"), low, listed, bid="50600")) == ()


def test_a_stop_that_does_not_follow_stays_where_it_is() -> None:
    assert needs(view(lot(), stop("49400"))) == ()
    beyond = lot(trailing_pct=Decimal(1), stop_distance=Decimal(60000))
    assert needs(view(beyond, stop("1"))) == ()


bids = st.lists(
    st.decimals("49600", "50650", places=2, allow_nan=False, allow_infinity=False), max_size=40
)


@given(bids)
def test_whatever_the_price_does_the_stop_only_rises_and_each_time_by_a_whole_step(
    path: list[Decimal],
) -> None:
    triggers = list(_followed(path))

    assert triggers[0] == Decimal(49500)
    for low, high in itertools.pairwise(triggers):
        assert high >= low + max(BTC.price_tick, low * STEP)
    highest = max([Decimal(50000), *path])
    assert triggers[-1] <= max(Decimal(49500), highest * Decimal("0.99"))


def _followed(path: list[Decimal]) -> Iterator[Decimal]:
    """The triggers of all stops that protected the lot, one after the other, until the price fell through one."""
    a_lot, standing = FOLLOWING, stop("49500")
    yield Decimal(49500)
    for n, bid in enumerate(path, start=1):
        now = view(a_lot, standing, bid=str(bid))
        mark = higher_mark(now)
        if mark is None:
            continue
        a_lot = replace(a_lot, high=mark)
        wanted = stop_price(a_lot, BTC)
        (need,) = needs(view(a_lot, standing, bid=str(bid)))
        assert isinstance(need, Ask)
        assert need.proposal.trigger == wanted
        assert wanted is not None
        standing = stop(str(wanted.rate), n)
        yield wanted.rate
