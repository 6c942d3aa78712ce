"""Ours on the bench's series, exactly: one symbol, a preset that speaks on every second bar, a portfolio of many symbols, and a fit.

Which of them is the second argument, so that each has a process, and a largest memory, of its own.
"""

import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from importlib.metadata import version
from typing import Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.peers.measured import STOPS, TARGETS, bars, measure, tell
from interlock.market import Window
from interlock.research import Lane, Setup, backtest, ungridded
from interlock.risk.limits import Limits
from interlock.strategy.contract import Percent
from interlock.strategy.presets import PRESETS
from interlock.values import Instrument
from tests.foreign.oracle_runs import AMOUNT_DIGITS, FILLS, LIMITS, EmaCross, row_of

Rows = dict[str, NDArray[np.float64]]

MILLISECOND: Final = timedelta(milliseconds=1)
SPAN: Final = timedelta(minutes=5)
SETUP: Final = Setup(limits=LIMITS, fills=FILLS)
VERSION: Final = version("interlock")
SYMBOLS: Final = 20
BARS: Final = 100_000
SHIFT: Final = 3331
CAPPED: Final = replace(
    LIMITS, exposure_usd_max=Decimal(10000), max_daily_loss_pct=Decimal(5), open_total_max=10
)
BOOK: Final = Instrument(
    symbol="ETH_USDT",
    base="ETH",
    quote="USDT",
    price_tick=Decimal("0.01"),
    lot=Decimal("0.0001"),
    tradable=True,
    margin_buy=True,
    max_leverage=Decimal(50),
    min_notional=Decimal(1),
)


def window(rows: Rows, count: int, symbol: str = "ETH_USDT", first: int = 0) -> Window:
    """So many bars of the series, begun somewhere else for every symbol."""
    places = (np.arange(count) + first) % len(rows["close"])
    opens = int(rows["opens_ms"][0]) + np.arange(count, dtype=np.int64) * (SPAN // MILLISECOND)
    names = ("open", "high", "low", "close", "volume")
    return Window(symbol, SPAN, opens, *(rows[name][places] for name in names))


def lane(bars_: Window) -> Lane:
    """The peers' strategy under the rules of the oracle."""
    book = ungridded(bars_.symbol, AMOUNT_DIGITS)
    return Lane(row_of(bars_.symbol), EmaCross(timeframe=SPAN), bars_, book)


def candidates() -> list[EmaCross]:
    """Stops and targets around the peers' own."""
    pairs = [(Decimal(str(s)) * 100, Decimal(str(t)) * 100) for s in STOPS for t in TARGETS]
    return [EmaCross(timeframe=SPAN, stop=Percent(s), target=Percent(t)) for s, t in pairs]


def exact(rows: Rows) -> None:
    """One symbol, about one trade in a thousand bars."""
    ours = lane(window(rows, BARS))
    few = [replace(ours, strategy=each) for each in candidates()[:4]]
    one = measure(lambda: len(backtest([ours], SETUP).trades), times=9)
    sweep = measure(lambda: [backtest([each], SETUP) for each in few])
    tell("Interlock exact", VERSION, BARS, one, len(few), sweep)


def preset(rows: Rows) -> None:
    """A shipped preset that speaks on every second bar, under the limits and fills of the live desk."""
    strategy = replace(PRESETS["scalp-aggressive"], timeframe=SPAN)
    ours = Lane(row_of("ETH_USDT", 100), strategy, window(rows, BARS), BOOK)
    one = measure(lambda: len(backtest([ours], Setup(limits=Limits())).trades))
    tell("Interlock preset", VERSION, BARS, one)


def portfolio(rows: Rows, count: int, symbols: int, times: int = 2) -> tuple[float, object]:
    """Many symbols, one account, the whole guard."""
    lanes = [lane(window(rows, count, f"C{n}_USDT", n * SHIFT)) for n in range(symbols)]
    setup = Setup(limits=CAPPED, fills=FILLS)
    return measure(lambda: len(backtest(lanes, setup).trades), times=times)


def many(rows: Rows) -> None:
    """The portfolio's figure."""
    tell("Interlock portfolio", VERSION, BARS * SYMBOLS, portfolio(rows, BARS, SYMBOLS))


def fit(rows: Rows) -> None:
    """How time grows with bars and with symbols: how good a line it is, and its slope."""
    found: dict[str, float] = {}
    grown: dict[str, list[tuple[int, float]]] = {
        "bars": [(n, portfolio(rows, n, 4)[0]) for n in (25_000, 50_000, 100_000, 200_000)],
        "symbols": [(n, portfolio(rows, 50_000, n)[0]) for n in (5, 10, 20, 40)],
    }
    for name, points in grown.items():
        x, y = np.array(points).T
        slope, start = np.polyfit(x, y, 1)
        off = y - (slope * x + start)
        found[f"{name}_r2"] = round(1 - float((off**2).sum() / ((y - y.mean()) ** 2).sum()), 4)
        found[f"{name}_microseconds_each"] = round(float(slope) * 1e6, 4)
    tell("Interlock fit", VERSION, 0, (1.0, 0), 0, None, **found)


PARTS: Final[dict[str, Callable[[Rows], None]]] = {
    "exact": exact,
    "preset": preset,
    "portfolio": many,
    "fit": fit,
}

if __name__ == "__main__":
    PARTS[sys.argv[2]](bars(sys.argv[1]))
