"""The soak sees what it is there to see: books that are not the exchange's any more, a lot without a stop, and memory that grows."""

from dataclasses import replace
from decimal import Decimal

import pytest

from interlock.rehearsal.judge import violations
from interlock.rehearsal.script import BY_TARGET, stage
from interlock.rehearsal.soak import Soaked, judged_apart, soak
from interlock.rehearsal.world import World
from tests.rehearsal.sweep import quietly

GROWING = tuple(100.0 + 1.5 * day for day in range(9))


@pytest.fixture(autouse=True)
def _quiet() -> None:
    quietly()


@pytest.fixture(scope="module")
def soaked() -> Soaked:
    quietly()
    return soak(3, symbols=("XRP_USDT",))


def _bought() -> World:
    world = stage(replace(BY_TARGET, hours=0.3))
    world.run()
    return world


def test_three_days_with_faults_and_a_death_leave_the_books_equal(soaked: Soaked) -> None:
    assert soaked.violations == ()
    assert soaked.lives == 2
    assert soaked.orders > 0
    assert soaked.faults > 0
    assert soaked.checks == 4


def test_a_soak_says_what_a_day_adds(soaked: Soaked) -> None:
    assert len(soaked.rss_mb) == 3
    assert min(soaked.rss_mb) > 10
    assert soaked.rows_per_day["order_intents"] > 0
    assert soaked.books_kb_per_day > 0


def test_memory_that_grows_by_more_than_the_bar_fails_a_soak(soaked: Soaked) -> None:
    assert replace(soaked, rss_mb=GROWING).slope_mb_per_day == pytest.approx(1.5)
    assert not replace(soaked, rss_mb=GROWING).holds
    assert replace(soaked, rss_mb=(100.0,) * 9).holds
    assert not replace(soaked, rss_mb=(100.0,) * 9, violations=("one",)).holds


def test_what_our_books_do_not_know_is_told_at_a_days_end() -> None:
    world = _bought()
    assert judged_apart(world) == []

    world.engine.transfer("XRP", Decimal(5))

    assert judged_apart(world) == violations(world) != []


def test_a_stop_that_is_gone_is_told_with_its_symbol() -> None:
    world = _bought()
    (stop,) = [o for o in world.engine.books()["orders"] if o["order_type"] == "STOP_LOSS"]

    world.engine.withdraw(stop["order_id"])

    assert any("XRP_USDT is held" in each for each in judged_apart(world))
