"""Measures of an equity curve by the day: the basis of every ratio here is the return of a UTC day, without a risk-free rate.

A day's equity is that of its last bar; a day without bars keeps the equity of the day before. A year has 365 days: this market
never closes.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType
from typing import Final

import numpy as np
from numpy.typing import NDArray

from interlock.research.run import Curve, Run
from interlock.values import Instant

Floats = NDArray[np.float64]
YEAR_DAYS: Final = 365
DAY_MS: Final = 24 * 60 * 60 * 1000
TAIL: Final = 0.05
TAIL_DAYS_MIN: Final = 20


@dataclass(frozen=True, slots=True, eq=False)
class Days:
    """Equity at the end of each UTC day (`ends_ms`), and the return of each day; the first starts from the equity of the start."""

    ends_ms: NDArray[np.int64]
    equity: Floats
    returns: Floats


def days_of(run: Run) -> Days | None:
    """The days of a run; None of an empty one, or of one whose equity was ever zero or less."""
    curve, start = run.curve, float(run.equity_start)
    if not len(curve.at_ms) or start <= 0 or curve.equity.min() <= 0:
        return None
    # A bar that closes at midnight belongs to the day that ends with it.
    day = (curve.at_ms - 1) // DAY_MS
    every = np.arange(day[0], day[-1] + 1)
    equity = curve.equity[np.searchsorted(day, every, side="right") - 1]
    returns = equity / np.concatenate(([start], equity[:-1])) - 1
    return Days((every + 1) * DAY_MS, equity, returns)


def total_return(run: Run) -> float | None:
    """E1 / E0 - 1."""
    start = float(run.equity_start)
    return float(run.equity_end) / start - 1 if start > 0 else None


def annualised_return(days: Days | None) -> float | None:
    """(E1 / E0) ^ (365 / days) - 1, geometric; None of less than a day, or above what a float holds."""
    if days is None or not days.returns.size:
        return None
    grown = float(np.log1p(days.returns).sum()) * YEAR_DAYS / days.returns.size
    return math.expm1(grown) if grown < math.log(1e300) else None


def volatility(days: Days | None) -> float | None:
    """The sample standard deviation of daily returns times the root of 365."""
    spread = _deviation(days)
    return spread * math.sqrt(YEAR_DAYS) if spread is not None else None


def sharpe(days: Days | None) -> float | None:
    """Mean over sample standard deviation of daily returns, times the root of 365 (W. F. Sharpe, 1994); None without deviation."""
    daily = sharpe_daily(days)
    return daily * math.sqrt(YEAR_DAYS) if daily is not None else None


def sharpe_daily(days: Days | None) -> float | None:
    """The same, not annualised."""
    spread = _deviation(days)
    return float(days.returns.mean()) / spread if days is not None and spread else None


def _deviation(days: Days | None) -> float | None:
    if days is None or days.returns.size < 2:  # noqa: PLR2004 - one day deviates from nothing
        return None
    return float(days.returns.std(ddof=1))


def sortino(days: Days | None) -> float | None:
    """Mean over the root of the mean square of losing days (all days counted), times the root of 365 (Sortino and Price, 1994)."""
    if days is None or days.returns.size < 2:  # noqa: PLR2004 - as above
        return None
    downside = math.sqrt(float(np.square(np.minimum(days.returns, 0)).mean()))
    return float(days.returns.mean()) / downside * math.sqrt(YEAR_DAYS) if downside else None


def omega(days: Days | None) -> float | None:
    """The sum of what winning days won over the sum of what losing days lost, at a threshold of zero (Keating and Shadwick, 2002)."""
    if days is None:
        return None
    lost = float(np.maximum(-days.returns, 0).sum())
    return float(np.maximum(days.returns, 0).sum()) / lost if lost else None


def value_at_risk(days: Days | None) -> float | None:
    """What a day loses at most in 19 of 20: the negated 5 % quantile of daily returns, as they were; None of less than 20 days."""
    if days is None or days.returns.size < TAIL_DAYS_MIN:
        return None
    return -float(np.quantile(days.returns, TAIL))


def expected_shortfall(days: Days | None) -> float | None:
    """CVaR: the mean loss of the days that lose as much as the value at risk, or more."""
    limit = value_at_risk(days)
    if days is None or limit is None:
        return None
    return -float(days.returns[days.returns <= -limit].mean())


def best_and_worst_day(days: Days | None) -> tuple[float, float] | None:
    """The largest and the smallest return of a day."""
    if days is None or not days.returns.size:
        return None
    return float(days.returns.max()), float(days.returns.min())


def moments(days: Days | None) -> tuple[float, float] | None:
    """Skewness and kurtosis (3 for a normal distribution) of daily returns, of the population; None without deviation."""
    if days is None or not days.returns.size or not days.returns.std():
        return None
    centred = (days.returns - days.returns.mean()) / days.returns.std()
    return float((centred**3).mean()), float((centred**4).mean())


def monthly(days: Days | None) -> Mapping[str, float]:
    """The return of each calendar month, compounded of its days."""
    if days is None:
        return MappingProxyType({})
    months = (days.ends_ms - 1).astype("datetime64[ms]").astype("datetime64[M]")
    names, firsts = np.unique(months, return_index=True)
    grown = np.expm1(np.add.reduceat(np.log1p(days.returns), firsts))
    return MappingProxyType({str(n): float(r) for n, r in zip(names, grown, strict=True)})


def rolling_sharpe(days: Days, window: int) -> Iterator[tuple[int, float | None]]:
    """For each day that has so many days behind it: when it ended, and the annualised Sharpe ratio of those days."""
    for end in range(window, days.returns.size + 1):
        part = slice(end - window, end)
        seen = Days(days.ends_ms[part], days.equity[part], days.returns[part])
        yield int(days.ends_ms[end - 1]), sharpe(seen)


def time_in_market(run: Run) -> float | None:
    """The share of bars at whose close a trade was open."""
    at = run.curve.at_ms
    if not len(at):
        return None
    opened = np.searchsorted(at, np.array([each.opened_at.ms for each in run.trades]))
    closed = np.searchsorted(at, np.array([each.closed_at.ms for each in run.trades]))
    change = np.bincount(opened, minlength=len(at) + 1) - np.bincount(closed, minlength=len(at) + 1)
    return float((np.cumsum(change)[:-1] > 0).mean())


# ---------------------------------------------------------------- drawdown


@dataclass(frozen=True, slots=True)
class Drawdown:
    """The deepest fall from a peak: `size` as a fraction of it; `end` is when equity stood above the peak again, None: it never did."""

    size: float
    start: Instant
    bottom: Instant
    end: Instant | None
    duration: timedelta


def underwater(curve: Curve, start: float) -> Floats:
    """How far equity is below its highest so far, at each bar, as a fraction of it, zero or less; the start counts as a peak."""
    peaks = np.maximum(np.maximum.accumulate(curve.equity), start)
    return curve.equity / peaks - 1


def max_drawdown(run: Run) -> Drawdown | None:
    """The deepest fall, bar by bar; None when equity never fell. Its duration reaches to the end of the data where it did not end."""
    curve = run.curve
    if not len(curve.at_ms) or run.equity_start <= 0:
        return None
    water = underwater(curve, float(run.equity_start))
    bottom = int(water.argmin())
    if water[bottom] >= 0:
        return None
    dry = np.flatnonzero(water[:bottom] >= 0)
    # Never dry before: the peak is the start, which the first bar saw.
    peak = int(dry[-1]) if dry.size else 0
    after = np.flatnonzero(water[bottom:] >= 0)
    end = Instant.of_ms(int(curve.at_ms[bottom + after[0]])) if after.size else None
    start = Instant.of_ms(int(curve.at_ms[peak]))
    last = end or Instant.of_ms(int(curve.at_ms[-1]))
    when = Instant.of_ms(int(curve.at_ms[bottom]))
    return Drawdown(-float(water[bottom]), start, when, end, last - start)


def calmar(days: Days | None, drawdown: Drawdown | None) -> float | None:
    """Annualised return over the largest drawdown of the whole run (T. W. Young, 1991, who took three years)."""
    yearly = annualised_return(days)
    return yearly / drawdown.size if yearly is not None and drawdown is not None else None
