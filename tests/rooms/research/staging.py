"""Made bars, and a strategy that says what it is told to say: what a backtest of a few bars needs."""

from dataclasses import dataclass, field, replace
from datetime import timedelta
from decimal import Decimal
from typing import Any, Final

import numpy as np
from typing_extensions import override

from interlock.market import Window
from interlock.research import Fills, Lane, Run, Setup, backtest
from interlock.risk.limits import Limits
from interlock.simulator import recordings
from interlock.strategy.bars import Bars
from interlock.strategy.columns import Columns, Condition
from interlock.strategy.contract import Percent, Strategy
from interlock.values import Instrument
from tests.rooms.making import BTC, HOUR, LIMITS, START, D, row

WARM: Final = 60
FREE: Final = Fills(maker_rate=D(0), taker_rate=D(0), half_spread=D(0), hourly_interest_rate=D(0))
STOP: Final = Percent(D(5))
TARGET: Final = Percent(D(10))
ETH: Final = replace(BTC, symbol="ETH_USDT", base="ETH", lot=D("0.0001"))

Prices = tuple[float, float, float, float]
"""Open, high, low and close."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told(Strategy):
    """Says BUY and SELL at these bars, and nothing else."""

    name: str = "told"
    buys: frozenset[int] = frozenset()
    sells: frozenset[int] = frozenset()
    stop: Any = STOP
    target: Any = TARGET
    price_change_pct_min: Decimal = field(default=D(0))

    @override
    def rules(self, bars: Bars) -> Columns:
        def at(name: str, told: frozenset[int]) -> Condition:
            holds = np.isin(np.arange(len(bars)), list(told))
            return Condition(name, holds, lambda i: f"Bar {i} was told.")

        return Columns((at("told", self.buys),), (at("told", self.sells),))


def bars(*told: Prices, symbol: str = "BTC_USDT", volume: float = 1000.0) -> Window:
    """A quiet market around 100, warm for every average, and then these bars; the first of them has the place `WARM`."""
    quiet = [(100.0, 100.5, 99.5, 100.0)] * WARM
    columns = np.array([*quiet, *told]).T
    opens = START.ms + np.arange(columns.shape[1], dtype=np.int64) * (
        HOUR // timedelta(milliseconds=1)
    )
    volumes = np.full(columns.shape[1], volume)
    return Window(symbol, HOUR, opens, columns[0], columns[1], columns[2], columns[3], volumes)


def lane(window: Window, *buys: int, sells: tuple[int, ...] = (), **changes: Any) -> Lane:  # noqa: ANN401  fields of every type
    """A lane that buys at these places, counted from the first told bar."""
    book: Instrument = ETH if window.symbol == "ETH_USDT" else BTC
    told = Told(buys=frozenset(WARM + n for n in buys), sells=frozenset(WARM + n for n in sells))
    owner = row(symbol=window.symbol, **changes)
    return Lane(owner, told, window, book)


def run(*lanes: Lane, fills: Fills = FREE, limits: Limits = LIMITS, cash: int = 10000) -> Run:
    return backtest(lanes, Setup(cash=D(cash), limits=limits, fills=fills))


def recorded(name: str, count: int, first: int = 0) -> Window:
    """Bars that an exchange printed."""
    rows = recordings.load(name)
    part = slice(first, first + count)
    arrays = (rows.open, rows.high, rows.low, rows.close, rows.volume)
    span = timedelta(milliseconds=rows.timeframe_ms)
    return Window(rows.symbol, span, rows.open_time[part], *(a[part] for a in arrays))
