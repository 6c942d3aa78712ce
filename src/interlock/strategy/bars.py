"""Bars as a strategy sees them: the columns that can be computed of a window, each computed once, unknown where the data rules say so.

A window with a hole or a number that cannot be makes the indicators of its bars unknown, bar by bar, as if the later bars did not
exist yet.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import numpy as np

from interlock.errors import BadInput
from interlock.market import Window
from interlock.market.bar import GAP_TAIL, GAP_WINDOW, GAPS_MAX
from interlock.strategy import indicators, talib
from interlock.strategy.columns import (
    BAD_DATA,
    GAP,
    NO_MOVEMENT,
    TOO_FEW_BARS,
    Coarse,
    Column,
    Flaws,
    Holds,
    Places,
    Why,
)
from interlock.strategy.talib import Series
from interlock.values import Unknown

_MS: Final = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """How coarse bars look at each finer bar: the place of the newest that had closed (-1: none), and where none is to be told."""

    onto: Places
    flaws: Flaws


class Bars:
    """The bars of one window. Indicators are columns in the unit of the prices, `rsi` 0 to 100, `volume_ratio` a factor.

    Prices themselves are known wherever there is a bar. Where the bars are coarse, columns tell at every finer bar what was known.
    """

    def __init__(self, window: Window, seen: Seen | None = None) -> None:
        self.window = window
        self._made: dict[tuple[object, ...], Column] = {}
        self._gap = gaps(window)
        self._flaws = Flaws(_bad(_are_sound(window)), self._gap)
        self._seen = seen

    def __len__(self) -> int:
        return len(self.window if self._seen is None else self._seen.onto)

    @property
    def close(self) -> Column:
        """What each bar closed at."""
        return self._price("Close", self.window.close)

    @property
    def open(self) -> Column:
        """What each bar opened at."""
        return self._price("Open", self.window.open)

    @property
    def high(self) -> Column:
        """The highest price of each bar."""
        return self._price("High", self.window.high)

    @property
    def low(self) -> Column:
        """The lowest price of each bar."""
        return self._price("Low", self.window.low)

    @property
    def volume(self) -> Column:
        """What was traded in each bar, in base."""
        return self._price("Volume", self.window.volume)

    def rsi(self, period: int = indicators.RSI_PERIOD) -> Column:
        """Wilder's relative strength; none where the last `period` changes are all zero."""
        return self._once("RSI", indicators.rsi, self.window.close, period, period + 1)

    def ema(self, period: int) -> Column:
        """The exponential mean of the close."""
        return self._once(f"EMA{period}", talib.ema, self.window.close, period, period)

    def sma(self, period: int) -> Column:
        """The plain mean of the close."""
        return self._once(f"MA{period}", talib.sma, self.window.close, period, period)

    def deviation(self, period: int) -> Column:
        """The standard deviation of the close over so many bars."""
        return self._once(f"SD{period}", talib.deviation, self.window.close, period, period)

    def highest(self, period: int) -> Column:
        """The highest high of so many bars, this one included."""
        return self._once(f"Highest{period}", talib.highest, self.window.high, period, period)

    def lowest(self, period: int) -> Column:
        """The lowest low of so many bars, this one included."""
        return self._once(f"Lowest{period}", talib.lowest, self.window.low, period, period)

    def atr(self, period: int = indicators.ATR_PERIOD) -> Column:
        """Wilder's average true range; none where the market did not move."""
        return self._make(
            ("atr", period), "ATR", lambda: indicators.atr(self.window, period), period + 1
        )

    def volume_ratio(self) -> Column:
        """The volume over the EMA(5) of the volumes before it."""
        volume = self.window.volume
        flaws = Flaws(_bad(np.isfinite(volume) & (volume >= 0)), self._gap)
        needed = indicators.VOLUME_NEEDED
        return self._make(
            ("volume_ratio",), "Volume", lambda: indicators.volume_ratio(volume), needed, flaws
        )

    def ma10w(self) -> Column:
        """The mean close of the 70 whole UTC days before or at the bar; a series that reaches back so far and has none has a hole."""
        if ("ma10w",) not in self._made:
            window = self.window

            def short(place: int) -> Unknown:
                return GAP if indicators.reaches_ten_weeks(window, place) else TOO_FEW_BARS

            mean = indicators.ten_weeks(window)
            self._made["ma10w",] = self._column("MA10w", mean, short, self._flaws)
        return self._made["ma10w",]

    def column(self, name: str, values: Series, needed: int = 1) -> Column:
        """A column of your own, one value for each of these bars; `needed` is the first bar that can have one, counted from 1.

        It is unknown wherever an indicator would be.
        """
        if np.shape(values) != (len(self.window),):
            raise BadInput(f"{name} has not one value per bar.")
        own = np.asarray(values, dtype=np.float64)
        return self._column(name, own, _short(needed), self._flaws)

    def coarser(self, span: timedelta) -> "Bars":
        """Bars of a multiple of this span. At each bar only those are seen that had closed; one that is not whole is a missing one."""
        if self._seen is not None:
            raise BadInput("Coarser bars are made of the strategy's own bars.")
        window, onto, late = coarse_window(self.window, span)
        gap = late if self._gap is None else late | self._gap
        return Bars(window, Seen(onto, Flaws(self._flaws.bad, gap)))

    def _price(self, name: str, values: Series) -> Column:
        return self._column(name, values, lambda _: BAD_DATA, Flaws())

    def _once(
        self,
        name: str,
        compute: Callable[[Series, int], Series],
        values: Series,
        period: int,
        needed: int,
    ) -> Column:
        return self._make((name, period), name, lambda: compute(values, period), needed)

    def _make(
        self,
        key: tuple[object, ...],
        name: str,
        compute: Callable[[], Series],
        needed: int,
        flaws: Flaws | None = None,
    ) -> Column:
        if key not in self._made:
            own = compute() if len(self.window) else np.array([], dtype=np.float64)
            self._made[key] = self._column(name, own, _short(needed), flaws or self._flaws)
        return self._made[key]

    def _column(self, name: str, own: Series, short: Why, flaws: Flaws) -> Column:
        if self._seen is None:
            return Column(name, own, flaws, short)
        return Column(name, own, self._seen.flaws, short, Coarse(self._seen.onto, flaws))


