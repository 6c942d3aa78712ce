"""What a lot may rely on whatever happens to its legs: pairs that race, targets that tick, sales that fail, an exchange that is deaf."""

import itertools
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from interlock.account import Lot
from interlock.orders.intent import Intent
from interlock.orders.life import State
from interlock.protection.plan import STOP_PASSED, TARGET
from interlock.rehearsal.judge import violations
from interlock.rehearsal.script import BY_STOP, BY_TARGET, BY_TRAIL, FOR_EVER, SYMBOL, leave, stage
from interlock.rehearsal.store import DictGround, dict_books
from interlock.rehearsal.world import World
from interlock.store.records import LOTS
from interlock.strategy.proposal import Purpose
from tests.rehearsal.sweep import quietly

SHORT = replace(BY_TARGET, hours=1.4)
SALE = "private/create-order"


@pytest.fixture(autouse=True)
def _quiet() -> None:
    quietly()


def legs(world: World) -> list[Intent]:
    """Every order that was asked for, oldest first."""
    return list(reversed(world.open_books().picture(world.now(), limit=1000).intents))


def lots(world: World) -> tuple[Lot, ...]:
    return world.open_books().picture(world.now(), limit=1000).lots


def after(world: World, minutes: float, do: Callable[[], object]) -> World:
    world.loop.call_later(minutes * 60, do)
    return world


def thin(world: World, size: int) -> None:
    """From now on the best level holds so much."""
    depth: Any = world.engine.config.depth
    depth[SYMBOL] = Decimal(size)


def test_a_target_that_ticks_ends_its_stop_and_what_remains_is_sold() -> None:
    world = stage(BY_TARGET)
    after(world, 60, lambda: thin(world, 40))
    world.run()

    target = next(leg for leg in legs(world) if leg.leader is not None)
    assert (target.state, target.filled) == (State.CANCELLED, Decimal(40))
    assert [lot.exit_reason for lot in lots(world)] == [TARGET]
    assert all(lot.closed_at is not None for lot in lots(world))
    assert violations(world) == []


def test_a_stop_that_finds_too_few_buyers_ends_its_target_and_the_rest_is_flattened() -> None:
    world = stage(BY_STOP)
    after(world, 30, lambda: thin(world, 60))
    world.run()

    first = min(lots(world), key=lambda lot: lot.opened_at)
    stops = [leg for leg in legs(world) if leg.is_pair]
    assert stops[0].filled == Decimal(60)
    assert (first.exit_reason, first.closed_at is not None) == (STOP_PASSED, True)
    assert violations(world) == []


def test_a_stop_follows_the_price_upward_alone_and_sells_when_it_falls_back() -> None:
    world = stage(replace(BY_TRAIL, hours=8.2))
    world.run()

    stops = [leg for leg in legs(world) if leg.proposal.purpose is Purpose.PROTECT]
    triggers = [stop.proposal.trigger.rate for stop in stops if stop.proposal.trigger]
    assert len(triggers) == len(stops) >= 5
    assert triggers == sorted(set(triggers))
    assert [stop.state for stop in stops[-2:]] == [State.CANCELLED, State.FILLED]
    for low, high in itertools.pairwise(stops):
        assert high.confirmed_at is not None
        assert high.confirmed_at <= low.updated_at  # listed before the lower one went
    (lot,) = lots(world)
    assert lot.proceeds > lot.cost
    assert violations(world) == []


