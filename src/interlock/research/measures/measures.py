"""All measures of a run in one object, and as one flat row of figures for a program or a table."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import timedelta
from decimal import Decimal
from typing import Any, Final

from interlock.market import Window
from interlock.research.measures import luck, market, returns
from interlock.research.measures.dealings import (
    Dealings,
    by_entry,
    by_exit,
    by_symbol,
    dealings_of,
    turnover,
)
from interlock.research.measures.returns import Days, Drawdown
from interlock.research.run import Run
from interlock.values import Instant

DRAWS: Final = 1000


@dataclass(frozen=True, slots=True, eq=False)
class Measures:
    """What a run amounts to; ratios are plain factors and fractions, not percent. None: undefined.

    `exposure_mean` is the mean of what was held over equity, what fees in coins left of lots included;
    `turnover` what was bought and sold over the mean of equity.
    """

    total_return: float | None
    annualised_return: float | None
    volatility: float | None
    sharpe: float | None
    sortino: float | None
    calmar: float | None
    omega: float | None
    value_at_risk: float | None
    expected_shortfall: float | None
    best_day: float | None
    worst_day: float | None
    probabilistic_sharpe: float | None
    deflated_sharpe: float | None
    buy_and_hold: float | None
    exposure_time: float | None
    exposure_mean: float | None
    turnover: float | None
    drawdown: Drawdown | None
    days: Days | None
    monthly: Mapping[str, float]
    market: Mapping[str, float]
    trades: Dealings
    by_symbol: Mapping[str, Dealings]
    by_entry: Mapping[str, Dealings]
    by_exit: Mapping[str, Dealings]
    redrawn: luck.Redrawn | None


def measure(
    run: Run, windows: Sequence[Window], seed: int = 0, trials: Sequence[float] = ()
) -> Measures:
    """Everything that is measured of a run over these windows; `trials` are the daily Sharpe ratios of what else was tried."""
    days, fall = returns.days_of(run), returns.max_drawdown(run)
    daily = returns.sharpe_daily(days)
    extremes = returns.best_and_worst_day(days)
    held = run.curve.exposure
    has_bars = len(held) > 0 and run.curve.equity.min() > 0
    return Measures(
        total_return=returns.total_return(run),
        annualised_return=returns.annualised_return(days),
        volatility=returns.volatility(days),
        sharpe=returns.sharpe(days),
        sortino=returns.sortino(days),
        calmar=returns.calmar(days, fall),
        omega=returns.omega(days),
        value_at_risk=returns.value_at_risk(days),
        expected_shortfall=returns.expected_shortfall(days),
        best_day=extremes[0] if extremes else None,
        worst_day=extremes[1] if extremes else None,
        probabilistic_sharpe=luck.probabilistic_sharpe(days),
        deflated_sharpe=luck.deflated_sharpe(days, [*trials, daily] if daily is not None else ()),
        buy_and_hold=market.buy_and_hold(windows),
        exposure_time=returns.time_in_market(run),
        exposure_mean=float((held / run.curve.equity).mean()) if has_bars else None,
        turnover=float(turnover(run.trades)) / float(run.curve.equity.mean()) if has_bars else None,
        drawdown=fall,
        days=days,
        monthly=returns.monthly(days),
        market=market.changes(windows),
        trades=dealings_of(run.trades),
        by_symbol=by_symbol(run.trades),
        by_entry=by_entry(run.trades),
        by_exit=by_exit(run.trades),
        redrawn=luck.redraw(run, DRAWS, seed),
    )


RATIOS: Final = (
    *("total_return", "annualised_return", "volatility", "sharpe", "sortino", "calmar", "omega"),
    *("value_at_risk", "expected_shortfall", "best_day", "worst_day", "probabilistic_sharpe"),
    *("deflated_sharpe", "buy_and_hold", "exposure_time", "exposure_mean", "turnover"),
)


def figures(found: Measures) -> dict[str, Any]:
    """Every measure as JSON has it: numbers, texts and null; spans in hours."""
    fall, drawn = found.drawdown, found.redrawn
    return {
        **{name: getattr(found, name) for name in RATIOS},
        "max_drawdown": fall.size if fall else None,
        "max_drawdown_start": fall.start.iso() if fall else None,
        "max_drawdown_bottom": fall.bottom.iso() if fall else None,
        "max_drawdown_end": fall.end.iso() if fall and fall.end else None,
        "max_drawdown_hours": _plain(fall.duration) if fall else None,
        **row(found.trades),
        "monthly": dict(found.monthly),
        "market_change": dict(found.market),
        "by_symbol": {name: row(each) for name, each in found.by_symbol.items()},
        "by_entry": {name: row(each) for name, each in found.by_entry.items()},
        "by_exit": {name: row(each) for name, each in found.by_exit.items()},
        "monte_carlo": {f.name: getattr(drawn, f.name) for f in fields(drawn)} if drawn else None,
    }


def row(of: Dealings) -> dict[str, Any]:
    """The measures of some trades as JSON has them; spans in hours."""
    return {
        field.name + ("_hours" if field.name.startswith("held") else ""): _plain(
            getattr(of, field.name)
        )
        for field in fields(of)
    }


def _plain(value: object) -> object:
    match value:
        case timedelta():
            return value / timedelta(hours=1)
        case Instant():
            return value.iso()
        case Decimal():
            return round(value, 8)
        case _:
            return value
