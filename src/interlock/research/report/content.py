"""What a page shows, as plain objects for its script: bars with their indicators, trades, curves, distributions."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from interlock.market import Window
from interlock.research.candles.folding import joined_bars
from interlock.research.candles.timeframe import step_of
from interlock.research.kept import KeptRun
from interlock.research.measures.market import held
from interlock.research.measures.measures import Measures
from interlock.research.measures.returns import rolling_sharpe, underwater
from interlock.research.report.packing import packed, thinned
from interlock.research.run import Run, Trade
from interlock.research.track import Lane

POINTS: Final = 3000
BARS_MAX: Final = 250_000
ROLLING_DAYS: Final = 90
PANES_MAX: Final = 4
# A column whose values are of the size of prices is drawn over them.
NEAR_PRICE: Final = (0.3, 3.0)
FOLDS: Final = 6


@dataclass(frozen=True, slots=True, eq=False)
class Subject:
    """A run with all that is told of it. `honesty` are the answers of the look-ahead check, where it was asked for."""

    title: str
    run: Run
    measures: Measures
    lanes: Sequence[Lane]
    body: Mapping[str, Any]
    config: Any
    others: Sequence[KeptRun]


def content(of: Subject) -> dict[str, Any]:
    """Everything that the script of the page draws."""
    per_lane = max(1, BARS_MAX // max(1, len(of.lanes)))
    return {
        "lanes": [_lane(lane, per_lane) for lane in of.lanes],
        "trades": [_trade(trade) for trade in of.run.trades],
        "curve": _curve(of),
        "others": [_other(each) for each in of.others],
        "days": _days(of.measures),
        "rolling": _rolling(of.measures),
        "rolling_days": ROLLING_DAYS,
    }


def _lane(lane: Lane, bars_max: int) -> dict[str, Any]:
    window = lane.window
    shown = {name: column.values for name, column in lane.strategy.columns(window).shown.items()}
    overlays = [name for name, values in shown.items() if _is_near(values, window)]
    drawn, places = joined_bars(window, -(-len(window) // bars_max))
    return {
        "title": f"{lane.row.symbol} · {lane.strategy.name}",
        "symbol": lane.row.symbol,
        "strategy": lane.strategy.key,
        "step": step_of(window.span),
        "opens": packed(drawn.opens_ms, "f8"),
        "bars": [packed(values) for values in drawn.arrays],
        "shown": {name: packed(values[places]) for name, values in shown.items()},
        "overlays": overlays,
        "panes": [name for name in shown if name not in overlays][:PANES_MAX],
    }


def _is_near(values: np.ndarray, window: Window) -> bool:
    ratio = values / window.close
    known = ratio[np.isfinite(ratio)]
    return bool(known.size) and NEAR_PRICE[0] < float(np.median(known)) < NEAR_PRICE[1]


def _trade(trade: Trade) -> list[Any]:
    """The order is that of the script's `FIELDS`."""
    return [
        trade.symbol,
        trade.strategy,
        trade.opened_at.ms,
        trade.closed_at.ms,
        float(trade.quantity),
        float(trade.entry),
        float(trade.exit),
        None if trade.stop is None else float(trade.stop),
        None if trade.target is None else float(trade.target),
        float(trade.profit),
        float(trade.ratio),
        float(trade.fees + trade.interest),
        trade.reason.value,
        list(trade.because),
    ]


def _curve(of: Subject) -> dict[str, Any]:
    curve, start = of.run.curve, float(of.run.equity_start)
    if not len(curve.at_ms) or start <= 0:
        return {"at": [], "equity": [], "held": [], "under": [], "exposure": []}
    places = thinned(curve.equity, POINTS)
    windows = list({lane.row.symbol: lane.window for lane in of.lanes}.values())
    share = curve.exposure / np.where(curve.equity > 0, curve.equity, np.nan)
    return {
        "at": curve.at_ms[places].tolist(),
        "equity": _numbers(curve.equity[places] / start - 1),
        "held": _numbers(held(windows, curve, start)[places] / start - 1),
        "under": _numbers(underwater(curve, start)[places]),
        "exposure": _numbers(share[places]),
    }


def _other(run: KeptRun) -> dict[str, Any]:
    first = run.equity[0] if run.equity else 1.0
    growth = [each / first - 1 for each in run.equity]
    return {"title": f"{run.title} ({run.run_id})", "at": list(run.ends_ms), "equity": growth}


def _days(measures: Measures) -> list[float]:
    return _numbers(measures.days.returns) if measures.days else []


def _rolling(measures: Measures) -> list[tuple[int, float | None]]:
    if measures.days is None:
        return []
    return [
        (at, None if v is None else round(v, 4))
        for at, v in rolling_sharpe(measures.days, ROLLING_DAYS)
    ]


def _numbers(values: np.ndarray) -> list[Any]:
    return [None if not np.isfinite(v) else round(float(v), 6) for v in values]


def months(monthly: Mapping[str, float]) -> Iterator[tuple[str, list[float | None], float]]:
    """Year by year its twelve months, None where there was none, and what the year came to."""
    years = sorted({name[:4] for name in monthly})
    for year in years:
        row = [monthly.get(f"{year}-{month:02}") for month in range(1, 13)]
        grown = np.prod([1 + each for each in row if each is not None])
        yield year, row, float(grown) - 1
