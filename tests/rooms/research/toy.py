"""A strategy of two averages, and a way to judge it by its parameters and a few bars, the same everywhere."""

import os
import signal
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
from typing_extensions import override

from interlock.market import Window
from interlock.research.candidates import Candidate, Metrics
from interlock.research.results import Manifest
from interlock.strategy.bars import Bars
from interlock.strategy.columns import Columns
from interlock.strategy.contract import Strategy, param

BARS = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Cross(Strategy):
    name: str = "cross"
    fast: int = param(5, 2, 20, 1)
    slow: int = param(20, 10, 60, 10)
    weight: float = param(0.5, 0.1, 1.0, 0.1)

    @override
    def rules(self, bars: Bars) -> Columns:
        return Columns((bars.ema(self.fast).crosses_up(bars.ema(self.slow)),))

    def sane(self) -> bool:
        return self.fast < self.slow


@dataclass(frozen=True, slots=True)
class Toy:
    """Judges a candidate by figures that have one summit; `falls` kills its process, `raises` raises."""

    windows: Sequence[Window]
    rest_s: float = 0.0
    falls: int | None = None
    raises: int | None = None

    def __call__(self, candidate: Candidate) -> Metrics:
        time.sleep(self.rest_s)
        fast, slow = int(candidate.params["fast"]), int(candidate.params["slow"])
        if fast == self.falls:
            os.kill(os.getpid(), signal.SIGKILL)
        if fast == self.raises:
            raise ValueError(f"{fast} is not to my taste")
        close = self.windows[0].close
        worth = float(np.abs(close[fast:] - close[:-fast]).sum() / close.sum())
        return {"sharpe": worth - (fast - 9) ** 2 - (slow - 30) ** 2 / 100, "bars": len(close)}


@dataclass(frozen=True, slots=True)
class ToyMaker:
    """Makes a toy in the process where it will judge."""

    rest_s: float = 0.0
    falls: int | None = None
    raises: int | None = None

    def __call__(self, series: Sequence[Window]) -> Toy:
        return Toy(series, self.rest_s, self.falls, self.raises)


def series(count: int = 1, bars: int = BARS) -> list[Window]:
    """Waves, one like the other."""
    place = np.arange(bars, dtype=np.float64)
    close = 100 + 10 * np.sin(place / 17) + place / 50
    opens = (1_700_000_000_000 // 3_600_000 * 3_600_000 + place * 3_600_000).astype(np.int64)
    prices = (close, close + 1, close - 1, close, np.ones(bars))
    span = timedelta(hours=1)
    return [Window(f"C{n}_USDT", span, opens, *prices) for n in range(count)]


MANIFEST = Manifest("bars", "code", "settings", 1, "interlock sweep", "{}")
