"""Protection: whatever the state of a lot and its orders, the plan leads to a confirmed stop or to being flat."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from interlock.account import Lot, Margin
from interlock.market import Tick
from interlock.orders.intent import Intent, target_of
from interlock.orders.life import State
from interlock.protection.plan import (
    EXIT_RETRY,
    OWNER,
    STOP_PASSED,
    STOP_REFUSED,
    STOP_UNCONFIRMED,
    TARGET,
    Ask,
    CancelLeg,
    Close,
    Wait,
    failed_exits,
    needs,
)
from interlock.protection.view import View, bare_since, is_protected, uncovered
from interlock.strategy.proposal import OrderType, Purpose
from tests.fakes.goods import BTC, NOW, entry, exit_order, intent, lot, price

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


def paired(
    state: State = State.ACKED, size: str = "0.00099", **more: object
) -> tuple[Intent, Intent]:
    """A stop that leads a target, both in this state; the exchange has named their list."""
    order = replace(
        exit_order(Purpose.PROTECT, "lot-1", size, trigger="49500"), target=price("50700")
    )
    lead = intent(order, state, **{"list_id": "6498", "confirmed_at": NOW, **more})
    return lead, target_of(lead)


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
    assert need.proposal.target is not None
    assert need.proposal.target.rate == Decimal(50700)


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


def test_where_the_pair_is_refused_the_stop_stands_alone_and_the_owner_is_warned() -> None:
    lead, target = paired(State.REJECTED, list_id=None, confirmed_at=None, refusal="140001 no")

    (need,) = needs(view(lot(), lead, target))
    assert isinstance(need, Ask)
    assert (need.proposal.type, need.proposal.target) == (OrderType.STOP_LOSS, None)
    assert need.warning is not None
    assert "140001" in need.warning
    alone = replace(sure(n=1), client_oid="ilabcdef-alone")
    assert is_protected(view(lot(), lead, target, alone))
    assert needs(view(lot(), lead, target, alone, bid="50700")) == (Close(TARGET),)


def test_a_listed_pair_is_protection_and_takes_its_target_itself() -> None:
    assert is_protected(view(lot(), *paired()))
    assert needs(view(lot(), *paired(), bid="50700")) == ()


def test_a_lot_on_margin_is_never_given_a_pair() -> None:
    (need,) = needs(view(lot(funding=Margin(Decimal(2)))))

    assert isinstance(need, Ask)
    assert need.proposal.target is None


def test_a_target_that_was_passed_before_the_stop_was_placed_closes_the_lot() -> None:
    assert needs(view(bid="50700")) == (Close(TARGET),)


def test_the_first_execution_of_a_target_sells_what_remains_once_it_is_booked() -> None:
    lead, target = paired()
    ticked = replace(target, state=State.WORKING, filled=Decimal("0.0004"))
    ended = replace(lead, state=State.CANCELLED)
    left = lot(remaining="0.000595", sold=Decimal("0.0004"))

    assert isinstance(needs(view(lot(), ended, ticked))[0], Wait)
    assert needs(view(left, ended, ticked)) == (Close(TARGET),)
    leaving = replace(left, exit_reason=TARGET)
    assert needs(view(leaving, ended, ticked)) == (CancelLeg(ticked),)
    gone = replace(ticked, state=State.CANCELLED)
    (sale,) = needs(view(leaving, ended, gone))
    assert isinstance(sale, Ask)
    assert sale.proposal.quantity.size == Decimal("0.00059")


def test_an_exit_cancels_a_pair_as_a_whole_and_without_a_list_leg_by_leg() -> None:
    lead, target = paired()
    nameless = (replace(lead, list_id=None), replace(target, list_id=None))

    assert needs(view(lot(exit_reason=TARGET), lead, target)) == (CancelLeg(lead),)
    assert needs(view(lot(exit_reason=TARGET), *nameless)) == tuple(map(CancelLeg, nameless))


def test_a_target_whose_stop_is_gone_is_cancelled_and_the_stop_is_placed_first() -> None:
    lead, target = paired()
    lone = replace(target, state=State.WORKING)

    stop_first, then = needs(view(lot(), replace(lead, state=State.CANCELLED), lone))
    assert isinstance(stop_first, Ask)
    assert stop_first.proposal.target is None
    assert then == CancelLeg(lone)


def test_what_is_too_small_for_a_stop_of_its_own_endangers_nothing() -> None:
    nearly = replace(sure("0.00098"), id="first")  # 0.00001 at 49,500 is half a dollar

    assert is_protected(view(lot(), nearly))
    assert needs(view(lot(), nearly)) == ()
    sold_for_less = replace(BTC, min_notional=Decimal("0.495"))
    assert not is_protected(replace(view(lot(), nearly), instrument=sold_for_less))


def test_a_stop_covers_only_what_it_would_still_sell() -> None:
    ticked = replace(sure(), filled=Decimal("0.0004"))
    grown = lot(remaining="0.00099", sold=Decimal("0.0004"))

    assert is_protected(view(lot(remaining="0.00059", sold=Decimal("0.0004")), ticked))
    assert uncovered(view(grown, ticked)) == Decimal("0.0004")


def test_a_stop_that_could_not_be_executed_closes_the_lot_and_a_refused_pair_does_not() -> None:
    fired, target = paired(State.REJECTED, order_id="77")

    assert needs(view(lot(), fired, replace(target, state=State.CANCELLED))) == (
        Close(STOP_REFUSED),
    )


def test_a_stop_that_did_not_leave_is_asked_for_again_ever_more_slowly() -> None:
    waits = []
    for count in range(1, 7):
        unsent = [stop(State.NOT_PLACED, n=n) for n in range(count)]
        long = replace(view(lot(), *unsent), deadline=timedelta(hours=1))
        later = (replace(long, now=NOW + timedelta(seconds=s)) for s in range(60))
        waits.append(next(s for s, each in enumerate(later) if isinstance(needs(each)[0], Ask)))

    assert waits == [2, 4, 8, 16, 32, 32]


def test_an_emergency_sale_that_fails_is_tried_again_ever_more_slowly_and_at_last_every_minute() -> (
    None
):
    leaving = lot(exit_reason=STOP_REFUSED)
    refused = stop(State.REJECTED)
    waits = []
    for count in range(1, 9):
        sales = [
            intent(exit_order(Purpose.FLATTEN, "lot-1", n=n), State.REJECTED) for n in range(count)
        ]
        asked = (s for s in range(200) if _sells(view(leaving, refused, *sales, later=s)))
        waits.append(next(asked))

    assert waits == [2, 4, 8, 16, 32, 60, 60, 60]


def _sells(a_view: View) -> bool:
    (need,) = needs(a_view)
    return isinstance(need, Ask) and need.proposal.type is OrderType.MARKET


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


def test_a_lone_target_that_was_asked_to_go_a_moment_ago_is_not_asked_again() -> None:
    lead, target = paired()
    going = replace(target, state=State.CANCELLING)

    (need,) = needs(view(lot(), replace(lead, state=State.CANCELLED), going))
    assert isinstance(need, Ask)


def test_a_stop_is_put_back_while_a_sale_waits_long_enough_to_be_worth_it() -> None:
    leaving = lot(exit_reason=OWNER)
    sales = [intent(exit_order(Purpose.FLATTEN, "lot-1", n=n), State.REJECTED) for n in range(3)]

    (too_short,) = needs(view(leaving, *sales[:2], later=3))
    (worth_it,) = needs(view(leaving, *sales, later=7))
    assert isinstance(too_short, Wait)
    assert isinstance(worth_it, Ask)
    assert worth_it.proposal.purpose is Purpose.PROTECT


def test_sales_fail_in_a_row_only_while_each_ended_and_sold_nothing() -> None:
    refused, part, waiting = (
        intent(exit_order(Purpose.FLATTEN, "lot-1", n=n), state, filled=Decimal(filled))
        for n, (state, filled) in enumerate(
            [(State.REJECTED, "0"), (State.EXPIRED, "0.0001"), (State.UNKNOWN, "0")]
        )
    )

    assert failed_exits(view(lot(), refused, refused)) == 2
    assert failed_exits(view(lot(), refused, part, refused)) == 1
    assert failed_exits(view(lot(), refused, waiting)) == 0
    assert failed_exits(view(lot())) == 0


def test_a_lot_is_bare_since_the_last_thing_that_left_it_so() -> None:
    opened = lot(opened_at=NOW)
    ended = stop(State.CANCELLED, n=0, confirmed_at=NOW, updated_at=NOW + timedelta(seconds=2))
    never = stop(State.REJECTED, n=1, updated_at=NOW + timedelta(seconds=9))
    leaving = stop(State.CANCELLING, n=2, confirmed_at=NOW, updated_at=NOW + timedelta(seconds=3))
    grown = intent(entry(), State.FILLED, updated_at=NOW + timedelta(seconds=4))
    listed = stop(n=3, confirmed_at=NOW, updated_at=NOW + timedelta(seconds=8))

    assert bare_since(view(opened, never, listed)) == NOW
    assert bare_since(view(opened, never, ended)) == ended.updated_at
    assert bare_since(view(opened, ended, leaving)) == leaving.updated_at
    assert bare_since(view(opened, leaving, grown, ended)) == grown.updated_at
