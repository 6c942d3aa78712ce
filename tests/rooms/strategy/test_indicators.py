"""Indicators are TA-Lib's, look at nothing later than their bar, and are unknown rather than invented."""

import subprocess
import sys
from datetime import timedelta
from types import SimpleNamespace
from typing import Final

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from interlock.market import Window
from interlock.strategy.bars import Bars
from interlock.strategy.presets import seen
from interlock.values import Unknown
from tests.rooms.making import HOUR, START, reading, value, window

I30: Final = np.arange(30)
S30: Final = 100 + (7 * I30) % 13 - (5 * I30) % 11 + 0.5 * I30
DAY: Final = 24


def indicators(bars: Window) -> SimpleNamespace:
    """Every indicator at every bar, holes not hidden."""
    return SimpleNamespace(**{name: each.own for name, each in seen(Bars(bars)).items()})


def s30() -> Window:
    high = S30 + 1 + 0.5 * (I30 % 3)
    low = S30 - 1 - 0.25 * (I30 % 4)
    opens = START.ms + I30.astype(np.int64) * 3_600_000
    return Window("BTC_USDT", HOUR, opens, S30, high, low, S30, np.ones(30))


@pytest.mark.parametrize(
    ("name", "first", "there", "at_20", "at_28", "at_29"),
    [
        ("rsi", 14, 53.184713, 55.018345, 49.773623, 54.332981),
        ("atr", 14, 12.625000, 12.978555, 11.829661, 12.091829),
        ("ema10", 9, 102.850000, 109.073809, 111.115578, 112.821837),
    ],
)
def test_series_s30_has_the_values_that_the_world_computes(  # noqa: PLR0913, PLR0917  one row of the table
    name: str, first: int, there: float, at_20: float, at_28: float, at_29: float
) -> None:
    series = getattr(indicators(s30()), name)

    assert np.isnan(series[:first]).all()
    assert [series[i] for i in (first, 20, 28, 29)] == pytest.approx(
        [there, at_20, at_28, at_29], abs=1e-6
    )


def test_wilders_smoothing_is_not_a_plain_mean() -> None:
    changes = np.diff(S30)[-14:]
    plain = 100 * changes[changes > 0].sum() / np.abs(changes).sum()

    assert plain == pytest.approx(57.142857, abs=1e-6)
    assert indicators(s30()).rsi[-1] != pytest.approx(plain, abs=1)


def test_strictly_rising_closes_have_rsi_100_and_falling_ones_0() -> None:
    assert value(window(100 + np.arange(40.0)), "rsi") == pytest.approx(100)
    assert value(window(100 - np.arange(40.0)), "rsi") == pytest.approx(0)


def test_a_market_that_never_moved_has_no_rsi_and_no_atr() -> None:
    flat = window([100.0] * 40, spread=0)

    assert value(flat, "rsi") == Unknown("NO_MOVEMENT")
    assert value(flat, "atr") == Unknown("NO_MOVEMENT")


def test_a_market_that_stopped_moving_a_period_ago_has_no_rsi_either() -> None:
    moved = [100.0, 99.0, 98.0, *[98.0] * 13]

    assert isinstance(value(window(moved), "rsi"), float)
    assert value(window([*moved, 98.0]), "rsi") == Unknown("NO_MOVEMENT")
    assert isinstance(value(window([*moved, 98.0, 99.0]), "rsi"), float)


def test_a_line_has_the_means_of_a_line() -> None:
    line = reading(window(100 + 0.5 * np.arange(200)))

    assert (line.ma50, line.ma200, line.ema10) == pytest.approx((187.25, 149.75, 197.25))


@pytest.mark.parametrize(
    ("name", "needed"),
    [("rsi", 15), ("atr", 15), ("ema10", 10), ("ma50", 50), ("ma200", 200), ("volume_ratio", 7)],
)
def test_one_bar_fewer_than_needed_is_unknown(name: str, needed: int) -> None:
    assert isinstance(value(window(100 + np.arange(float(needed))), name), float)
    assert value(window(100 + np.arange(float(needed - 1))), name) == Unknown("TOO_FEW_BARS")


def test_the_cross_up_looks_back_on_seventeen_bars() -> None:
    assert isinstance(reading(window(100 + np.arange(17.0))).rsi_2, float)
    assert reading(window(100 + np.arange(16.0))).rsi_2 == Unknown("TOO_FEW_BARS")


def test_ten_weeks_are_the_closes_of_seventy_whole_days_and_never_of_hours() -> None:
    closes = 100 + np.arange(70.0 * DAY)
    ten_weeks = value(window(closes), "ma10w")

    assert ten_weeks == pytest.approx(closes[DAY - 1 :: DAY].mean())
    assert value(window(closes[:-1]), "ma10w") == Unknown("TOO_FEW_BARS")
    assert value(window(closes[DAY:]), "ma10w") == Unknown("TOO_FEW_BARS")


def test_ten_weeks_look_at_days_that_ended_and_not_at_the_one_that_runs() -> None:
    closes = 100 + np.arange(70.0 * DAY)
    later = [*closes, *[1e6] * (DAY - 1)]

    assert value(window(later), "ma10w") == value(window(closes), "ma10w")


def test_seventy_days_that_begin_at_noon_are_not_seventy_whole_days() -> None:
    noon = START + timedelta(hours=12)

    assert value(window([100.0 + i for i in range(70 * DAY)], start=noon), "ma10w") == Unknown(
        "TOO_FEW_BARS"
    )


