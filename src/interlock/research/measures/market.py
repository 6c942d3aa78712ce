"""What the market did meanwhile: buying everything at the first open and holding it, without a fee."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from interlock.market import Window
from interlock.research.candles.timeframe import step_of
from interlock.research.run import Curve


def changes(windows: Sequence[Window]) -> Mapping[str, float]:
    """For each symbol its last close over its first open, less one."""
    return {w.symbol: float(w.close[-1] / w.open[0]) - 1 for w in windows if len(w)}


def buy_and_hold(windows: Sequence[Window]) -> float | None:
    """The mean of these changes: an equal share of each symbol, bought once."""
    found = list(changes(windows).values())
    return sum(found) / len(found) if found else None


def held(windows: Sequence[Window], curve: Curve, start: float) -> NDArray[np.float64]:
    """What buying and holding would be worth at each bar of the curve; a symbol is worth its share until its first bar has closed."""
    worth = np.zeros(len(curve.at_ms))
    for window in windows:
        closes = window.opens_ms + step_of(window.span)
        place = np.searchsorted(closes, curve.at_ms, side="right") - 1
        worth += np.where(place >= 0, window.close[place] / window.open[0], 1.0)
    return worth * start / max(1, len(windows))
