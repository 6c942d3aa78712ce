"""Bars as research reads them: binary floats for the search, exact decimals where money moves, and nothing invented unasked.

A float of a series is the shortest text that the exchange printed, so `exact` gives the exchange's own decimal back.
"""

from datetime import timedelta
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from interlock.market import Bar, Window
from interlock.values import Instant

MILLISECOND = timedelta(milliseconds=1)


def exact(series: NDArray[np.float64], index: int) -> Decimal:
    """The decimal that the exchange printed at this index."""
    return Decimal(repr(series.item(index)))


def opens_at(window: Window, index: int) -> Instant:
    """When this bar opened."""
    return Instant(window.opens_ms.item(index) * 1000)


def bar_at(window: Window, index: int) -> Bar:
    """One bar of the window in decimals."""
    prices = (exact(series, index) for series in window.arrays)
    return Bar(window.symbol, opens_at(window, index), window.span, *prices)


def without_holes(window: Window) -> Window:
    """The window with every missing bar put in: flat at the close before it, without volume. It is asked for or not done."""
    if not len(window):
        return window
    step = window.span // MILLISECOND
    opens = np.arange(window.opens_ms[0], window.opens_ms[-1] + step, step, dtype=np.int64)
    before = np.searchsorted(window.opens_ms, opens, side="right") - 1
    is_real = window.opens_ms[before] == opens
    close = window.close[before]
    opened, high, low = (np.where(is_real, a[before], close) for a in window.arrays[:3])
    volume = np.where(is_real, window.volume[before], 0.0)
    return Window(window.symbol, window.span, opens, opened, high, low, close, volume)


def within(window: Window, since: Instant, until: Instant) -> Window:
    """The bars that open at or after `since` and before `until`."""
    first, last = np.searchsorted(window.opens_ms, [-(-since.micros // 1000), until.ms])
    arrays = (series[first:last] for series in window.arrays)
    return Window(window.symbol, window.span, window.opens_ms[first:last], *arrays)
