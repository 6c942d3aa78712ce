"""Orders and stops against the exchange's lists: for every way in which the sides can disagree, what is done."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from interlock.ledger.book import opening
from interlock.orders.evidence import Absent, OrderFact, Source
from interlock.orders.intent import Intent, target_of
from interlock.orders.life import State
from interlock.reconcile.difference import Action, Foreign, Kind, Ours, Policy
from interlock.strategy.proposal import Purpose
from tests.fakes.goods import NOW, exit_order, intent, lot, price
from tests.rooms.reconcile.sides import (
    BOUGHT,
    HOUR,
    LONG_AGO,
    MINUTE,
    OPENED,
    SECOND,
    Sides,
    found,
    order,
    ours,
    planned,
    theirs,
    word,
)

ADOPTED = [(Kind.ORDER_DIFFERS, Action.ADOPT)]
ALARMED = [(Kind.ORDER_DIFFERS, Action.ALARM)]


@pytest.mark.parametrize(
    ("state", "said", "then"),
    [
        (State.WORKING, State.WORKING, []),
        (State.ACKED, State.WORKING, ADOPTED),
        (State.WORKING, State.FILLED, ADOPTED),
        (State.CANCELLED, State.CANCELLED, []),
        (State.EXPIRED, State.EXPIRED, []),
        (State.REJECTED, State.REJECTED, []),
        (State.FILLED, State.FILLED, []),
        (State.CANCELLED, State.WORKING, ALARMED),
        (State.NOT_PLACED, State.WORKING, ALARMED),
    ],
)
def test_the_exchanges_word_is_adopted_where_it_tells_more_and_an_alarm_where_it_cannot_be(
    state: State, said: State, then: list[Sides]
) -> None:
    done = Decimal("0.001") if state is State.FILLED else Decimal(0)
    known = order(state, filled=done, value=done * 50000)

    assert found(ours(known), theirs(word(known, said, str(done)))) == then


def test_a_difference_of_an_order_says_what_stands_here_and_what_there() -> None:
    stop = intent(exit_order(Purpose.PROTECT, "lot-1", trigger="49500"), order_id="1")
    told = planned(ours(stop), theirs(word(stop, State.WORKING))).differences[0]

    assert told.reason == "ACKED with 0 executed here, WORKING and listed with 0 executed there"
    cancelled = order(State.CANCELLED)
    told = planned(ours(cancelled), theirs(word(cancelled))).differences[0]
    assert told.reason == "CANCELLED here, WORKING there"


def test_a_live_order_of_which_the_exchange_says_what_cannot_be_is_an_alarm() -> None:
    known = order()

    assert found(ours(known), theirs(word(known, order_id="2"))) == ALARMED
    assert found(ours(known), theirs(word(known, quantity=Decimal("0.002")))) == ALARMED


@pytest.mark.parametrize(
    ("state", "age", "then"),
    [
        (State.WORKING, 5 * MINUTE, []),
        (State.WORKING, 5 * MINUTE + SECOND, [(Kind.ORDER_NOT_THERE, Action.ALARM)]),
        (State.UNKNOWN, 5 * MINUTE, []),
        (State.UNKNOWN, 5 * MINUTE + SECOND, [(Kind.OUTCOME_UNKNOWN, Action.ASK)]),
        (State.CANCELLING, HOUR, [(Kind.OUTCOME_UNKNOWN, Action.ASK)]),
    ],
)
def test_an_order_that_nobody_there_knows_is_told_once_it_can_be_no_matter_of_time(
    state: State, age: timedelta, then: list[Sides]
) -> None:
    known = order(state, age)
    look = Absent(known.client_oid, Source.ORDER_DETAIL, NOW)

    assert found(ours(known), theirs(looked=((known, look),))) == then


def test_an_order_that_no_list_shows_is_known_by_its_own_detail() -> None:
    known = order()

    assert found(ours(known), theirs(looked=((known, word(known, State.CANCELLED)),))) == ADOPTED


def stranger(oid: str = "by-hand", list_id: str | None = None) -> OrderFact:
    return word(order(), client_oid=oid, order_id="77", list_id=list_id)


@pytest.mark.parametrize(
    ("policy", "then"),
    [
        (Foreign.IGNORE, []),
        (Foreign.ALARM, [(Kind.ORDER_BY_HAND, Action.ALARM)]),
        (Foreign.CANCEL, [(Kind.ORDER_BY_HAND, Action.CANCEL)]),
    ],
)
def test_an_order_by_hand_is_treated_by_policy_while_it_is_open(
    policy: Foreign, then: list[Sides]
) -> None:
    asked = Policy(foreign=policy)

    assert found(ours(), theirs(stranger()), asked) == then
    assert found(ours(), theirs(history=(stranger(),)), asked) == []


@pytest.mark.parametrize("policy", Foreign)
def test_an_order_with_our_mark_is_an_alarm_under_every_policy_open_or_ended(
    policy: Foreign,
) -> None:
    marked, other = stranger("ilabcdef-nobody"), stranger("ilabcdeg-other")
    alarm, asked = [(Kind.ORDER_WITH_OUR_MARK, Action.ALARM)], Policy(foreign=policy)

    assert found(ours(), theirs(marked), asked) == alarm
    assert found(ours(), theirs(history=(marked,)), asked) == alarm
    assert found(ours(), theirs(history=(other,)), asked) == []


@pytest.mark.parametrize(
    "known",
    [
        order(State.FILLED, order_id="77"),
        order(State.FILLED, spawned_order_id="77"),
        order(State.FILLED, list_id="9"),
    ],
)
def test_what_an_order_of_ours_became_is_no_stranger(known: Intent) -> None:
    assert found(ours(known), theirs(stranger(list_id="9"))) == []
    for unrelated in (stranger(list_id="9"), stranger()):
        assert found(ours(order(State.FILLED)), theirs(unrelated)) != []


def stop(size: str = "0.00099", n: int = 0, state: State = State.WORKING, **more: object) -> Intent:
    known: dict[str, object] = {"order_id": f"s{n}", "confirmed_at": NOW}
    proposal = exit_order(Purpose.PROTECT, "lot-1", size, trigger="49500", n=n)
    return intent(proposal, state, **{**known, **more})


MISSING = [(Kind.STOP_MISSING, Action.ALARM)]


def held(*legs: Intent, age: timedelta = HOUR, **more: object) -> Ours:
    a_lot = replace(lot(opened_at=NOW - age), **more)  # type: ignore[arg-type] # the names are those of Lot
    return ours(*legs, lots=((a_lot, (BOUGHT, *legs)),))


def stops_of(our: Ours, *listed: OrderFact) -> list[Sides]:
    """What is found about stops, in a wallet that holds the coins."""
    coins = {"BTC": Decimal("0.000995")}
    entries = (opening("BTC", coins["BTC"], OPENED),)
    return found(replace(our, entries=entries), theirs(*listed, wallet=coins))


def test_a_lot_past_its_deadline_misses_what_no_listed_stop_covers() -> None:
    whole, half, rest = stop(), stop("0.0005"), stop("0.00049", 1)

    assert stops_of(held(whole), word(whole)) == []
    assert stops_of(held(half), word(half)) == MISSING
    assert stops_of(held(half, rest, age=HOUR), word(half), word(rest)) == []
    assert stops_of(held()) == MISSING
    assert stops_of(held(age=30 * SECOND)) == []
    assert stops_of(held(age=31 * SECOND)) == MISSING


def test_a_lot_that_is_sold_too_small_or_of_which_no_order_is_known_misses_nothing() -> None:
    assert stops_of(held(exit_reason="TARGET")) == []
    assert stops_of(held(remaining=Decimal("0.000005"))) == []
    unborn = ours(lots=((lot(opened_at=LONG_AGO), ()),))
    assert stops_of(unborn) == []


def test_a_target_covers_nothing() -> None:
    target = target_of(stop(list_id="9"))

    assert stops_of(held(target), word(target)) == MISSING


def test_the_stop_of_a_closed_lot_is_cancelled_while_it_is_listed_and_lives() -> None:
    gone = stop()

    assert found(ours(gone), theirs(word(gone))) == [(Kind.STOP_ORPHAN, Action.CANCEL)]
    assert found(ours(gone), theirs()) == []
    assert stops_of(held(gone), word(gone)) == []
    entry_alone = order()
    assert found(ours(entry_alone), theirs(word(entry_alone))) == []


def test_an_orphaned_pair_is_cancelled_as_a_whole_and_without_a_list_leg_by_leg() -> None:
    pair = replace(
        exit_order(Purpose.PROTECT, "lot-1", "0.00099", trigger="49500"), target=price("50700")
    )
    for list_id, cancelled in (("9", 1), (None, 2)):
        lead = intent(pair, State.WORKING, order_id="s", list_id=list_id, confirmed_at=NOW)
        legs = (lead, replace(target_of(lead), order_id="t"))
        told = found(ours(*legs), theirs(*map(word, legs)))
        assert told == [(Kind.STOP_ORPHAN, Action.CANCEL)] * cancelled
