"""Our orders against complete lists, both ways: a list that is cut and a history that ignores its window are differences, not evidence."""

from datetime import timedelta
from decimal import Decimal

import pytest

from interlock.orders.evidence import Absent, OrderFact, Source
from interlock.orders.intent import Intent
from interlock.orders.life import State
from interlock.reconcile.intents import history_gaps, not_live, to_look_up, unresolved
from interlock.values import Instant, Side
from tests.fakes.goods import NOW, entry, intent

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
GRACE = 5 * MINUTE


def order(state: State, age: timedelta, end: timedelta | None = None) -> Intent:
    """An intent that was made `age` ago and last changed `end` ago."""
    changed = NOW - (age if end is None else end)
    return intent(entry(), state, created_at=NOW - age, updated_at=changed)


def fact(ours: Intent, state: State = State.WORKING) -> OrderFact:
    zero = Decimal(0)
    return OrderFact(
        client_oid=ours.client_oid,
        order_id="9",
        symbol="BTC_USDT",
        side=Side.BUY,
        type=None,
        state=state,
        quantity=zero,
        filled=zero,
        value=zero,
        trigger=None,
        source=Source.ORDER_HISTORY,
        as_of=NOW,
    )


@pytest.mark.parametrize("state", list(State))
def test_an_unknown_outcome_is_unresolved_once_the_grace_is_over(state: State) -> None:
    is_dark = state in (State.UNKNOWN, State.SENDING, State.CANCELLING)

    assert not unresolved([order(state, GRACE)], NOW, GRACE)
    assert bool(unresolved([order(state, GRACE + MINUTE)], NOW, GRACE)) is is_dark


def test_within_the_grace_our_books_may_still_be_on_their_way() -> None:
    at, past = order(State.WORKING, GRACE), order(State.WORKING, GRACE + SECOND)
    look = Absent("x", Source.ORDER_DETAIL, NOW)

    assert not not_live([(at, look)], NOW, GRACE)
    assert not_live([(past, look)], NOW, GRACE)


@pytest.mark.parametrize("state", [State.UNKNOWN, State.SENDING, State.CANCELLING])
def test_what_nobody_claims_to_be_live_is_no_difference_of_a_list(state: State) -> None:
    ours = order(state, HOUR)

    assert not not_live([(ours, Absent(ours.client_oid, Source.ORDER_DETAIL, NOW))], NOW, GRACE)


def test_what_the_lists_show_is_not_looked_up_again() -> None:
    ours = order(State.WORKING, HOUR)

    assert to_look_up([ours], [fact(ours)]) == ()
    assert to_look_up([ours], []) == (ours,)


@pytest.mark.parametrize(
    ("state", "why"),
    [
        (State.FILLED, "WORKING here, FILLED there"),
        (State.WORKING, "the list of open orders leaves it out"),
        (None, "the exchange does not know it"),
    ],
)
def test_a_live_order_that_the_lists_leave_out_is_a_difference_whatever_its_detail_says(
    state: State | None, why: str
) -> None:
    ours = order(State.WORKING, HOUR)
    look = fact(ours, state) if state else Absent(ours.client_oid, Source.ORDER_DETAIL, NOW)

    found = not_live([(ours, look)], NOW, GRACE)

    assert [why in each.why for each in found] == [True]
    assert not not_live([(order(State.WORKING, MINUTE), look)], NOW, GRACE)


def gaps(ours: Intent, told: list[OrderFact], since: Instant = NOW - HOUR) -> list[str]:
    return [each.why for each in history_gaps([ours], told, since, NOW)]


def test_a_history_that_agrees_has_no_gap() -> None:
    ended = order(State.FILLED, 30 * MINUTE)

    assert gaps(ended, [fact(ended, State.FILLED)]) == []


def test_a_history_that_shows_what_ended_before_its_window_ignores_it() -> None:
    old = order(State.FILLED, 3 * HOUR)

    assert gaps(old, [fact(old, State.FILLED)]) == ["outside the window asked for"]
    assert gaps(old, []) == []
    at, before = (
        order(State.FILLED, 3 * HOUR, HOUR + 2 * MINUTE + more) for more in (0 * SECOND, SECOND)
    )
    assert gaps(at, [fact(at, State.FILLED)]) == []
    assert gaps(before, [fact(before, State.FILLED)]) == ["outside the window asked for"]


def test_an_old_order_that_ended_within_the_window_may_be_told_or_not() -> None:
    late = order(State.FILLED, 3 * HOUR, 30 * MINUTE)

    assert gaps(late, [fact(late, State.FILLED)]) == []
    assert gaps(late, []) == []


@pytest.mark.parametrize("state", [State.FILLED, State.CANCELLED, State.EXPIRED])
def test_zero_rows_where_an_end_is_known_are_no_nothing_to_do(state: State) -> None:
    assert gaps(order(state, 30 * MINUTE), []) == ["ended, and the history leaves it out"]
    assert gaps(order(state, MINUTE), []) == []
    assert gaps(order(state, 30 * MINUTE, 2 * MINUTE), []) == []
    assert gaps(order(state, 30 * MINUTE, 2 * MINUTE + SECOND), []) != []
    assert gaps(order(state, 58 * MINUTE, 30 * MINUTE), []) == []
    assert gaps(order(state, 58 * MINUTE - SECOND, 30 * MINUTE), []) != []


def test_what_never_reached_the_exchange_is_not_looked_for_in_its_history() -> None:
    assert gaps(order(State.NOT_PLACED, 30 * MINUTE), []) == []


def test_what_ended_there_long_ago_does_not_live_on_here() -> None:
    alive = order(State.WORKING, 30 * MINUTE)

    assert gaps(alive, [fact(alive, State.CANCELLED)]) == ["ended there and live here"]
    just_now = order(State.WORKING, 30 * MINUTE, 2 * MINUTE)
    assert gaps(just_now, [fact(just_now, State.CANCELLED)]) == []
    sooner = order(State.WORKING, 30 * MINUTE, 2 * MINUTE + SECOND)
    assert gaps(sooner, [fact(sooner, State.CANCELLED)]) == ["ended there and live here"]
