"""The stepping clock: it moves when everybody rests, to the first thing that is due, and never past its horizon."""

from datetime import timedelta

import pytest

from interlock.errors import BadInput
from interlock.simulator.front.stepping import NotRegistered, Stepping
from interlock.values import Instant
from tests.rooms.simulator.person import COIN, FALLING, START, Person, exchange

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)


def clock(horizon: Instant | None = START + DAY) -> Stepping:
    return Stepping(exchange(FALLING, balances={COIN: "1"}), horizon)


def test_the_clock_stands_still_while_nobody_is_registered_or_somebody_is_busy() -> None:
    stepping = clock()
    assert stepping.target() is None

    one = stepping.register("one")
    stepping.register("other")
    stepping.rest(one, START + MINUTE)

    assert stepping.target() is None
    assert stepping.idle == ("one",)


def test_the_clock_moves_to_the_first_thing_that_is_due() -> None:
    stepping = clock()
    for name, minutes in (("one", 7), ("other", 5)):
        stepping.rest(stepping.register(name), START + minutes * MINUTE)

    target = stepping.target()
    assert target == START + 5 * MINUTE

    step = stepping.step(target)
    assert (step.now, step.stirred) == (target, False)
    assert stepping.idle == ()
    assert stepping.steps == 1


def test_the_exchange_s_own_event_comes_first_and_stirs() -> None:
    engine = exchange(FALLING, balances={COIN: "1"})
    Person(engine).stop("49000")
    stepping = Stepping(engine, START + DAY)
    stepping.rest(stepping.register("one"), None)

    target = stepping.target()
    assert target == engine.next_event()
    assert target is not None
    assert stepping.step(target).stirred


def test_what_is_due_already_lets_the_process_go_on_at_once() -> None:
    stepping = clock()
    stepping.rest(stepping.register("one"), START - MINUTE)

    assert stepping.target() == START


def test_the_clock_waits_at_its_horizon_until_somebody_moves_it() -> None:
    stepping = clock(START + MINUTE)
    seat = stepping.register("one")
    stepping.rest(seat, START + 2 * MINUTE)
    target = stepping.target()
    assert target == START + MINUTE
    stepping.step(target)
    assert not stepping.at_horizon()

    stepping.rest(seat, START + 2 * MINUTE)
    assert stepping.target() is None
    assert stepping.at_horizon()

    stepping.horizon = START + DAY
    assert stepping.target() == START + 2 * MINUTE


def test_without_a_horizon_nothing_due_means_no_step() -> None:
    stepping = clock(None)
    stepping.rest(stepping.register("one"), None)

    assert stepping.target() is None
    assert not stepping.at_horizon()


def test_a_process_that_died_holds_the_clock_until_it_registers_and_rests_again() -> None:
    stepping = clock()
    seat = stepping.register("one")
    stepping.rest(seat, START + MINUTE)
    stepping.wake(seat)
    assert stepping.target() is None

    again = stepping.register("one")
    assert stepping.target() is None
    stepping.rest(again, START + MINUTE)
    assert stepping.target() == START + MINUTE


def test_the_late_death_of_an_earlier_process_does_not_disturb_its_successor() -> None:
    stepping = clock()
    earlier = stepping.register("one")
    stepping.rest(stepping.register("one"), START + MINUTE)

    stepping.wake(earlier)
    assert stepping.idle == ("one",)
    with pytest.raises(NotRegistered):
        stepping.rest(earlier, START)


def test_a_successor_is_busy_although_its_predecessor_still_seems_to_wait() -> None:
    stepping = clock()
    stepping.rest(stepping.register("one"), START + MINUTE)

    stepping.register("one")

    assert stepping.target() is None


def test_only_the_registered_may_rest_and_only_the_named_may_register() -> None:
    with pytest.raises(NotRegistered):
        clock().seat("nobody")
    with pytest.raises(BadInput):
        clock().register("")
