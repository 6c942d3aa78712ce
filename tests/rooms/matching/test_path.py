"""The path inside a bar: it stays in the bar, reaches its four prices, and a touch is the first instant that is at the level."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.errors import BadInput
from interlock.market import Bar
from interlock.matching import Direction, first_touch, price_at, range_until
from interlock.values import Instant

OPENS = Instant.of_iso("2024-03-01T00:00:00+00:00")
HOUR = timedelta(hours=1)
MICROSECOND = timedelta(microseconds=1)


def bar(open_: str, high: str, low: str, close: str) -> Bar:
    numbers = [Decimal(text) for text in (open_, high, low, close, "1")]
    return Bar("BTC_USDT", OPENS, HOUR, *numbers)


RISING = bar("100", "110", "95", "105")
FALLING = bar("105", "110", "95", "100")

cents = st.integers(min_value=1, max_value=10_000_000).map(lambda n: Decimal(n) / 100)
moments = st.integers(min_value=0, max_value=HOUR // MICROSECOND).map(
    lambda n: Instant(OPENS.micros + n)
)

paths = st.none() | st.integers(min_value=0)


@st.composite
def any_bar(draw: st.DrawFn) -> Bar:
    low, first, second, high = sorted(draw(st.lists(cents, min_size=4, max_size=4)))
    opened, closed = draw(st.permutations((first, second)))
    return Bar("BTC_USDT", OPENS, HOUR, opened, high, low, closed, Decimal(1))


@pytest.mark.parametrize(
    ("minute", "price"),
    [(0, "100"), (10, "97.5"), (20, "95"), (30, "102.5"), (40, "110"), (60, "105")],
)
def test_a_bar_that_closed_up_went_to_its_low_first(minute: int, price: str) -> None:
    assert price_at(RISING, OPENS + timedelta(minutes=minute)) == Decimal(price)


@pytest.mark.parametrize(("minute", "price"), [(0, "105"), (20, "110"), (40, "95"), (60, "100")])
def test_a_bar_that_closed_down_went_to_its_high_first(minute: int, price: str) -> None:
    assert price_at(FALLING, OPENS + timedelta(minutes=minute)) == Decimal(price)


def test_a_bar_has_no_price_outside_of_itself() -> None:
    with pytest.raises(BadInput, match="has no price"):
        price_at(RISING, OPENS - MICROSECOND)


@given(any_bar(), moments, paths)
def test_the_path_never_leaves_the_bar(one: Bar, moment: Instant, seed: int | None) -> None:
    low, high = range_until(one, moment, seed)

    assert one.low <= low <= price_at(one, moment, seed) <= high <= one.high


@given(any_bar(), paths)
def test_by_its_end_the_path_has_seen_the_whole_range(one: Bar, seed: int | None) -> None:
    assert range_until(one, one.ends, seed) == (one.low, one.high)
    assert price_at(one, one.opens, seed) == one.open
    assert price_at(one, one.ends, seed) == one.close


@given(any_bar(), st.integers(min_value=0))
def test_a_seed_gives_one_path(one: Bar, seed: int) -> None:
    quarters = [OPENS + HOUR * n / 16 for n in range(17)]
    assert [price_at(one, at, seed) for at in quarters] == [
        price_at(replace(one), at, seed) for at in quarters
    ]


def test_seeds_give_paths_that_differ_in_order_and_in_time() -> None:
    def touch(level: Decimal, direction: Direction, seed: int) -> Instant:
        found = first_touch(RISING, level, direction, OPENS, seed)
        assert found is not None
        return found

    lows = [touch(RISING.low, Direction.FALLS, seed) for seed in range(50)]
    highs = [touch(RISING.high, Direction.RISES, seed) for seed in range(50)]

    assert {low < high for low, high in zip(lows, highs, strict=True)} == {True, False}
    assert len(set(lows)) == len(set(highs)) == 50


@given(any_bar(), cents, st.sampled_from(Direction), moments, paths)
def test_a_touch_is_the_first_microsecond_at_or_beyond_the_level(
    one: Bar, level: Decimal, direction: Direction, since: Instant, seed: int | None
) -> None:
    def beyond(at: Instant) -> bool:
        price = price_at(one, at, seed)
        return price <= level if direction is Direction.FALLS else price >= level

    touch = first_touch(one, level, direction, since, seed)

    if touch is None:
        assert not beyond(since)
        assert not beyond(one.ends)
    else:
        assert touch >= since
        assert beyond(touch)
        assert touch == since or not beyond(touch - MICROSECOND)


@given(any_bar(), cents, paths)
def test_a_level_within_the_range_is_touched_and_one_outside_never(
    one: Bar, level: Decimal, seed: int | None
) -> None:
    fallen = first_touch(one, level, Direction.FALLS, OPENS, seed)
    risen = first_touch(one, level, Direction.RISES, OPENS, seed)
    assert (fallen is not None) == (level >= one.low)
    assert (risen is not None) == (level <= one.high)


def test_a_gap_below_the_level_is_touched_at_the_open() -> None:
    assert first_touch(RISING, Decimal(101), Direction.FALLS, OPENS) == OPENS


def test_of_a_stop_and_a_target_in_one_bar_the_path_decides() -> None:
    stop = first_touch(RISING, Decimal(96), Direction.FALLS, OPENS)
    target = first_touch(RISING, Decimal(109), Direction.RISES, OPENS)
    assert stop is not None
    assert target is not None
    assert stop < target

    stop = first_touch(FALLING, Decimal(96), Direction.FALLS, OPENS)
    target = first_touch(FALLING, Decimal(109), Direction.RISES, OPENS)
    assert stop is not None
    assert target is not None
    assert target < stop
