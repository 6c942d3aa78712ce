"""Ours on the bench's series: exact, screen, a preset that speaks on every second bar, 200 candidates, and a portfolio of many symbols.

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

from benchmarks.peers.measured import STOPS, TARGETS, bars, measure, tell
from interlock.market import Window
from interlock.research import Lane, Setup, backtest, ungridded
from interlock.research.screen import Screen, screen
from interlock.risk.limits import Limits
from interlock.strategy.contract import Percent
from interlock.strategy.presets import PRESETS
from interlock.values import Instrument
from tests.foreign.oracle_runs import AMOUNT_DIGITS, FILLS, LIMITS, EmaCross, row_of

SPAN: Final = timedelta(minutes=5)
SETUP: Final = Setup(limits=LIMITS, fills=FILLS)
SYMBOLS: Final = 20
SHIFT: Final = 3331
CAPPED: Final = replace(LIMITS, exposure_usd_max=Decimal(10000), max_daily_loss_pct=Decimal(5))


def window(count: int, symbol: str = "ETH_USDT", first: int = 0) -> Window:
    """So many bars of the series, begun somewhere else for every symbol."""
    places = (np.arange(count) + first) % len(ROWS["close"])
    opens = ROWS["opens_ms"][:1] + np.arange(count, dtype=np.int64) * (SPAN // MILLISECOND)
    names = ("open", "high", "low", "close", "volume")
    return Window(symbol, SPAN, opens, *(ROWS[name][places] for name in names))


def lane(bars_: Window) -> Lane:
    """The peers' strategy under the rules of the oracle."""
    book = ungridded(bars_.symbol, AMOUNT_DIGITS)
    return Lane(row_of(bars_.symbol), EmaCross(timeframe=SPAN), bars_, book)


def exact() -> None:
    """One symbol, about one trade in a thousand bars."""
    ours = lane(window(len(ROWS["close"])))
    few = [replace(ours, strategy=each) for each in candidates()[:4]]
    one = measure(lambda: len(backtest([ours], SETUP).trades), times=5)
    sweep = measure(lambda: [backtest([each], SETUP) for each in few])
    tell("Interlock exact", VERSION, len(ours.window), one, len(few), sweep)


def screened() -> None:
    """The same compiled, and 200 candidates."""
    ours = lane(window(len(ROWS["close"])))
    one = measure(lambda: screen(ours, SETUP).trades, times=9)
    many = candidates()
    sweep = measure(lambda: Screen(ours, SETUP).sweep(many), times=5)
    tell("Interlock screen", VERSION, len(ours.window), one, len(many), sweep)


def preset() -> None:
    """A shipped preset that speaks on every second bar, under the limits and fills of the live desk."""
    book = Instrument(
        "ETH_USDT", "ETH", "USDT", Decimal("0.01"), Decimal("0.0001"), True, True, Decimal(50), Decimal(1)  # noqa: FBT003 - a row of the exchange's list
    )
    strategy = replace(PRESETS["scalp-aggressive"], timeframe=SPAN)
    ours = Lane(row_of("ETH_USDT", 100), strategy, window(len(ROWS["close"])), book)
    one = measure(lambda: len(backtest([ours], Setup(limits=Limits())).trades))
    tell("Interlock preset", VERSION, len(ours.window), one)


def portfolio(count: int = 100_000, symbols: int = SYMBOLS) -> tuple[float, object]:
    """Many symbols, one account, the whole guard."""
    lanes = [lane(window(count, f"C{n}_USDT", n * SHIFT)) for n in range(symbols)]
    setup = Setup(limits=CAPPED, fills=FILLS)
    return measure(lambda: len(backtest(lanes, setup).trades), times=1)


def many() -> None:
    """The portfolio's figure."""
    tell("Interlock portfolio", VERSION, 100_000 * SYMBOLS, portfolio())


def fit() -> None:
    """How time grows with bars and with symbols: the largest deviation from a line, and the line."""
    found: dict[str, float] = {}
    grown: dict[str, list[tuple[int, float]]] = {
        "bars": [(n, portfolio(n, 4)[0]) for n in (25_000, 50_000, 100_000, 200_000)],
        "symbols": [(n, portfolio(50_000, n)[0]) for n in (5, 10, 20, 40)],
    }
    for name, points in grown.items():
        x, y = np.array(points).T
        slope, start = np.polyfit(x, y, 1)
        off = y - (slope * x + start)
        found[f"{name}_r2"] = round(1 - float((off**2).sum() / ((y - y.mean()) ** 2).sum()), 4)
        found[f"{name}_microseconds_each"] = round(float(slope) * 1e6, 4)
    tell("Interlock fit", VERSION, 0, (1.0, 0), 0, None, **found)


def candidates() -> list[EmaCross]:
    """Stops and targets around the peers' own."""
    pairs = [(Decimal(str(s)) * 100, Decimal(str(t)) * 100) for s in STOPS for t in TARGETS]
    return [EmaCross(timeframe=SPAN, stop=Percent(s), target=Percent(t)) for s, t in pairs]


MILLISECOND: Final = timedelta(milliseconds=1)
VERSION: Final = version("interlock")
PARTS: Final[dict[str, Callable[[], None]]] = {
    "exact": exact,
    "screen": screened,
    "preset": preset,
    "portfolio": many,
    "fit": fit,
}

if __name__ == "__main__":
    ROWS = bars(sys.argv[1])
    PARTS[sys.argv[2]]()
