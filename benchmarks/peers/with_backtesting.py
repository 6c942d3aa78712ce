"""backtesting.py on the bench's series: one event-driven run, and a few candidates in a loop."""

import sys

import backtesting
import numpy as np
import pandas as pd
from backtesting import Backtest, Strategy
from measured import STOPS, TARGETS, WARM_UP, bars, measure, tell

CANDIDATES = 4


def mean(close: np.ndarray, period: int) -> pd.Series:
    """A plain mean."""
    return pd.Series(close).rolling(period).mean()


def exponential(close: np.ndarray, period: int) -> pd.Series:
    """An exponential mean."""
    return pd.Series(close).ewm(span=period, adjust=False).mean()


def strength(close: np.ndarray, period: int) -> pd.Series:
    """Wilder's relative strength."""
    change = pd.Series(close).diff()
    up = change.clip(lower=0).ewm(alpha=1 / period, adjust=False).mean()
    down = (-change.clip(upper=0)).ewm(alpha=1 / period, adjust=False).mean()
    return 100 * up / (up + down)


class Cross(Strategy):
    """The peers' strategy."""

    stop = 0.03
    target = 0.05

    def init(self) -> None:
        """The indicators."""
        close = self.data.Close
        self.ema = self.I(exponential, close, 10)
        self.mid = self.I(mean, close, 50)
        self.slow = self.I(mean, close, 200)
        self.rsi = self.I(strength, close, 14)

    def next(self) -> None:
        """One bar."""
        if self.position or len(self.data) <= WARM_UP:
            return
        close = self.data.Close[-1]
        crossed = self.ema[-1] > self.mid[-1] and self.ema[-2] <= self.mid[-2]
        if crossed and close > self.slow[-1] and self.rsi[-1] < 70:  # noqa: PLR2004 - the rule
            self.buy(size=0.1, sl=close * (1 - self.stop), tp=close * (1 + self.target))


rows = bars(sys.argv[1])
frame = pd.DataFrame(
    {name.capitalize(): rows[name] for name in ("open", "high", "low", "close", "volume")},
    index=pd.to_datetime(rows["opens_ms"], unit="ms"),
)


def played(stop: float = 0.03, target: float = 0.05) -> int:
    """How many trades a run has."""
    # A fraction of ETH is bought as micro-units, as its documentation advises.
    small = frame.assign(**{name: frame[name] / 1e6 for name in ("Open", "High", "Low", "Close")})
    test = Backtest(small, Cross, cash=10_000, commission=0.001, finalize_trades=True)
    return int(test.run(stop=stop, target=target)["# Trades"])


def few() -> list[int]:
    """A few candidates."""
    return [played(s, t) for s in STOPS[:2] for t in TARGETS[:2]]


version = backtesting.__version__
one = measure(played, times=2)
tell("backtesting.py", version, len(frame), one, CANDIDATES, measure(few, times=1))
