"""Protection: whatever the state of a lot and its orders, the plan leads to a confirmed stop or to being flat."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from interlock.account import Lot
from interlock.market import Tick
from interlock.orders.intent import Intent
from interlock.orders.life import State
from interlock.protection.plan import (
    EXIT_RETRY,
    STOP_PASSED,
    STOP_REFUSED,
    STOP_UNCONFIRMED,
    TARGET,
    Ask,
    CancelLeg,
    Close,
    View,
    Wait,
    is_protected,
    needs,
)
from interlock.strategy.proposal import OrderType, Purpose
from tests.fakes.goods import BTC, NOW, exit_order, intent, lot

DEADLINE = timedelta(seconds=30)


def tick(bid: str) -> Tick:
    return Tick("BTC_USDT", Decimal(bid), Decimal(bid), Decimal(bid), NOW)


def view(a_lot: Lot | None = None, *legs: Intent, bid: str = "50000", later: int = 0) -> View:
    now = NOW + timedelta(seconds=later)
    return View(a_lot or lot(), tuple(legs), BTC, tick(bid), NOW, now, DEADLINE)


def stop(state: State = State.WORKING, size: str = "0.00099", n: int = 0, **more: object) -> Intent:
    return intent(exit_order(Purpose.PROTECT, "lot-1", size, trigger="49500", n=n), state, **more)


def sure(size: str = "0.00099", n: int = 0) -> Intent:
    return stop(State.WORKING, size, n, confirmed_at=NOW)


def test_a_naked_lot_asks_for_a_stop_for_all_that_can_be_sold_at_its_frozen_distance() -> None:
    (need,) = needs(view())

    assert isinstance(need, Ask)
    assert need.proposal.purpose is Purpose.PROTECT
    assert need.proposal.type is OrderType.STOP_LOSS
    assert need.proposal.quantity.size == Decimal(
        "0.00099"
    )  # the fee in base is not there to be sold
    assert need.proposal.trigger is not None
    assert need.proposal.trigger.rate == Decimal(49500)


def test_a_listed_stop_for_all_of_it_is_protection_and_an_acknowledged_one_is_not() -> None:
    assert is_protected(view(lot(), sure()))
    assert needs(view(lot(), sure())) == ()
    assert not is_protected(view(lot(), stop(State.ACKED)))
    assert isinstance(needs(view(lot(), stop(State.ACKED)))[0], Wait)


def test_a_lot_that_grew_gets_a_further_stop_for_the_difference_and_keeps_the_first() -> None:
    (need,) = needs(view(lot(), sure("0.0004")))

    assert isinstance(need, Ask)
    assert need.proposal.quantity.size == Decimal("0.00059")
    assert need.proposal.key == "protect:lot-1:1"


def test_a_stop_that_is_not_confirmed_by_the_deadline_closes_the_lot() -> None:
    assert isinstance(needs(view(lot(), stop(State.UNKNOWN), later=30))[0], Wait)
    assert needs(view(lot(), stop(State.UNKNOWN), later=31)) == (Close(STOP_UNCONFIRMED),)


def test_a_refused_stop_closes_the_lot_at_once() -> None:
    assert needs(view(lot(), stop(State.REJECTED))) == (Close(STOP_REFUSED),)


def test_a_price_through_the_stop_closes_the_lot_instead_of_placing_one() -> None:
    assert needs(view(bid="49500")) == (Close(STOP_PASSED),)
    assert isinstance(needs(view(bid="49500.01"))[0], Ask)


def test_a_price_at_the_target_closes_a_protected_lot() -> None:
    assert needs(view(lot(), sure(), bid="50700")) == (Close(TARGET),)
    assert needs(view(lot(), sure(), bid="50699.99")) == ()


def test_an_exit_first_cancels_then_waits_for_the_exchanges_word_then_sells_by_quantity() -> None:
    leaving = lot(exit_reason=TARGET)

    assert needs(view(leaving, sure())) == (CancelLeg(sure()),)
    assert isinstance(needs(view(leaving, stop(State.CANCELLING)))[0], Wait)
    (need,) = needs(view(leaving, stop(State.CANCELLED)))
    assert isinstance(need, Ask)
    assert need.proposal.purpose is Purpose.REDUCE
    assert need.proposal.type is OrderType.MARKET
    assert need.proposal.quantity.size == Decimal("0.00099")


def test_a_cancel_that_may_never_have_left_is_asked_for_again() -> None:
    leaving, asked = lot(exit_reason=TARGET), stop(State.CANCELLING)

    assert needs(view(leaving, asked, later=5)) == (CancelLeg(asked),)


def test_an_emergency_exit_is_a_flatten() -> None:
    (need,) = needs(view(lot(exit_reason=STOP_REFUSED), stop(State.REJECTED)))

    assert isinstance(need, Ask)
    assert need.proposal.purpose is Purpose.FLATTEN


def test_a_sale_under_way_is_waited_for_and_never_doubled() -> None:
    sale = intent(exit_order(Purpose.REDUCE, "lot-1"), State.UNKNOWN)

    assert isinstance(needs(view(lot(exit_reason=TARGET), sale))[0], Wait)


def test_a_refused_sale_puts_the_stop_back_and_is_tried_again_later_under_a_new_key() -> None:
    leaving = lot(exit_reason=TARGET)
    refused = intent(exit_order(Purpose.REDUCE, "lot-1"), State.REJECTED)

    (stop_again,) = needs(view(leaving, stop(State.CANCELLED), refused))
    assert isinstance(stop_again, Ask)
    assert stop_again.proposal.purpose is Purpose.PROTECT
    (again,) = needs(
        view(leaving, stop(State.CANCELLED), refused, later=int(EXIT_RETRY.total_seconds()))
    )
    assert isinstance(again, Ask)
    assert again.proposal.key == "exit:lot-1:1"


def test_where_the_sale_and_the_stop_are_refused_nothing_is_asked_for_again_at_once() -> None:
    leaving = lot(exit_reason=TARGET)
    refused = intent(exit_order(Purpose.REDUCE, "lot-1"), State.REJECTED)

    (waiting,) = needs(view(leaving, stop(State.REJECTED), refused))
    assert isinstance(waiting, Wait)
    (again,) = needs(view(leaving, stop(State.REJECTED), refused, later=EXIT_RETRY.seconds))
    assert isinstance(again, Ask)


def test_a_stop_that_fired_is_waited_for_until_its_executions_are_booked() -> None:
    fired = stop(State.FILLED, filled=Decimal("0.00099"), confirmed_at=NOW)

    assert isinstance(needs(view(lot(), fired, later=3600))[0], Wait)
    assert isinstance(needs(view(lot(exit_reason=TARGET), fired))[0], Wait)


def test_dust_needs_nothing() -> None:
    dust = lot(remaining="0.000005")

    assert needs(view(dust)) == ()
    assert is_protected(view(dust))
    assert needs(view(replace(dust, exit_reason=TARGET))) == ()
