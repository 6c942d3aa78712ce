"""Equity at the close of every bar, from what was posted: cash and coins as steps, times the closes; in floats, for the eye."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from interlock.market import Window
from interlock.research.bars import MILLISECOND
from interlock.research.books import Posting
from interlock.research.run import Curve


def curve_of(windows: Mapping[str, Window], cash: Decimal, postings: Sequence[Posting]) -> Curve:
    """The curve of an account that began with this cash, over the bars of every base."""
    ends = [w.opens_ms + w.span // MILLISECOND for w in windows.values()]
    at_ms = union(ends)
    times = np.array([posting.at.micros // 1000 for posting in postings], dtype=np.int64)
    places = np.minimum(np.searchsorted(at_ms, times, side="right"), len(at_ms) - 1)
    moved = [float(posting.cash) for posting in postings]
    equity = float(cash) + _steps(places, moved, len(at_ms))
    exposure = np.zeros(len(at_ms))
    for base, window in windows.items():
        mine = [n for n, posting in enumerate(postings) if posting.base == base]
        if mine:
            coins = [float(postings[n].coins) for n in mine]
            exposure += _steps(places[mine], coins, len(at_ms)) * prices(window, at_ms)
    return Curve(at_ms, equity + exposure, exposure)


def union(times: Sequence[NDArray[np.int64]]) -> NDArray[np.int64]:
    """All of these times, in order, each once."""
    first = times[0]
    if all(np.array_equal(first, each) for each in times[1:]):
        return first
    return np.unique(np.concatenate(times))


def _steps(places: NDArray[np.int64], moved: Sequence[float], length: int) -> NDArray[np.float64]:
    return np.cumsum(np.bincount(places, weights=moved, minlength=length))


def prices(window: Window, at_ms: NDArray[np.int64]) -> NDArray[np.float64]:
    """The newest close at each instant; nothing before the first."""
    ends = window.opens_ms + window.span // MILLISECOND
    if len(ends) == len(at_ms) and np.array_equal(ends, at_ms):
        return window.close
    places = np.searchsorted(ends, at_ms, side="right") - 1
    return np.where(places >= 0, window.close[places], 0.0)
