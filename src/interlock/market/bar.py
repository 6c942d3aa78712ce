"""Closed bars and windows of them. A bar that still forms is no bar; a missing bar is never invented.

A window holds the bars as arrays of binary floats, for indicators alone; a price that is sent or stored as money is a Decimal.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from interlock.errors import BadInput
from interlock.values import Instant

GAPS_MAX = 3
GAP_WINDOW = 300
GAP_TAIL = 3


@dataclass(frozen=True, slots=True)
class Bar:
    """One closed bar: `opens` is its start; prices in quote per base, volume in base."""

    symbol: str
    opens: Instant
    span: timedelta
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal

    def __post_init__(self) -> None:
        prices = (self.open, self.high, self.low, self.close)
        sane = all(p.is_finite() and p > 0 for p in prices) and self.volume.is_finite()
        if not sane or self.volume < 0:
            raise BadInput(f"A bar of {self.symbol} at {self.opens} holds a value that cannot be.")
        if (
            not self.low <= min(self.open, self.close)
            or not max(self.open, self.close) <= self.high
        ):
            raise BadInput(f"A bar of {self.symbol} at {self.opens} leaves its own range.")
        if self.opens.floor(self.span) != self.opens:
            raise BadInput(
                f"A bar of {self.symbol} at {self.opens} is off the grid of {self.span}."
            )

    @property
    def ends(self) -> Instant:
        """The instant at which the bar closed."""
        return self.opens + self.span


def fold(bars: Iterable[Bar], span: timedelta) -> tuple[Bar, ...]:
    """Coarser bars of `span` from finer ones in order; folding in two halves equals folding at once.

    A coarse bar is given as far as its finer bars reach; who needs whole bars only looks at the last one's `ends`.
    """
    folded: list[Bar] = []
    for bar in bars:
        opens = bar.opens.floor(span)
        if folded and folded[-1].opens == opens:
            folded[-1] = _join(folded[-1], bar)
        else:
            folded.append(
                Bar(bar.symbol, opens, span, bar.open, bar.high, bar.low, bar.close, bar.volume)
            )
    return tuple(folded)


def _join(whole: Bar, part: Bar) -> Bar:
    return Bar(
        whole.symbol,
        whole.opens,
        whole.span,
        whole.open,
        max(whole.high, part.high),
        min(whole.low, part.low),
        part.close,
        whole.volume + part.volume,
    )


@dataclass(frozen=True, slots=True, eq=False)
class Window:
    """Closed bars of one symbol in order, as arrays of equal length.

    `opens_ms` is int64 milliseconds UTC of each bar's start; the others are float64, prices in quote per base, volume in base.
    """

    symbol: str
    span: timedelta
    opens_ms: NDArray[np.int64]
    open: NDArray[np.float64]
    high: NDArray[np.float64]
    low: NDArray[np.float64]
    close: NDArray[np.float64]
    volume: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.opens_ms)

    def ends(self) -> Instant | None:
        """The instant at which the newest bar closed; None when there is no bar."""
        return Instant.of_ms(int(self.opens_ms[-1])) + self.span if len(self) else None

    def head(self, count: int) -> "Window":
        """The first `count` bars alone: what was known when they had closed."""
        arrays = (a[:count] for a in self.arrays)
        return Window(self.symbol, self.span, self.opens_ms[:count], *arrays)

    def tail(self, count: int) -> "Window":
        """The newest `count` bars alone."""
        start = max(0, len(self) - count)
        arrays = (a[start:] for a in self.arrays)
        return Window(self.symbol, self.span, self.opens_ms[start:], *arrays)

    def has_gap(self) -> bool:
        """Whether more than 3 bars are missing among the newest 300 places, or any among the last 3."""
        step = self.span // timedelta(milliseconds=1)
        newest = self.opens_ms[-GAP_WINDOW:]
        if len(newest) == 0:
            return False
        within = newest[newest > newest[-1] - GAP_WINDOW * step]
        missing = int((within[-1] - within[0]) // step) + 1 - len(within)
        tail = within[-GAP_TAIL:]
        tail_missing = int((tail[-1] - tail[0]) // step) + 1 - len(tail)
        return missing > GAPS_MAX or tail_missing > 0

    @property
    def arrays(self) -> tuple[NDArray[np.float64], ...]:
        """Open, high, low, close and volume."""
        return (self.open, self.high, self.low, self.close, self.volume)


def window_of(symbol: str, span: timedelta, bars: Iterable[Bar]) -> Window:
    """The window that these bars of one symbol, in order, make."""
    rows = [
        (b.opens.ms, float(b.open), float(b.high), float(b.low), float(b.close), float(b.volume))
        for b in bars
    ]
    columns = list(zip(*rows, strict=True)) if rows else [()] * 6
    opens = np.array(columns[0], dtype=np.int64)
    return Window(symbol, span, opens, *(np.array(c, dtype=np.float64) for c in columns[1:]))
