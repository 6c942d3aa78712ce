"""Coarser bars from finer ones, whole ones alone: `market.fold`, and what it would give of a bar that lacks a part is left out."""

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from interlock.errors import BadInput
from interlock.market import Window
from interlock.research.candles.timeframe import name_of, step_of


@dataclass(frozen=True, slots=True, eq=False)
class Folded:
    """The whole coarser bars, and how many lacked a part."""

    window: Window
    parted: int


def resample(window: Window, span: timedelta) -> Folded:
    """Bars of `span`, of every one of which each finer bar is there; BadInput when the finer ones do not fill it."""
    fine, coarse = step_of(window.span), step_of(span)
    if coarse <= fine or coarse % fine:
        raise BadInput(f"Bars of {name_of(window.span)} do not make bars of {name_of(span)}.")
    opens, firsts = np.unique(window.opens_ms // coarse * coarse, return_index=True)
    ends = np.append(firsts[1:], len(window))
    whole = np.flatnonzero(ends - firsts == coarse // fine)
    lasts = ends[whole] - 1
    # Only what belongs to whole bars is reduced: reduceat reads from each start to the next.
    rows = np.concatenate([np.arange(firsts[n], ends[n]) for n in whole] or [np.array([], np.intp)])
    starts = np.arange(whole.size) * (coarse // fine)
    return Folded(
        Window(
            window.symbol,
            span,
            opens[whole],
            window.open[firsts[whole]],
            np.maximum.reduceat(window.high[rows], starts) if whole.size else window.high[:0],
            np.minimum.reduceat(window.low[rows], starts) if whole.size else window.low[:0],
            window.close[lasts],
            np.array([_sum(window.volume[firsts[n] : ends[n]].tolist()) for n in whole]),
        ),
        opens.size - whole.size,
    )


def _sum(volumes: list[float]) -> float:
    """The sum as the decimals that the exchange printed make it."""
    return float(sum(Decimal(repr(volume)) for volume in volumes))


def joined_bars(window: Window, count: int) -> tuple[Window, NDArray[np.intp]]:
    """Each `count` neighbouring bars as one, for the eye alone: no grid is kept. With the place of the last bar of each."""
    starts = np.arange(0, len(window), max(1, count))
    lasts = np.append(starts[1:], len(window)) - 1
    if not len(window):
        return window, lasts[:0]
    arrays = (
        window.open[starts],
        np.maximum.reduceat(window.high, starts),
        np.minimum.reduceat(window.low, starts),
        window.close[lasts],
        np.add.reduceat(window.volume, starts),
    )
    return Window(window.symbol, window.span, window.opens_ms[starts], *arrays), lasts
