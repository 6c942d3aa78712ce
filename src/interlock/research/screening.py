"""What a candidate is tried on in floats: its figures are nearly those of the exact run, a thousand times as fast.

Only what looks good here is worth an exact run, and nothing is decided without one.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Final

import numpy as np
from numpy.typing import NDArray

from interlock.market import Window
from interlock.research.bars import MILLISECOND
from interlock.research.candidates import Candidate, Metrics
from interlock.research.curve import union
from interlock.research.measures.returns import DAY_MS
from interlock.research.pool import Evaluate, Series
from interlock.research.run import Curve, Run
from interlock.research.screen import Screen, Screened
from interlock.research.track import Lane
from interlock.research.trial import Trial, ratios, warm
from interlock.strategy.contract import Strategy
from interlock.values import Instant

# A screen remembers the columns of every strategy that it heard, so it is made anew after so many.
HEARD_MAX: Final = 16


@dataclass(frozen=True, slots=True)
class InFloats:
    """Makes what screens."""

    trial: Trial

    def __call__(self, series: Series) -> Evaluate:
        """What evaluates candidates on these bars."""
        return Screening(self.trial, series)


@dataclass(frozen=True, slots=True, eq=False)
class Ready:
    """One subject, ready to be screened: its symbols, and when the last bar of each day closed."""

    screens: Sequence[Screen]
    at_ms: NDArray[np.int64]


@dataclass(slots=True, eq=False)
class Screening:
    """Evaluates in floats: symbol by symbol, each with all the cash, and by what was realised, not by what was held."""

    trial: Trial
    series: Series
    _ready: dict[str, Ready] = field(default_factory=dict)
    _heard: set[tuple[str, Strategy]] = field(default_factory=set)

    def __call__(self, candidate: Candidate) -> Metrics:
        """The figures of a candidate."""
        subject, cash = self.trial.subjects[candidate.subject], self.trial.account.setup.cash
        strategy = subject.space.at(candidate.params)
        ready = self._of(candidate.subject, strategy)
        found = [(each.lane.window, each.of(strategy)) for each in ready.screens]
        return _screened(found, ready.at_ms, cash, subject.since)

    def _of(self, name: str, strategy: Strategy) -> Ready:
        """What is ready for a strategy; those that differ in stop and target alone hear the same columns."""
        self._heard.add((name, replace(strategy, stop=None, target=None)))
        if len(self._heard) > HEARD_MAX:
            self._heard.clear()
            self._ready.clear()
        if name not in self._ready:
            lanes = self.trial.lanes(name, strategy, self.series)
            screens = [Screen(lane, self.trial.account.setup) for lane in lanes]
            self._ready[name] = Ready(screens, _last_of_days(lanes))
        return self._ready[name]


def _screened(
    found: Sequence[tuple[Window, Screened]],
    at_ms: NDArray[np.int64],
    cash: Decimal,
    since: Instant | None,
) -> Metrics:
    """As `figures_of`, of what the trades that ended in a day realised; a fall inside a day is not seen."""
    left = [_ends(window)[one.lots.left[: one.trades]] for window, one in found]
    profit = np.concatenate([one.lots.profit[: one.trades] for _, one in found])
    places = np.searchsorted(at_ms, np.concatenate(left))
    gained = np.bincount(places, weights=profit, minlength=len(at_ms))
    equity = np.cumsum(gained, dtype=np.float64) + float(cash)
    curve = Curve(at_ms, equity, np.zeros(len(at_ms)))
    whole = Run((), {}, 0, len(at_ms), cash, Decimal(repr(float(equity[-1]))), curve)
    won, lost = float(profit[profit > 0].sum()), float(-profit[profit < 0].sum())
    count = len(profit)
    return {
        **ratios(whole if since is None else warm(whole, since)),
        "trades": count,
        "win_rate": int((profit > 0).sum()) / count if count else None,
        "profit_factor": won / lost if lost else None,
        "profit": float(profit.sum()),
    }


def _ends(window: Window) -> NDArray[np.int64]:
    """When each bar closed."""
    return np.asarray(window.opens_ms + window.span // MILLISECOND, dtype=np.int64)


def _last_of_days(lanes: Sequence[Lane]) -> NDArray[np.int64]:
    """A bar that closes at midnight is the last of the day that ends."""
    at_ms = union([_ends(lane.window) for lane in lanes])
    day = (at_ms - 1) // DAY_MS
    places = np.append(np.flatnonzero(np.diff(day)), len(day) - 1)
    return np.asarray(at_ms[places], dtype=np.int64)
