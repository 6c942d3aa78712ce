"""vectorbt on the bench's series: its own indicators, `from_signals` with stop and target, and 200 of them at once."""

import sys

import numpy as np
import pandas as pd
import vectorbt as vbt
from measured import STOPS, TARGETS, WARM_UP, bars, measure, tell


def signals(rows: dict[str, np.ndarray]) -> pd.Series:
    """Where the bar before asked for an entry."""
    close = pd.Series(rows["close"])
    ema, mid = vbt.MA.run(close, 10, ewm=True).ma, vbt.MA.run(close, 50).ma
    slow, rsi = vbt.MA.run(close, 200).ma, vbt.RSI.run(close, 14, ewm=True).rsi
    crossed = (ema > mid) & (ema.shift() <= mid.shift())
    asked = crossed & (close > slow) & (rsi < 70)  # noqa: PLR2004 - the rule
    asked[:WARM_UP] = False
    return asked.shift(fill_value=False)


def played(rows: dict[str, np.ndarray], stop: object, target: object, columns: int = 1) -> object:
    """The portfolio; with several columns one for each pair of stop and target."""
    entries = np.repeat(signals(rows).to_numpy()[:, None], columns, axis=1)
    names = ("open", "high", "low", "close")
    prices = {n: np.repeat(rows[n][:, None], columns, axis=1) for n in names}
    return vbt.Portfolio.from_signals(
        **{name: pd.DataFrame(values) for name, values in prices.items()},
        entries=pd.DataFrame(entries),
        exits=False,
        price=pd.DataFrame(prices["open"]),
        sl_stop=stop,
        tp_stop=target,
        size=1000.0,
        size_type="value",
        init_cash=10_000.0,
        fees=0.001,
        freq="5min",
    )


rows = bars(sys.argv[1])
one = measure(lambda: played(rows, 0.03, 0.05).trades.count().sum())
pairs = np.array([(s, t) for s in STOPS for t in TARGETS])
sweep = measure(
    lambda: played(rows, pairs[None, :, 0], pairs[None, :, 1], len(pairs)).total_profit(), times=1
)
tell("vectorbt", vbt.__version__, len(rows["close"]), one, len(pairs), sweep)
