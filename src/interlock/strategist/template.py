"""What `interlock strategy new` writes: a strategy that runs as it stands, and a test of it."""

import re
from typing import Final

from interlock.errors import BadInput

STRATEGY: Final = '''"""{name}: say here what it believes about the market, and why that should go on."""

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from interlock.strategy import HOUR, AtrStop, Bars, Columns, RiskReward, Strategy, param


@dataclass(frozen=True, kw_only=True)
class {kind}(Strategy):
    """BUY when the close crosses up through its mean while the RSI is not high, SELL when it crosses down."""

    # What the watchlist calls it. Every field needs its type.
    name: str = "{name}"
    # The span of its bars. Live bars are hours and whole multiples of them.
    timeframe: timedelta = HOUR
    # Protection is part of an entry: a stop by ATR(14) or `Percent`, a target as a multiple of the stop or `Percent`.
    # None leaves it to the watchlist row, which may override both.
    stop: AtrStop | None = AtrStop(Decimal("1.5"), fallback_pct=Decimal(3))
    target: RiskReward | None = RiskReward(Decimal(2))

    # Parameters: default, lowest, highest, step. A sweep walks through them.
    period: int = param(50, low=10, high=200, step=5)
    rsi_max: float = param(65, low=40, high=90, step=5)

    @property
    def bars_needed(self) -> int:
        """The least number of bars before the first BUY."""
        return self.period + 1

    def rules(self, bars: Bars) -> Columns:
        """What it says of every bar at once. A column is unknown (and its condition false) where bars are missing or too few.

        `bars` has close, open, high, low, volume, rsi, ema, sma, atr, highest, lowest, deviation, volume_ratio; NumPy and TA-Lib
        arrays of your own become columns by `bars.column(name, array, needed)`. `bars.coarser(4 * HOUR)` is the same for bars of
        four hours, of which only those that had closed are seen. A column has above, below, crosses_up, crosses_down, rises,
        earlier; conditions are joined by `all_of` and `any_of`.
        """
        mean, rsi = bars.sma(self.period), bars.rsi()
        return Columns(
            # All of them must hold for a BUY; without any in `sells` it never says SELL.
            buys=(bars.close.crosses_up(mean, "cross"), rsi.below(self.rsi_max, "rsi")),
            sells=(bars.close.crosses_down(mean, "cross"),),
            # What is kept with each signal, and drawn under the candles.
            shown={{"mean": mean, "rsi": rsi}},
        )
'''

TEST: Final = '''"""{name} does not look ahead, and is not silent. Run it with `pytest`."""

import numpy as np
from {module} import {kind}

from interlock.market import Window
from interlock.strategy import HOUR, looks_ahead


def bars() -> Window:
    close = 100 * np.exp(np.cumsum(np.random.default_rng(1).normal(0, 0.01, 1000)))
    opens = 1_700_000_000_000 // 3_600_000 * 3_600_000 + 3_600_000 * np.arange(1000)
    return Window("BTC_USDT", HOUR, opens, close, close * 1.01, close * 0.99, close, np.ones(1000))


def test_it_does_not_look_ahead() -> None:
    assert looks_ahead({kind}(), bars(), range(0, 1000, 50)) == ()


def test_it_buys_and_sells() -> None:
    said = {kind}().columns(bars())

    assert said.entry.any()
    assert said.exit.any()
'''
NAME: Final = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")


def written(name: str) -> dict[str, str]:
    """The text of each file, by the file's name; BadInput for a name that cannot be."""
    if not NAME.fullmatch(name):
        raise BadInput(f"{name!r} is no name of a strategy: small letters and digits, joined by -.")
    module = name.replace("-", "_")
    kind = "".join(part.capitalize() for part in name.split("-"))
    given = {"name": name, "module": module, "kind": kind}
    return {f"{module}.py": STRATEGY.format(**given), f"test_{module}.py": TEST.format(**given)}
