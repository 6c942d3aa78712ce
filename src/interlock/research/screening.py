"""What a candidate is tried on in floats: its figures are nearly those of the exact run, a thousand times as fast.

Only what looks good here is worth an exact run, and nothing is decided without one.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

import numpy as np

from interlock.market import Window
from interlock.research.bars import MILLISECOND
from interlock.research.candidates import Candidate, Metrics
from interlock.research.pool import Evaluate, Series
from interlock.research.run import Curve, Run
from interlock.research.screen import Screen, Screened
from interlock.research.trial import Trial, ratios, warm
from interlock.values import Instant

# A screen remembers the columns of every strategy that it saw: so many candidates share one.
SCREENED_MAX: Final = 16


@dataclass(frozen=True, slots=True)
class InFloats:
    """Makes what screens."""

    trial: Trial

    def __call__(self, series: Series) -> Evaluate:
        """What evaluates candidates on these bars."""
        return Screening(self.trial, series)


@dataclass(slots=True, eq=False)
class Screening:
    """Evaluates in floats: symbol by symbol, each with all the cash, and by what was realised, not by what was held."""

    trial: Trial
    series: Series
    _screens: dict[str, list[Screen]] = field(default_factory=dict)
    _seen: int = 0

    def __call__(self, candidate: Candidate) -> Metrics:
        """The figures of a candidate."""
        self._seen += 1
        if self._seen % SCREENED_MAX == 0:
            self._screens.clear()
        subject = self.trial.subjects[candidate.subject]
        strategy = subject.space.at(candidate.params)
        screens = self._screens.get(candidate.subject)
        if screens is None:
            lanes = self.trial.lanes(candidate.subject, strategy, self.series)
            screens = [Screen(lane, self.trial.account.setup) for lane in lanes]
            self._screens[candidate.subject] = screens
        found = [(each.lane.window, each.of(strategy)) for each in screens]
        return _screened(found, self.trial.account.setup.cash, subject.since)


def _screened(
    found: Sequence[tuple[Window, Screened]], cash: Decimal, since: Instant | None
) -> Metrics:
    """As `figures_of`, of what every trade realised at the close of the bar in which it ended."""
    ends = [window.opens_ms + window.span // MILLISECOND for window, _ in found]
    at_ms = np.unique(np.concatenate(ends))
    left = [end[one.lots.left[: one.trades]] for end, (_, one) in zip(ends, found, strict=True)]
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
