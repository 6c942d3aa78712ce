"""Measures of trades: what they won and lost, how long they were held, in what order they came; in money of the quote currency."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from itertools import groupby
from statistics import mean, median, stdev
from typing import Final

from interlock.research.run import Trade

ZERO: Final = Decimal(0)


@dataclass(frozen=True, slots=True)
class Dealings:
    """Of some trades. Money in quote; `ratio`s are profit as a fraction of what was paid. None: undefined of these trades.

    `profit_factor` is gross profit over gross loss; `expectancy` the mean profit; `payoff` the mean win over the mean loss;
    `sqn` the root of their number times mean over sample deviation of profits (V. Tharp, system quality number).
    """

    trades: int
    wins: int
    losses: int
    profit: Decimal
    fees: Decimal
    interest: Decimal
    win_rate: float | None
    profit_factor: float | None
    expectancy: Decimal | None
    payoff: float | None
    sqn: float | None
    average_ratio: float | None
    best_ratio: float | None
    worst_ratio: float | None
    held_mean: timedelta | None
    held_median: timedelta | None
    held_max: timedelta | None
    wins_in_a_row: int
    losses_in_a_row: int


def dealings_of(trades: Sequence[Trade]) -> Dealings:
    """Everything that is measured of these trades, in the order in which they closed."""
    ordered = sorted(trades, key=lambda each: (each.closed_at, each.opened_at, each.symbol))
    profits = [each.profit for each in ordered]
    won, lost = [p for p in profits if p > 0], [p for p in profits if p < 0]
    ratios = [float(each.ratio) for each in ordered]
    held = [each.closed_at - each.opened_at for each in ordered]
    count = len(ordered)
    return Dealings(
        trades=count,
        wins=len(won),
        losses=len(lost),
        profit=sum(profits, ZERO),
        fees=sum((each.fees for each in ordered), ZERO),
        interest=sum((each.interest for each in ordered), ZERO),
        win_rate=len(won) / count if count else None,
        profit_factor=float(sum(won) / -sum(lost)) if lost else None,
        expectancy=sum(profits, ZERO) / count if count else None,
        payoff=float(mean(won) / -mean(lost)) if won and lost else None,
        sqn=_sqn([float(profit) for profit in profits]),
        average_ratio=mean(ratios) if count else None,
        best_ratio=max(ratios, default=None),
        worst_ratio=min(ratios, default=None),
        held_mean=sum(held, timedelta()) / count if count else None,
        held_median=timedelta(seconds=median(each.total_seconds() for each in held))
        if count
        else None,
        held_max=max(held, default=None),
        wins_in_a_row=_longest(profits, lambda profit: profit > 0),
        losses_in_a_row=_longest(profits, lambda profit: profit < 0),
    )


def by_symbol(trades: Sequence[Trade]) -> Mapping[str, Dealings]:
    """The same for each symbol."""
    return _by(trades, lambda each: each.symbol)


def by_entry(trades: Sequence[Trade]) -> Mapping[str, Dealings]:
    """The same for each strategy that entered."""
    return _by(trades, lambda each: each.strategy)


def by_exit(trades: Sequence[Trade]) -> Mapping[str, Dealings]:
    """The same for each reason that ended a trade."""
    return _by(trades, lambda each: each.reason.value)


def turnover(trades: Sequence[Trade]) -> Decimal:
    """What was bought and sold together, in quote."""
    return sum(((each.entry + each.exit) * each.quantity for each in trades), ZERO)


def _by(trades: Sequence[Trade], key: Callable[[Trade], str]) -> dict[str, Dealings]:
    ordered = sorted(trades, key=key)
    return {name: dealings_of(tuple(those)) for name, those in groupby(ordered, key)}


def _sqn(profits: Sequence[float]) -> float | None:
    spread = stdev(profits) if len(profits) > 1 else 0
    return float(len(profits) ** 0.5 * mean(profits) / spread) if spread else None


def _longest(profits: Sequence[Decimal], holds: Callable[[Decimal], bool]) -> int:
    runs = (len(list(those)) for held, those in groupby(profits, holds) if held)
    return max(runs, default=0)
