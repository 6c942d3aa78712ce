"""Which signals may speak: the throttle over a whole series at once, since it depends on signals, closes and times alone.

The search is in floats; wherever a move is as large as the gate to nine digits, the throttle itself is asked. A signal that is judged
is asked again by the throttle, with the state that this search says it is in, so that a wrong search can only be silent, never loud.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

import numpy as np
from numpy.typing import NDArray

from interlock.market import Window
from interlock.research.bars import exact
from interlock.strategy.signal import Decision
from interlock.strategy.throttle import TIME_GATE, Allowed, ThrottleState, throttle
from interlock.values import Instant

NEAR: Final = 1e-9
GATE_MS: Final = int(TIME_GATE.total_seconds() * 1000)
Indices = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Spoken:
    """The bars whose signal of one side was emitted, in order, and how many the throttle kept silent."""

    side: Decision
    bars: Indices
    silent: int

    def before(self, place: int) -> int | None:
        """The bar that spoke before the one at this place of the list."""
        return self.bars.item(place - 1) if place else None

    def between(self, first: int, last: int) -> int:
        """How many spoke in bars `first` to `last` - 1."""
        low, high = np.searchsorted(self.bars, (first, last))
        return int(high - low)

    def place(self, bar: int) -> int:
        """The place of the first that spoke at this bar or later; the length of the list when there is none."""
        return int(np.searchsorted(self.bars, bar))


def spoken(
    side: Decision, window: Window, signals: NDArray[np.bool_], ms: Indices, least: Decimal
) -> Spoken:
    """What is emitted of these signals; `ms` is when each bar is decided, `least` the price gate in percent."""
    bars = np.flatnonzero(signals).astype(np.int64)
    times = ms[bars]
    is_slow = len(bars) < 2 or int(np.diff(times).min()) >= GATE_MS  # noqa: PLR2004 - between two
    if is_slow and least <= 0:
        return Spoken(side, bars, 0)
    chosen = _chosen(window, bars, times.tolist(), least)
    return Spoken(side, bars[chosen], len(bars) - len(chosen))


def _chosen(window: Window, bars: Indices, times: list[int], least: Decimal) -> list[int]:
    """The places in `bars` that speak."""
    closes, gate = window.close[bars].tolist(), float(least)
    chosen: list[int] = []
    said, sent = 0.0, 0
    for place, (close, at) in enumerate(zip(closes, times, strict=True)):
        if chosen:
            moved = abs(close - said) / said * 100
            if abs(moved - gate) <= NEAR * gate:
                ends = (chosen[-1], place)
                if not _asked(window, [(bars.item(n), times[n]) for n in ends], least):
                    continue
            elif at - sent < GATE_MS or moved < gate:
                continue
        chosen.append(place)
        said, sent = close, at
    return chosen


def _asked(window: Window, said: list[tuple[int, int]], least: Decimal) -> bool:
    """The throttle's own word on the second of two signals, each a bar and when it is decided, in milliseconds."""
    (before, sent), (bar, at) = said
    state = ThrottleState(
        window.symbol,
        "",
        Decision.BUY,
        baseline=exact(window.close, before),
        last_sent_at=Instant.of_ms(sent),
    )
    close, now = exact(window.close, bar), Instant.of_ms(at)
    return isinstance(throttle(state, close, now, least), Allowed)
