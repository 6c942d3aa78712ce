"""Indicators of closed bars. A value is a number or unknown with its reason; unknown never becomes a number.

Definitions are TA-Lib's, computed forward from the oldest bar of the window (J. W. Wilder, New Concepts in Technical Trading
Systems, 1978, for RSI and ATR). Nothing here looks ahead: the value at a bar depends on that bar and earlier ones alone.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from interlock.market import Window
from interlock.strategy import talib
from interlock.strategy.talib import Series
from interlock.values import Unknown

RSI_PERIOD: Final = 14
ATR_PERIOD: Final = 14
VOLUME_PERIOD: Final = 5
DAYS: Final = 70
DAY_MS: Final = 24 * 60 * 60 * 1000
MISSING_PER_DAY_MAX: Final = 3

TOO_FEW_BARS: Final = Unknown("TOO_FEW_BARS")
GAP: Final = Unknown("GAP")
NO_MOVEMENT: Final = Unknown("NO_MOVEMENT")
BAD_DATA: Final = Unknown("BAD_DATA")

BARS_NEEDED: Final = {
    "rsi": RSI_PERIOD + 1,
    "atr": ATR_PERIOD + 1,
    "ema10": 10,
    "ma50": 50,
    "ma200": 200,
    "volume_ratio": VOLUME_PERIOD + 2,
}


@dataclass(frozen=True, slots=True, eq=False)
class Indicators:
    """One value per bar of a window, float64, NaN where a bar has none. Prices in quote per base, RSI 0 to 100.

    `ma10w` is the mean close of the 70 whole UTC days before or at the bar; `volume_ratio` is a plain factor.
    """

    rsi: Series
    atr: Series
    ema10: Series
    ma50: Series
    ma200: Series
    ma10w: Series
    volume_ratio: Series


@dataclass(frozen=True, slots=True)
class Reading:
    """The indicators at the newest bar of a window; `rsi_1` and `rsi_2` are the RSI one and two bars earlier."""

    close: float
    rsi: float | Unknown
    rsi_1: float | Unknown
    rsi_2: float | Unknown
    atr: float | Unknown
    ema10: float | Unknown
    ma50: float | Unknown
    ma200: float | Unknown
    ma10w: float | Unknown
    volume_ratio: float | Unknown

    def values(self) -> dict[str, float | Unknown]:
        """The seven indicators by name, as a signal keeps them."""
        names = ("rsi", "atr", "ema10", "ma50", "ma200", "ma10w", "volume_ratio")
        return {name: getattr(self, name) for name in names}


def indicators(window: Window) -> Indicators:
    """Every indicator at every bar of the window, holes not filled; appending bars changes no earlier value."""
    return Indicators(
        rsi=_rsi(window.close),
        atr=_above_zero(talib.atr(window.high, window.low, window.close, ATR_PERIOD)),
        ema10=talib.ema(window.close, 10),
        ma50=talib.sma(window.close, 50),
        ma200=talib.sma(window.close, 200),
        ma10w=_ten_weeks(window),
        volume_ratio=_volume_ratio(window.volume),
    )


def reading(window: Window) -> Reading:
    """The indicators at the newest bar of a window that has one, each a number or unknown with its reason."""
    series = indicators(window)
    lows = np.minimum(window.low, np.minimum(window.high, window.close))
    flaw = _flaw(window, is_sound=_all(np.isfinite(lows + window.high + window.close) & (lows > 0)))
    is_counted = _all(np.isfinite(window.volume) & (window.volume >= 0))
    return Reading(
        close=float(window.close[-1]),
        rsi=_value(series.rsi, "rsi", flaw),
        rsi_1=_value(series.rsi[:-1], "rsi", flaw),
        rsi_2=_value(series.rsi[:-2], "rsi", flaw),
        atr=_value(series.atr, "atr", flaw),
        ema10=_value(series.ema10, "ema10", flaw),
        ma50=_value(series.ma50, "ma50", flaw),
        ma200=_value(series.ma200, "ma200", flaw),
        ma10w=_ten_weeks_value(window, series.ma10w, flaw),
        volume_ratio=_value(
            series.volume_ratio, "volume_ratio", _flaw(window, is_sound=is_counted)
        ),
    )


def _rsi(close: Series) -> Series:
    """Wilder's RSI, but none where the last 14 changes are all zero: a dead market is not oversold."""
    rsi = talib.rsi(close, RSI_PERIOD)
    moved = np.diff(close, prepend=close[:1]) != 0
    total = np.cumsum(moved)
    rsi[RSI_PERIOD:][total[RSI_PERIOD:] == total[:-RSI_PERIOD]] = np.nan
    return rsi


