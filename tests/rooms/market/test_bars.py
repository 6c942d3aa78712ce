"""Bars fold the same in halves as at once, windows know their holes, and time from the future is not fresh."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.errors import BadInput
from interlock.market import Bar, Fresh, Stale, fold, freshness, window_of
from tests.rooms.making import HOUR, NOW, START, D, window

MINUTES = timedelta(minutes=15)


def bar(place: int, low: int = 90, high: int = 110, volume: int = 1) -> Bar:
    opens = START + place * MINUTES
    return Bar("BTC_USDT", opens, MINUTES, D(100), D(high), D(low), D(100), D(volume))


bars = st.lists(st.tuples(st.integers(1, 100), st.integers(100, 200)), min_size=1, max_size=40).map(
    lambda rows: tuple(bar(i, low, high, i) for i, (low, high) in enumerate(rows))
)


@given(bars, st.integers(0, 40))
def test_folding_in_two_halves_is_folding_at_once(whole: tuple[Bar, ...], cut: int) -> None:
    seam = cut - cut % 4

    assert fold(whole[:seam], HOUR) + fold(whole[seam:], HOUR) == fold(whole, HOUR)


@given(bars)
def test_a_folded_bar_has_the_whole_range_and_volume(whole: tuple[Bar, ...]) -> None:
    folded = fold(whole, HOUR)

    assert sum(each.volume for each in folded) == sum(each.volume for each in whole)
    assert min(each.low for each in folded) == min(each.low for each in whole)
    assert max(each.high for each in folded) == max(each.high for each in whole)
    assert all(each.opens.floor(HOUR) == each.opens for each in folded)


@pytest.mark.parametrize(
    ("low", "high", "volume"), [(0, 110, 1), (101, 110, 1), (90, 99, 1), (90, 110, -1)]
)
def test_a_bar_that_cannot_be_is_bad_input(low: int, high: int, volume: int) -> None:
    with pytest.raises(BadInput):
        bar(0, low, high, volume)


def test_a_bar_off_its_grid_is_bad_input() -> None:
    with pytest.raises(BadInput):
        Bar("BTC_USDT", NOW, HOUR, D(1), D(1), D(1), D(1), D(1))


def test_a_window_of_bars_has_their_numbers_in_order() -> None:
    made = window_of("BTC_USDT", MINUTES, [bar(0, volume=3), bar(1, volume=4)])

    assert list(made.volume) == [3.0, 4.0]
    assert made.ends() == bar(1).ends
    assert len(window_of("BTC_USDT", MINUTES, [])) == 0
    assert window([]).ends() is None


@given(st.integers(0, 12))
def test_head_and_tail_are_the_oldest_and_the_newest(count: int) -> None:
    whole = window(float(i) for i in range(1, 11))

    assert list(whole.head(count).close) == list(whole.close)[:count]
    assert list(whole.tail(count).close) == list(whole.close)[max(0, 10 - count) :]


def test_a_window_has_a_gap_with_four_missing_or_one_of_the_last_three() -> None:
    def gap(*missing: int) -> bool:
        return window((1.0 for _ in range(400)), skip=frozenset(missing)).has_gap()

    assert not gap()
    assert not gap(200, 201, 202)
    assert gap(200, 201, 202, 203)
    assert gap(397)
    assert not gap(396)
    assert not gap(10, 11, 12, 13, 14)


@pytest.mark.parametrize(
    ("seconds", "fresh"), [(0, True), (120, True), (120.001, False), (-120, True), (-121, False)]
)
def test_fresh_is_young_in_either_direction(seconds: float, *, fresh: bool) -> None:
    limit = timedelta(seconds=120)
    found = freshness(NOW - timedelta(seconds=seconds), NOW, limit)

    assert isinstance(found, Fresh if fresh else Stale)