def gaps(window: Window) -> Holds | None:
    """At each bar whether the window up to it has a gap, as `Window.has_gap` says; None when no bar is missing at all."""
    opens, step = window.opens_ms, window.span // _MS
    if bool((np.diff(opens) == step).all()):
        return None
    place = np.arange(len(opens))
    oldest = np.searchsorted(opens, opens - GAP_WINDOW * step, side="right")
    first = np.maximum(oldest, place - (GAP_WINDOW - 1))
    tail = np.maximum(first, place - (GAP_TAIL - 1))
    missing = (opens - opens[first]) // step - (place - first)
    return (missing > GAPS_MAX) | ((opens - opens[tail]) // step - (place - tail) > 0)


def coarse_window(window: Window, span: timedelta) -> tuple[Window, Places, Holds]:
    """The whole coarse bars of a window; at each bar of it the place of the newest that had closed (-1: none); and where that is late.

    A coarse bar that lacks one of its finer bars is missing, and so is what began before the window. It is late where a newer one
    should have closed.
    """
    step, wide = window.span // _MS, span // _MS
    if wide <= step or wide % step:
        raise BadInput(f"{span} is no multiple of {window.span}.")
    opens = window.opens_ms
    begins = opens // wide * wide
    first = np.flatnonzero(np.diff(begins, prepend=begins[:1] - 1))
    count = np.diff(first, append=len(opens))
    whole = count == wide // step
    start, width = first[whole], wide // step
    ends = begins[start] + wide
    onto = np.searchsorted(ends, opens + step, side="right") - 1
    due = (opens + step) // wide * wide
    late = np.zeros(len(opens), dtype=np.bool_)
    late[onto >= 0] = ends[onto[onto >= 0]] < due[onto >= 0]
    rows = (
        window.open[start],
        _fold(window.high, start, width, np.maximum),
        _fold(window.low, start, width, np.minimum),
        window.close[start + width - 1],
        _fold(window.volume, start, width, np.add),
    )
    return Window(window.symbol, span, begins[start], *rows), onto, late


def _fold(values: Series, start: Places, width: int, how: np.ufunc) -> Series:
    """One value for each group of `width` values, always joined in the same order."""
    joined = values[start]
    for back in range(1, width):
        joined = how(joined, values[start + back])
    return np.asarray(joined, dtype=np.float64)


def _are_sound(window: Window) -> Holds:
    lows = np.minimum(window.low, np.minimum(window.high, window.close))
    return np.isfinite(lows + window.high + window.close) & (lows > 0)


def _bad(sound: Holds) -> Holds | None:
    """From the first bar that is not sound on; None when all are."""
    return None if bool(sound.all()) else np.logical_or.accumulate(~sound)


def _short(needed: int) -> Why:
    return lambda place: TOO_FEW_BARS if place + 1 < needed else NO_MOVEMENT