def _above_zero(values: Series) -> Series:
    return np.where(values > 0, values, np.nan)


def _volume_ratio(volume: Series) -> Series:
    """Volume over the EMA(5) of the volumes before it; the first ratio stands at the seventh bar."""
    ratio = np.full(len(volume), np.nan)
    first = BARS_NEEDED["volume_ratio"] - 1
    before = _above_zero(talib.ema(volume, VOLUME_PERIOD)[first - 1 : -1])
    ratio[first:] = volume[first:] / before
    return ratio


def _ten_weeks(window: Window) -> Series:
    """At each bar the mean close of the 70 UTC days that had ended with it; NaN unless all of them are whole."""
    if not len(window):
        return np.array([], dtype=np.float64)
    step = window.span // timedelta(milliseconds=1)
    day = window.opens_ms // DAY_MS
    mean = _mean_per_day(window, day, step)
    ends_its_day = (window.opens_ms + step) % DAY_MS == 0
    last_whole = day - day[0] - np.where(ends_its_day, 0, 1)
    return np.where(last_whole >= 0, mean[last_whole], np.nan)


def _mean_per_day(window: Window, day: NDArray[np.int64], step: int) -> Series:
    """The 70-day mean close at the end of each calendar day of the window; NaN where one of the days is not whole."""
    place = day - day[0]
    closes = np.full(int(place[-1]) + 1, np.nan)
    ends_its_day = (window.opens_ms + step) % DAY_MS == 0
    bars = np.bincount(place, minlength=len(closes))
    closes[place[ends_its_day]] = window.close[ends_its_day]
    closes[bars < DAY_MS // step - MISSING_PER_DAY_MAX] = np.nan
    mean = np.full(len(closes), np.nan)
    if len(closes) >= DAYS and step <= DAY_MS:
        mean[DAYS - 1 :] = sliding_window_view(closes, DAYS).mean(axis=1)
    return mean


def _value(series: Series, name: str, flaw: Unknown | None) -> float | Unknown:
    """The last value of a series, or why there is none."""
    if flaw is not None:
        return flaw
    if len(series) < BARS_NEEDED[name]:
        return TOO_FEW_BARS
    number = float(series[-1])
    return number if np.isfinite(number) else NO_MOVEMENT


def _ten_weeks_value(window: Window, ma10w: Series, flaw: Unknown | None) -> float | Unknown:
    """The newest ten-week mean; a series that does not reach back far enough is short, one that does has a hole."""
    number = float(ma10w[-1])
    if flaw is not None or np.isfinite(number):
        return number if flaw is None else flaw
    step = window.span // timedelta(milliseconds=1)
    ended = (int(window.opens_ms[-1]) + step) // DAY_MS
    reaches = int(window.opens_ms[0]) <= (ended - DAYS) * DAY_MS + MISSING_PER_DAY_MAX * step
    return GAP if reaches else TOO_FEW_BARS


def _flaw(window: Window, *, is_sound: bool) -> Unknown | None:
    """What makes every value of a window unknown: a number that cannot be, or missing bars."""
    if not is_sound:
        return BAD_DATA
    return GAP if window.has_gap() else None


def _all(holds: NDArray[np.bool_]) -> bool:
    return bool(holds.all())
