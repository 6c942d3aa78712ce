"""How much of a result may be luck: the probability behind a Sharpe ratio, what many trials do to it, and other draws of its trades.

Sharpe ratios are per day here, not annualised, as the sources have them.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Final

import numpy as np

from interlock.research.measures.returns import Days, moments, sharpe_daily
from interlock.research.run import Run

NORMAL: Final = NormalDist()
EULER_MASCHERONI: Final = 0.5772156649015329
CELLS_MAX: Final = 2_000_000


@dataclass(frozen=True, slots=True)
class Sample:
    """What is known of some returns: their Sharpe ratio, how many there are, their skewness, and their kurtosis (3 if normal)."""

    sharpe: float
    count: int
    skewness: float
    kurtosis: float


def credibility(of: Sample, benchmark: float = 0.0) -> float | None:
    """The probability that the true Sharpe ratio is above `benchmark`, in 0 to 1.

    N((SR - SR*) sqrt(n - 1) / sqrt(1 - g3 SR + (g4 - 1)/4 SR^2)), with skewness g3 and kurtosis g4 of n returns
    (Bailey and Lopez de Prado, The Sharpe Ratio Efficient Frontier, 2012). None where it is undefined.
    """
    variance = 1 - of.skewness * of.sharpe + (of.kurtosis - 1) / 4 * of.sharpe**2
    if variance <= 0:
        return None
    return NORMAL.cdf((of.sharpe - benchmark) * math.sqrt((of.count - 1) / variance))


def probabilistic_sharpe(days: Days | None, benchmark: float = 0.0) -> float | None:
    """The credibility of the Sharpe ratio of these days; None where that is undefined."""
    ratio, shape = sharpe_daily(days), moments(days)
    if days is None or ratio is None or shape is None:
        return None
    return credibility(Sample(ratio, days.returns.size, *shape), benchmark)


def expected_best_sharpe(trials: Sequence[float]) -> float:
    """The Sharpe ratio that the best of so many independent trials without any skill would show.

    sqrt(V) ((1 - g) Z(1 - 1/N) + g Z(1 - 1/(N e))), with the variance V of the N trials' ratios and the constant g of Euler and
    Mascheroni (Bailey and Lopez de Prado, The Deflated Sharpe Ratio, 2014). One trial has nothing to choose from: 0.
    """
    count = len(trials)
    if count <= 1:
        return 0.0
    spread = float(np.std(trials, ddof=1))
    first = NORMAL.inv_cdf(1 - 1 / count)
    second = NORMAL.inv_cdf(1 - 1 / (count * math.e))
    return spread * ((1 - EULER_MASCHERONI) * first + EULER_MASCHERONI * second)


def deflated_sharpe(days: Days | None, trials: Sequence[float]) -> float | None:
    """The probability that the true Sharpe ratio is above what the best of these trials would show by luck alone.

    `trials` are the daily Sharpe ratios of all that was tried, this one among them (same source).
    """
    return probabilistic_sharpe(days, expected_best_sharpe(trials))


@dataclass(frozen=True, slots=True)
class Redrawn:
    """What other draws of the same trades come to: percentiles 5, 50 and 95, fractions of the equity of the start.

    `loss` is the share of draws that lose money; a drawdown is measured from trade to trade.
    """

    draws: int
    seed: int
    returns: tuple[float, float, float]
    drawdowns: tuple[float, float, float]
    loss: float


def redraw(run: Run, draws: int, seed: int) -> Redrawn | None:
    """A bootstrap: as many trades as there were, drawn with replacement, their profits added up (stakes do not compound).

    The same seed gives the same figures. None of less than two trades (B. Efron, 1979).
    """
    profits = np.array([float(trade.profit) for trade in run.trades]) / float(run.equity_start or 1)
    if profits.size < 2 or draws < 1:  # noqa: PLR2004 - one trade has no other order
        return None
    generator = np.random.default_rng(seed)
    finals, falls = np.empty(draws), np.empty(draws)
    step = max(1, CELLS_MAX // profits.size)
    for start in range(0, draws, step):
        part = slice(start, min(draws, start + step))
        drawn = generator.choice(profits, size=(part.stop - start, profits.size))
        path = 1 + np.cumsum(drawn, axis=1)
        peaks = np.maximum(np.maximum.accumulate(path, axis=1), 1)
        finals[part], falls[part] = path[:, -1] - 1, (1 - path / peaks).max(axis=1)
    percents = (5, 50, 95)
    return Redrawn(
        draws,
        seed,
        _three(np.percentile(finals, percents)),
        _three(np.percentile(falls, percents)),
        float((finals < 0).mean()),
    )


def _three(values: np.ndarray) -> tuple[float, float, float]:
    low, middle, high = (float(value) for value in values)
    return low, middle, high
