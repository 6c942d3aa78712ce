"""Our indicators on real series are the figures that TA-Lib gave elsewhere, bar by bar and over the whole series."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import numpy as np
import pytest

from interlock.market import Window
from interlock.simulator import recordings
from interlock.strategy import talib
from interlock.strategy.bars import Bars
from interlock.strategy.presets import seen

ORACLE: Final[dict[str, Any]] = json.loads(
    (Path(__file__).parent / "oracle" / "indicators_talib.json").read_bytes()
)["series"]
OURS: Final = {
    "RSI14": "rsi",
    "SMA50": "ma50",
    "SMA200": "ma200",
    "EMA10": "ema10",
    "ATR14": "atr",
}
PERIOD: Final = 14
pytestmark = [
    pytest.mark.foreign,
    pytest.mark.parametrize("name", sorted(ORACLE)),
]


def window(name: str) -> Window:
    rows = recordings.load(name)
    return Window(
        rows.symbol,
        timedelta(milliseconds=rows.timeframe_ms),
        rows.open_time,
        rows.open,
        rows.high,
        rows.low,
        rows.close,
        rows.volume,
    )


def stood_still(bars: Window, index: int) -> bool:
    """Whether nothing moved over the period, where TA-Lib goes on with what was and we say unknown."""
    return len(set(bars.close[max(0, index - PERIOD) : index + 1].tolist())) == 1


def close_to(indicator: str, value: float) -> Any:  # noqa: ANN401  pytest gives its approximations no type
    return (
        pytest.approx(value, abs=1e-7) if indicator == "RSI14" else pytest.approx(value, rel=1e-9)
    )


@pytest.mark.parametrize("indicator", sorted(OURS))
def test_each_bar_has_the_figure_of_the_oracle(name: str, indicator: str) -> None:
    bars = window(name)
    ours = seen(Bars(bars))[OURS[indicator]].own
    compared = 0

    for bar in ORACLE[name]["bars"]:
        index, expected = bar["index"], bar[indicator]
        assert bars.opens_ms[index] == bar["open_time_ms"]
        if expected is None or (indicator == "RSI14" and stood_still(bars, index)):
            assert np.isnan(ours[index])
        elif not (indicator == "ATR14" and expected == 0):
            assert ours[index] == close_to(indicator, expected)
            compared += 1

    assert compared or len(bars) <= ORACLE[name]["first_valid_index"][indicator]


@pytest.mark.parametrize("indicator", sorted(OURS))
def test_the_first_value_stands_where_the_oracle_has_it(name: str, indicator: str) -> None:
    bars = window(name)
    ours = seen(Bars(bars))[OURS[indicator]].own
    first = ORACLE[name]["first_valid_index"][indicator]

    assert np.isnan(ours[:first]).all()
    if first is not None and not stood_still(bars, first):
        assert np.isfinite(ours[first])


def test_the_mean_over_the_whole_series_is_that_of_the_oracle(name: str) -> None:
    bars = window(name)
    raw = {
        "RSI14": talib.rsi(bars.close, PERIOD),
        "ATR14": talib.atr(bars.high, bars.low, bars.close, PERIOD),
        "EMA10": talib.ema(bars.close, 10),
        "SMA50": talib.sma(bars.close, 50),
        "SMA200": talib.sma(bars.close, 200),
    }

    for indicator, expected in ORACLE[name]["series_mean"].items():
        if expected is not None:
            assert np.nanmean(raw[indicator]) == pytest.approx(expected, rel=1e-9)


def test_only_a_market_that_stood_still_has_no_rsi(name: str) -> None:
    bars = window(name)
    masked, raw = Bars(bars).rsi().own, talib.rsi(bars.close, PERIOD)

    for index in np.flatnonzero(np.isnan(masked) & ~np.isnan(raw)):
        assert stood_still(bars, int(index))
    np.testing.assert_array_equal(masked[~np.isnan(masked)], raw[~np.isnan(masked)])
