"""When price first meets a stop or a target: a search over float arrays in growing chunks, decided in decimals where floats are equal.

A level lies between two floats; the bar at which the nearest float is met is the bar at which the level is met, unless both are
equal as floats, and then the decimals decide. So nothing is met early, late, or by a rounding.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

import numpy as np

from interlock.market import Window
from interlock.matching import Direction, first_touch, price_at
from interlock.research.bars import bar_at, exact, opens_at, within
from interlock.research.fills import Fills, Inside
from interlock.values import Instant

CHUNK: Final = 64
GROWTH: Final = 4


@dataclass(frozen=True, slots=True)
class Levels:
    """Where a lot ends, in prices of the path: `stop` from above, `target` from below; None where it has none."""

    stop: Decimal | None
    target: Decimal | None


@dataclass(frozen=True, slots=True)
class Touch:
    """The bar and instant at which a level was met, whether it was the stop, at which price of the path, and whether it was at the open."""

    bar: int
    at: Instant
    is_stop: bool
    price: Decimal
    is_gap: bool


@dataclass(frozen=True, slots=True)
class Search:
    """The bars of one symbol, finer ones of the same symbol where there are any, and the settings that say what a touch is."""

    window: Window
    fine: Window | None
    fills: Fills

    def first(self, levels: Levels, first: int, last: int, since: Instant) -> Touch | None:
        """The first touch in bars `first` to `last` - 1, not before `since`; None when there is none."""
        begin = first
        while True:
            index = self._candidate(levels, begin, last)
            if index is None:
                return None
            found = self._inside(levels, index, since)
            if found is not None:
                return found
            begin = index + 1

    def at_bar(self, levels: Levels, index: int, since: Instant) -> Touch | None:
        """The first touch inside one bar."""
        return self.first(levels, index, index + 1, since)

    def _candidate(self, levels: Levels, first: int, last: int) -> int | None:
        """The first bar whose range holds a level, as floats have it."""
        low, high = self.window.low, self.window.high
        stop = -np.inf if levels.stop is None else float(levels.stop)
        target = np.inf if levels.target is None else float(levels.target)
        begin, size = first, CHUNK
        while begin < last:
            ends = min(begin + size, last)
            met = (low[begin:ends] <= stop) | (high[begin:ends] >= target)
            index = int(met.argmax())
            if met[index]:
                return begin + index
            begin, size = ends, size * GROWTH
        return None

    def _inside(self, levels: Levels, index: int, since: Instant) -> Touch | None:
        fine = self._finer(index)
        if fine is not None:
            return self._in_finer(levels, index, fine, since)
        if self.fills.inside is Inside.PATH:
            return self._on_path(levels, index, since)
        return self._stop_first(levels, index)

    def _stop_first(self, levels: Levels, index: int) -> Touch | None:
        """The stop before the target; where no bar says more, what happened inside one bears its opening."""
        window, stop, target = self.window, levels.stop, levels.target
        at, opened = opens_at(window, index), exact(window.open, index)
        if stop is not None and exact(window.low, index) <= stop:
            is_gap = opened <= stop
            return Touch(index, at, is_stop=True, price=opened if is_gap else stop, is_gap=is_gap)
        if target is not None and self._reaches(exact(window.high, index), target):
            is_gap = opened >= target
            price = opened if is_gap else target
            return Touch(index, at, is_stop=False, price=price, is_gap=is_gap)
        return None

    def _on_path(self, levels: Levels, index: int, since: Instant) -> Touch | None:
        """What the path meets first; the stop, where both are met in the same instant."""
        bar, seed = bar_at(self.window, index), self.fills.path_seed
        begin = max(since, bar.opens)
        stop = taken = None
        if levels.stop is not None:
            stop = first_touch(bar, levels.stop, Direction.FALLS, begin, seed)
        if levels.target is not None and self._reaches(bar.high, levels.target):
            taken = first_touch(bar, levels.target, Direction.RISES, begin, seed)
        if stop is not None and (taken is None or stop <= taken):
            price = price_at(bar, stop, seed)
            return Touch(index, stop, is_stop=True, price=price, is_gap=stop == bar.opens)
        if taken is not None:
            price = price_at(bar, taken, seed)
            return Touch(index, taken, is_stop=False, price=price, is_gap=taken == bar.opens)
        return None

    def _reaches(self, high: Decimal, target: Decimal) -> bool:
        return high > target if self.fills.crossed else high >= target

    def _finer(self, index: int) -> Window | None:
        """The finer bars of one bar, when all of them are there."""
        if self.fine is None:
            return None
        opens = opens_at(self.window, index)
        inside = within(self.fine, opens, opens + self.window.span)
        return inside if len(inside) == self.window.span // self.fine.span else None

    def _in_finer(self, levels: Levels, index: int, fine: Window, since: Instant) -> Touch | None:
        begun = since.ms - since.ms % (fine.span.total_seconds() * 1000)
        first = int(np.searchsorted(fine.opens_ms, begun))
        found = Search(fine, None, self.fills).first(levels, first, len(fine), since)
        if found is None:
            return None
        is_gap = found.is_gap and found.bar == 0
        return Touch(index, found.at, found.is_stop, found.price, is_gap)
