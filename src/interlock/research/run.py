"""What a backtest leaves: its trades, what was blocked by which rule, and its equity bar by bar."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from interlock.values import Instant


class ExitReason(StrEnum):
    """What ended a trade: its stop, its target, a SELL of its strategy, the strategy's own `manage`, or the last bar of the data."""

    STOP = "STOP"
    TARGET = "TARGET"
    SIGNAL = "SIGNAL"
    MANAGE = "MANAGE"
    END = "END"


@dataclass(frozen=True, slots=True)
class Trade:
    """One lot from its first execution to its last. Quantity in base; prices in quote per base, averages; money in quote.

    `profit` is after `fees` (both sides, quote) and `interest`. `opened_at` and `closed_at` are when it was executed, `signal_bar` the
    opening of the bar that decided it; `stop` and `target` are the levels it was protected with first.
    """

    symbol: str
    strategy: str
    signal_bar: Instant
    opened_at: Instant
    closed_at: Instant
    quantity: Decimal
    entry: Decimal
    exit: Decimal
    stop: Decimal | None
    target: Decimal | None
    fees: Decimal
    interest: Decimal
    profit: Decimal
    reason: ExitReason
    because: tuple[str, ...] = ()

    @property
    def ratio(self) -> Decimal:
        """Profit as a fraction of what was paid for the lot."""
        return self.profit / (self.entry * self.quantity)


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """Equity at the close of each bar, in quote, as float64 for charts and statistics; `at_ms` is when each bar closed (int64, UTC)."""

    at_ms: NDArray[np.int64]
    equity: NDArray[np.float64]
    exposure: NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """One backtest. `blocked` counts signals by the code of the rule that kept them; `bars` counts those of all symbols."""

    trades: tuple[Trade, ...]
    blocked: Mapping[str, int]
    signals: int
    bars: int
    equity_start: Decimal
    equity_end: Decimal
    curve: Curve