@pytest.mark.parametrize(
    ("missing", "known"),
    [({30 * DAY}, True), ({30 * DAY + i for i in range(3)}, True), ({30 * DAY + 23}, False)],
)
def test_a_day_counts_with_three_bars_missing_but_not_without_its_last(
    missing: set[int], *, known: bool
) -> None:
    bars = window((100.0 + i for i in range(75 * DAY)), skip=frozenset(missing))

    assert isinstance(value(bars, "ma10w"), float) is known
    assert known or value(bars, "ma10w") == Unknown("GAP")


def test_a_day_with_four_bars_missing_is_a_hole() -> None:
    missing = frozenset(30 * DAY + i for i in range(4))

    assert value(window((100.0 + i for i in range(75 * DAY)), skip=missing), "ma10w") == Unknown(
        "GAP"
    )


@pytest.mark.parametrize(
    ("missing", "known"),
    [({100, 101, 102}, True), ({100, 101, 102, 103}, False), ({296}, True), ({297}, False)],
)
def test_three_bars_may_be_missing_but_none_of_the_last_three(
    missing: set[int], *, known: bool
) -> None:
    bars = window((100.0 + i % 7 for i in range(300)), skip=frozenset(missing))

    for name in ("rsi", "atr", "ema10", "ma50", "ma200", "volume_ratio"):
        assert isinstance(value(bars, name), float) is known
        assert known or value(bars, name) == Unknown("GAP")


def test_volume_is_compared_with_the_bars_before_it() -> None:
    volumes = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0]
    before = 3 + (6 - 3) / 3

    assert value(window([100.0] * 7, volumes=volumes), "volume_ratio") == pytest.approx(8 / before)


def test_no_volume_before_is_unknown_and_not_a_ratio() -> None:
    volumes = [0.0] * 9 + [5.0]

    assert value(window([100.0] * 10, volumes=volumes), "volume_ratio") == Unknown("NO_MOVEMENT")


def test_a_number_that_cannot_be_makes_every_price_indicator_unknown() -> None:
    closes = [100.0 + i % 7 for i in range(60)]
    closes[20] = float("nan")
    spoilt = reading(window(closes))

    assert spoilt.ema10 == spoilt.rsi == spoilt.ma50 == spoilt.ma10w == Unknown("BAD_DATA")
    assert isinstance(spoilt.volume_ratio, float)


def test_a_volume_that_cannot_be_spoils_the_volume_alone() -> None:
    spoilt = reading(window((100.0 + i % 7 for i in range(60)), volumes=[1.0] * 59 + [-1.0]))

    assert spoilt.volume_ratio == Unknown("BAD_DATA")
    assert isinstance(spoilt.rsi, float)


paths = st.lists(st.floats(min_value=-0.03, max_value=0.03), min_size=20, max_size=120).map(
    lambda steps: np.cumprod(1 + np.array(steps)) * 100
)


@given(paths, st.floats(min_value=0.01, max_value=1000))
@settings(max_examples=60, deadline=None)
def test_scaling_the_prices_scales_the_means_and_leaves_the_rsi(
    closes: NDArray[np.float64], factor: float
) -> None:
    one = indicators(window(closes))
    other = indicators(window(closes * factor, spread=factor))

    moved = ~np.isnan(one.rsi) & ~np.isnan(other.rsi)
    np.testing.assert_allclose(other.rsi[moved], one.rsi[moved], atol=1e-4)
    np.testing.assert_allclose(other.ema10, one.ema10 * factor, rtol=1e-9)
    np.testing.assert_allclose(other.atr, one.atr * factor, rtol=1e-6)


@given(paths, st.data())
@settings(max_examples=60, deadline=None)
def test_later_bars_change_no_earlier_value(
    closes: NDArray[np.float64], data: st.DataObject
) -> None:
    count = data.draw(st.integers(min_value=1, max_value=len(closes)))
    whole = window(closes, volumes=1 + np.abs(np.sin(closes)))
    later, then = indicators(whole), indicators(whole.head(count))

    for name in ("rsi", "atr", "ema10", "ma50", "ma200", "ma10w", "volume_ratio"):
        np.testing.assert_array_equal(getattr(later, name)[:count], getattr(then, name))


@given(st.integers(min_value=1, max_value=74 * DAY), st.integers(min_value=0, max_value=23))
@settings(max_examples=25, deadline=None)
def test_later_bars_change_no_earlier_ten_week_mean(count: int, hour: int) -> None:
    closes = 100 + np.sin(np.arange(75.0 * DAY))
    whole = window(closes, start=START + timedelta(hours=hour), skip=frozenset({40, 900, 901}))

    np.testing.assert_array_equal(
        indicators(whole).ma10w[:count], indicators(whole.head(count)).ma10w
    )


def test_a_window_without_bars_has_indicators_without_values() -> None:
    assert len(indicators(window([])).ma10w) == 0


def test_importing_the_indicators_loads_neither_polars_nor_pandas() -> None:
    program = (
        "import interlock.strategy.indicators, sys;"
        "print([m for m in sys.modules if m.split('.')[0] in ('polars', 'pandas')])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    assert done.stdout.strip() == "[]"


def test_what_was_loaded_before_is_still_there_afterwards() -> None:
    program = (
        "import sys, types; mine = sys.modules['polars'] = types.ModuleType('polars');"
        "import interlock.strategy.indicators;"
        "print(sys.modules['polars'] is mine, 'pandas' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    assert done.stdout.strip() == "True False"
