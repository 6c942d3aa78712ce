"""What is wrong with a series of bars, or only strange: holes, dead stretches, ticks that nobody traded, halts, a tick size that changed.

Nothing is put right here. A hole is reported and stays; a long halt keeps the series from being used until a person says that what
came back is the same coin.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from interlock.market import Window
from interlock.research.candles.timeframe import step_of
from interlock.values import Instant

HALT: Final = timedelta(days=7)
"""A market that was away, or in which nothing was traded, for this long may come back as another coin."""
WICK: Final = 2.0
"""A price beyond so many times everything around it is a bad tick until somebody looked at it."""
DECIMALS_MAX: Final = 14
PRICES_PER_MONTH_MIN: Final = 400


@dataclass(frozen=True, slots=True)
class Stretch:
    """Bars that are missing, or that say nothing, from one instant up to another."""

    start: Instant
    end: Instant
    bars: int


@dataclass(frozen=True, slots=True)
class BadTick:
    """A price of one bar that its neighbours do not know; `around` is the nearest of theirs."""

    at: Instant
    place: str
    price: float
    around: float


@dataclass(frozen=True, slots=True)
class TickSize:
    """The step of the prices, from this month on."""

    month: str
    tick: Decimal


@dataclass(frozen=True, slots=True)
class Checkup:
    """What was found in a series."""

    bars: int
    first: Instant | None
    last: Instant | None
    holes: tuple[Stretch, ...]
    zero_volume: int
    flat: int
    dead: tuple[Stretch, ...]
    halts: tuple[Stretch, ...]
    bad_ticks: tuple[BadTick, ...]
    ticks: tuple[TickSize, ...]

    @property
    def missing(self) -> int:
        """How many bars are not there between the first and the last."""
        return sum(hole.bars for hole in self.holes)


def check(window: Window) -> Checkup:
    """Everything that can be found in a window of bars."""
    holes = tuple(_holes(window))
    dead = tuple(_dead(window))
    times = [Instant.of_ms(int(window.opens_ms[n])) for n in (0, -1)] if len(window) else []
    return Checkup(
        bars=len(window),
        first=times[0] if times else None,
        last=times[1] if times else None,
        holes=holes,
        zero_volume=int((window.volume == 0).sum()),
        flat=int((window.high == window.low).sum()),
        dead=dead,
        halts=halts(window),
        bad_ticks=tuple(_bad_ticks(window)),
        ticks=tuple(_tick_sizes(window)),
    )


def halts(window: Window) -> tuple[Stretch, ...]:
    """Holes, and stretches without a trade, of a week and more; a hole inside of such a stretch is a part of it."""
    found = [each for each in (*_holes(window), *_dead(window)) if each.end - each.start >= HALT]
    return tuple(
        sorted(
            (each for each in found if not any(_is_inside(each, other) for other in found)),
            key=lambda each: each.start,
        )
    )


def _is_inside(one: Stretch, other: Stretch) -> bool:
    return one != other and other.start <= one.start and one.end <= other.end


def _holes(window: Window) -> Iterator[Stretch]:
    step = step_of(window.span)
    for n in np.flatnonzero(np.diff(window.opens_ms) > step):
        start, end = int(window.opens_ms[n]) + step, int(window.opens_ms[n + 1])
        yield Stretch(Instant.of_ms(start), Instant.of_ms(end), (end - start) // step)


def _dead(window: Window) -> Iterator[Stretch]:
    """Bars one after the other in which nothing was traded and nothing moved, two at least; a hole does not interrupt them."""
    dead = (window.volume == 0) & (window.high == window.low)
    edges = np.flatnonzero(np.diff(np.concatenate(([False], dead, [False]))))
    for start, end in zip(edges[::2], edges[1::2], strict=True):
        if end - start > 1:
            opens = Instant.of_ms(int(window.opens_ms[start]))
            ends = Instant.of_ms(int(window.opens_ms[end - 1])) + window.span
            yield Stretch(opens, ends, int(end - start))


def _bad_ticks(window: Window) -> Iterator[BadTick]:
    """Prices below half, or above twice, of all that stands around them: the close before, the open after, the bar's own close."""
    if not len(window):
        return
    before = np.concatenate((window.close[:1], window.close[:-1]))
    after = np.concatenate((window.open[1:], window.close[-1:]))
    own = {"open": window.close, "high": window.close, "low": window.close, "close": window.open}
    for place, other in own.items():
        prices: NDArray[np.float64] = getattr(window, place)
        around = np.vstack([before, after, other])
        least, most = around.min(axis=0), around.max(axis=0)
        for n in np.flatnonzero((prices * WICK < least) | (prices > most * WICK)):
            when, price = Instant.of_ms(int(window.opens_ms[n])), float(prices[n])
            yield BadTick(when, place, price, float(least[n] if price < least[n] else most[n]))


def _tick_sizes(window: Window) -> Iterator[TickSize]:
    """The tick of the first month that has prices enough, and of each month in which it differs from the one before."""
    months = window.opens_ms.astype("datetime64[ms]").astype("datetime64[M]")
    names, firsts = np.unique(months, return_index=True)
    prices = np.vstack(window.arrays[:4])
    before: Decimal | None = None
    for name, (start, end) in zip(names, pairwise([*firsts, len(window)]), strict=True):
        tick = _tick(prices[:, start:end].ravel())
        if tick is not None and tick != before:
            yield TickSize(str(name), tick)
            before = tick


def _tick(prices: NDArray[np.float64]) -> Decimal | None:
    """The greatest step of which every price is a multiple; None of too few prices to tell."""
    if np.unique(prices).size < PRICES_PER_MONTH_MIN // 4 or prices.size < PRICES_PER_MONTH_MIN:
        return None
    for decimals in range(DECIMALS_MAX + 1):
        if (np.round(prices, decimals) == prices).all():
            whole = np.rint(prices * 10**decimals).astype(np.int64)
            return int(np.gcd.reduce(whole)) * Decimal(1).scaleb(-decimals)
    return None
