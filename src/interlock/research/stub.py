"""Stands in for strategy/columns until that is merged."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from interlock.market import Window
from interlock.strategy.decide import decision, index
from interlock.strategy.distances import stop_distance, target_distance
from interlock.strategy.presets import Stop, Target
from interlock.strategy.signal import Flag, Signal
from interlock.strategy.watchlist import WatchlistRow
from interlock.values import Instant, Unknown


@dataclass(frozen=True, slots=True, eq=False)
class Condition:
    name: str
    holds: NDArray[np.bool_] | None
    because: Callable[[int], str]


@dataclass(frozen=True, slots=True, eq=False)
class Columns:
    buys: tuple[Condition, ...]
    sells: tuple[Condition, ...]
    values: Mapping[str, NDArray[np.float64]]
    length: int

    @property
    def entry(self) -> NDArray[np.bool_]:
        return self._all(self.buys)

    @property
    def exit(self) -> NDArray[np.bool_]:
        return self._all(self.sells) & ~self.entry if self.sells else np.zeros(self.length, bool)

    def _all(self, them: tuple[Condition, ...]) -> NDArray[np.bool_]:
        return np.logical_and.reduce([c.holds for c in them if c.holds is not None])


class Strategy(Protocol):
    name: str
    key: str
    timeframe: timedelta
    stop: Stop | None
    target: Target | None
    price_change_pct_min: Decimal

    def columns(self, window: Window) -> Columns: ...


def signal_at(
    row: WatchlistRow, strategy: Strategy, columns: Columns, window: Window, i: int
) -> Signal:
    def flags(them: tuple[Condition, ...]) -> tuple[Flag, ...]:
        return tuple(
            Flag(c.name, None if c.holds is None else bool(c.holds[i]), c.because(i)) for c in them
        )

    buys, sells = flags(columns.buys), flags(columns.sells)
    sells = sells or (Flag("sell_none", False, "never"),)
    close = Decimal(repr(window.close.item(i)))
    values = {
        k: v.item(i) if np.isfinite(v.item(i)) else Unknown("x") for k, v in columns.values.items()
    }
    a = values.get("atr", Unknown("no atr"))
    atr = a if isinstance(a, Unknown) else Decimal(repr(a))
    stop = stop_distance(row, strategy.stop, close, atr)
    target = target_distance(row, strategy.target, close, stop)
    opens = Instant(window.opens_ms.item(i) * 1000)
    return Signal(
        row.symbol,
        strategy.key,
        opens,
        opens + window.span,
        decision(buys, sells),
        index(buys),
        close,
        (*buys, *sells),
        values,
        stop.size,
        target.size,
        stop.source,
        target.source,
    )
