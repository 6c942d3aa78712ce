"""Indicators of closed bars, float64 arrays with NaN where a bar has no value; unknown never becomes a number.

Definitions are TA-Lib's, computed forward from the oldest bar of the window (J. W. Wilder, New Concepts in Technical Trading
Systems, 1978, for RSI and ATR). Nothing here looks ahead: the value at a bar depends on that bar and earlier ones alone.
"""

from datetime import timedelta
from typing import Final

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from interlock.market import Window
from interlock.strategy import talib
from interlock.strategy.talib import Series

RSI_PERIOD: Final = 14
ATR_PERIOD: Final = 14
VOLUME_PERIOD: Final = 5
DAYS: Final = 70
DAY_MS: Final = 24 * 60 * 60 * 1000
MISSING_PER_DAY_MAX: Final = 3
VOLUME_NEEDED: Final = VOLUME_PERIOD + 2


def rsi(close: Series, period: int = RSI_PERIOD) -> Series:
    """Wilder's RSI, but none where the last `period` changes are all zero: a dead market is not oversold."""
    values = talib.rsi(close, period)
    moved = close[1:] != close[:-1]
    if not bool(moved.all()):
        total = np.concatenate(([0], np.cumsum(moved)))
        values[period:][total[period:] == total[:-period]] = np.nan
    return values


def atr(window: Window, period: int = ATR_PERIOD) -> Series:
    """Wilder's average true range, none where it is zero."""
    return _above_zero(talib.atr(window.high, window.low, window.close, period))


def volume_ratio(volume: Series) -> Series:
    """Volume over the EMA(5) of the volumes before it; the first ratio stands at the seventh bar."""
    ratio = np.full(len(volume), np.nan)
    first = VOLUME_NEEDED - 1
    before = _above_zero(talib.ema(volume, VOLUME_PERIOD)[first - 1 : -1])
    ratio[first:] = volume[first:] / before
    return ratio


def ten_weeks(window: Window) -> Series:
    """At each bar the mean close of the 70 UTC days that had ended with it; NaN unless all of them are whole."""
    if not len(window):
        return np.array([], dtype=np.float64)
    step = window.span // timedelta(milliseconds=1)
    day = window.opens_ms // DAY_MS
    ends_its_day = window.opens_ms + step == (day + 1) * DAY_MS
    place = day - day[0]
    mean = _mean_per_day(window, place, ends_its_day, step)
    last_whole = place - np.where(ends_its_day, 0, 1)
    return np.where(last_whole >= 0, mean[last_whole], np.nan)


def reaches_ten_weeks(window: Window, place: int) -> bool:
    """Whether the window begins early enough for the ten weeks that had ended with the bar at this place."""
    step = window.span // timedelta(milliseconds=1)
    ended = (int(window.opens_ms[place]) + step) // DAY_MS
    return int(window.opens_ms[0]) <= (ended - DAYS) * DAY_MS + MISSING_PER_DAY_MAX * step


def _mean_per_day(
    window: Window, place: NDArray[np.int64], ends_its_day: NDArray[np.bool_], step: int
) -> Series:
    """The 70-day mean close at the end of each calendar day of the window; NaN where one of the days is not whole."""
    closes = np.full(int(place[-1]) + 1, np.nan)
    bars = np.bincount(place, minlength=len(closes))
    closes[place[ends_its_day]] = window.close[ends_its_day]
    closes[bars < DAY_MS // step - MISSING_PER_DAY_MAX] = np.nan
    mean = np.full(len(closes), np.nan)
    if len(closes) >= DAYS and step <= DAY_MS:
        mean[DAYS - 1 :] = sliding_window_view(closes, DAYS).mean(axis=1)
    return mean


def _above_zero(values: Series) -> Series:
    return np.where(values > 0, values, np.nan)
