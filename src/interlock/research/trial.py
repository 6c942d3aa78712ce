"""What a candidate is tried on, and its figures, exactly: by the row that trades.

A subject is a strategy on some symbols over a part of their bars. Bars before the part are warm-up, all of them: a strategy knows there
what it would have known, and decides nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from interlock.errors import BadInput
from interlock.market import Window
from interlock.research.candidates import Candidate, Metrics, Spaces
from interlock.research.engine import Setup, backtest
from interlock.research.measures.dealings import dealings_of
from interlock.research.measures.luck import Sample, credibility, expected_best_sharpe
from interlock.research.measures.returns import (
    calmar,
    days_of,
    max_drawdown,
    moments,
    sharpe,
    sharpe_daily,
    sortino,
    total_return,
)
from interlock.research.pool import Evaluate, Series
from interlock.research.run import Curve, Run
from interlock.research.space import Space
from interlock.research.track import Lane
from interlock.strategy.contract import Strategy
from interlock.strategy.watchlist import WatchlistRow
from interlock.values import Instant, Instrument


@dataclass(frozen=True, slots=True)
class Subject:
    """A space of strategies on some symbols, deciding on bars that open at `since` or later and before `until`."""

    space: Space
    symbols: tuple[str, ...]
    since: Instant | None = None
    until: Instant | None = None

    def window(self, symbol: str, series: Series) -> Window:
        """The bars of a symbol, warm-up and part; BadInput when nothing can be decided on them."""
        span = self.space.strategy.timeframe
        found = [each for each in series if (each.symbol, each.span) == (symbol, span)]
        if not found:
            raise BadInput(f"There are no bars of {symbol} in {span}.")
        window = found[0]
        if self.until is None:
            return window
        return window.head(int(np.searchsorted(window.opens_ms, self.until.ms)))


@dataclass(frozen=True, slots=True)
class Account:
    """On what is traded: cash, limits and fills, what a row asks for besides its symbol (its stake too), and the book of every symbol."""

    setup: Setup
    row: WatchlistRow
    books: Mapping[str, Instrument]


@dataclass(frozen=True, slots=True)
class Trial:
    """Everything that an evaluation needs besides the bars; it crosses to every process that evaluates."""

    subjects: Mapping[str, Subject]
    account: Account

    @property
    def spaces(self) -> Spaces:
        """What can be searched."""
        return {name: subject.space for name, subject in self.subjects.items()}

    def lanes(self, name: str, strategy: Strategy, series: Series) -> list[Lane]:
        """A strategy on every symbol of a subject."""
        subject, account = self.subjects[name], self.account
        return [
            Lane(
                replace(account.row, symbol=symbol),
                strategy,
                subject.window(symbol, series),
                account.books[symbol],
                since=subject.since,
            )
            for symbol in subject.symbols
        ]


@dataclass(frozen=True, slots=True)
class Exactly:
    """Makes what evaluates by the row that trades."""

    trial: Trial

    def __call__(self, series: Series) -> Evaluate:
        """What evaluates candidates on these bars."""
        return Exact(self.trial, series)


@dataclass(frozen=True, slots=True, eq=False)
class Exact:
    """Evaluates by the row that trades."""

    trial: Trial
    series: Series

    def __call__(self, candidate: Candidate) -> Metrics:
        """The figures of a candidate."""
        return figures_of(self.run(candidate, self.trial.account.setup))

    def run(self, candidate: Candidate, setup: Setup) -> Run:
        """The run of a candidate, without its warm-up."""
        subject = self.trial.subjects[candidate.subject]
        strategy = subject.space.at(candidate.params)
        run = backtest(self.trial.lanes(candidate.subject, strategy, self.series), setup)
        return run if subject.since is None else warm(run, subject.since)


def figures_of(run: Run) -> Metrics:
    """The figures by which candidates are held against each other; what is undefined is None, and what never fell fell by zero."""
    deals = dealings_of(run.trades)
    return {
        **ratios(run),
        "trades": deals.trades,
        "win_rate": deals.win_rate,
        "profit_factor": deals.profit_factor,
        "profit": float(deals.profit),
        "fees": float(deals.fees),
        "signals": run.signals,
        "blocked": sum(run.blocked.values()),
        "bars": run.bars,
    }


def deflated(figures: Metrics, trials: Sequence[float]) -> float | None:
    """The probability that the Sharpe ratio of these figures is more than the luck of so many trials (daily ratios)."""
    found = [figures.get(name) for name in ("sharpe_daily", "days", "skewness", "kurtosis")]
    known = [float(each) for each in found if isinstance(each, int | float)]
    if len(known) < len(found):
        return None
    ratio, days, skewness, kurtosis = known
    return credibility(Sample(ratio, int(days), skewness, kurtosis), expected_best_sharpe(trials))


def ratios(run: Run) -> dict[str, float | int | str | None]:
    """The figures of an equity curve."""
    days, fall = days_of(run), max_drawdown(run)
    shape = moments(days) or (None, None)
    return {
        "total_return": total_return(run),
        "sharpe": sharpe(days),
        "sharpe_daily": sharpe_daily(days),
        "sortino": sortino(days),
        "calmar": calmar(days, fall),
        "max_drawdown": fall.size if fall else 0.0,
        "days": days.returns.size if days else 0,
        "skewness": shape[0],
        "kurtosis": shape[1],
    }


def warm(run: Run, since: Instant) -> Run:
    """The run from the close of the first bar on that is no warm-up."""
    curve = run.curve
    kept = curve.at_ms > since.ms
    after = Curve(curve.at_ms[kept], curve.equity[kept], curve.exposure[kept])
    return replace(run, curve=after)