def test_a_sale_that_fails_is_tried_ever_more_slowly_told_every_minute_and_never_given_up() -> None:
    world = stage(SHORT)

    def fail() -> None:
        world.engine.arm("refuse", SALE, 8, 306)
        leave(world, STOP_PASSED)

    after(world, 5, fail)
    world.run()

    sales = [leg for leg in legs(world) if leg.proposal.purpose is Purpose.FLATTEN]
    gaps = [
        round((b.created_at - a.created_at).total_seconds()) for a, b in itertools.pairwise(sales)
    ]
    assert [sale.state for sale in sales] == [State.REJECTED] * 8 + [State.FILLED]
    assert gaps == sorted(gaps)
    assert gaps[-1] <= 70
    told = [m.text for m in world.open_books().undelivered(world.now(), 1000)]
    pages = [text for text in told if text.startswith("FAIL flatten:")]
    lasted = (sales[-1].created_at - sales[0].created_at) // timedelta(minutes=1)
    assert len(pages) == 1 + lasted
    assert any(text.startswith("Over: flatten:") for text in told)
    assert violations(world) == []


def test_while_the_sale_fails_a_stop_stands_in_for_it() -> None:
    world = stage(SHORT)

    def fail() -> None:
        world.engine.arm("refuse", SALE, FOR_EVER, 306)
        leave(world)

    after(world, 5, fail)
    world.run()

    (lot,) = lots(world)
    assert lot.closed_at is None
    stops = [
        leg for leg in legs(world) if leg.proposal.purpose is Purpose.PROTECT and not leg.leader
    ]
    assert stops[0].is_pair
    assert not any(stop.is_pair for stop in stops[1:])
    assert violations(world) == []  # at the last minute too it is all covered, and once


def test_an_exchange_that_was_deaf_for_minutes_costs_no_lot_its_deadline() -> None:
    world = stage(SHORT)

    def deafen() -> None:
        if not world.open_books().open_lots():
            world.loop.call_later(0.001, deafen)
        else:
            world.engine.arm("lose_request", "*", 8, 0)

    after(world, 0, deafen)
    world.run()

    entry, *_ = legs(world)
    stop = next(leg for leg in legs(world) if leg.is_pair and leg.confirmed_at is not None)
    assert stop.created_at - entry.created_at > timedelta(minutes=2)
    assert [leg for leg in legs(world) if leg.proposal.purpose is Purpose.FLATTEN] == []
    assert violations(world) == []


def test_a_stop_that_somebody_took_away_is_placed_again_before_anything_is_sold() -> None:
    world = stage(SHORT)

    def take_away() -> None:
        for order in list(world.engine._book.open()):  # noqa: SLF001 - a hand on the exchange's own page
            world.engine._trading.cancel(order, world.engine.now)  # noqa: SLF001 - the same

    after(world, 10, take_away)
    world.run()

    stops = [
        leg for leg in legs(world) if leg.proposal.purpose is Purpose.PROTECT and not leg.leader
    ]
    assert [stop.state for stop in stops] == [State.CANCELLED, State.ACKED]
    assert violations(world) == []


def test_the_legs_of_a_lot_that_is_closed_are_cancelled_and_those_of_an_open_one_never() -> None:
    ground = DictGround()
    world = stage(SHORT, open_books=lambda: dict_books(ground))

    def close() -> None:
        with ground.change() as rows:
            for lot in rows.find(LOTS, open=1):
                rows.put(LOTS, replace(lot, closed_at=world.now()))

    after(world, 5, close)
    world.run()

    assert legs(world)[1].state is legs(world)[2].state is State.CANCELLED
    requests: Any = world.engine.books()["requests"]
    assert requests["private/advanced/cancel-oco"] == 1
    kept = stage(SHORT)
    kept.run()
    assert "private/advanced/cancel-oco" not in kept.engine.books()["requests"]


def test_a_lot_found_without_a_stop_at_the_start_gets_its_stop_first() -> None:
    """The process died between the fill and the stop, and came back minutes later."""
    names = stage(SHORT)
    names.run()
    asked = next(
        n
        for n, name in enumerate(names.seams.names)
        if name.startswith("send private/advanced/create-oco")
    )
    world = stage(SHORT, crashes=frozenset({asked - 4}))
    world.run()

    assert world.lives == 2
    assert [leg for leg in legs(world) if leg.proposal.purpose is Purpose.FLATTEN] == []
    assert violations(world) == []
