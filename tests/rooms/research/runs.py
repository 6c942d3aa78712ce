"""Runs made by hand: a curve and some trades whose measures can be reckoned on paper."""

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal

import numpy as np

from interlock.research.run import Curve, ExitReason, Run, Trade
from interlock.values import Instant

START = Instant.of_iso("2024-01-01")
DAY = timedelta(days=1)
DAY_MS = 86_400_000


def trade(profit: str, day: int = 1, hours: int = 5, **other: object) -> Trade:
    """One that bought 100 for 1 and was closed on this day."""
    closed = START + DAY * day
    made: dict[str, object] = {
        "symbol": "BTC_USDT",
        "strategy": "trend:dip",
        "signal_bar": closed - timedelta(hours=hours + 1),
        "opened_at": closed - timedelta(hours=hours),
        "closed_at": closed,
        "quantity": Decimal(100),
        "entry": Decimal(1),
        "exit": 1 + Decimal(profit) / 100,
        "stop": Decimal("0.9"),
        "target": Decimal("1.2"),
        "fees": Decimal("0.1"),
        "interest": Decimal(0),
        "profit": Decimal(profit),
        "reason": ExitReason.TARGET,
        "because": ("RSI is 12 below 30.",),
    }
    return Trade(**(made | other))  # type: ignore[arg-type] # fields by name


def run(equity: Sequence[float], trades: Sequence[Trade] = (), start: str = "100") -> Run:
    """One bar a day, closing at midnight, with half of equity at work every other day."""
    worth = np.array(equity, dtype=np.float64)
    at = START.ms + DAY_MS * np.arange(1, len(worth) + 1, dtype=np.int64)
    exposure = worth / 2 * (np.arange(len(worth)) % 2)
    end = Decimal(str(equity[-1])) if len(equity) else Decimal(start)
    blocked = {"DATA_STALE": 2}
    curve = Curve(at, worth, exposure)
    return Run(tuple(trades), blocked, len(trades) + 2, len(worth), Decimal(start), end, curve)
