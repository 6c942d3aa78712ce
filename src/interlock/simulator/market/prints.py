"""Public trades, and those that a recorded bar implies: sixty equal ones along its path and a last one at its close.

So the tape folds into the candle that it came from: open, high, low, close and volume.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Final

from interlock.market import Bar
from interlock.values import Instant, Side

PRINTS: Final = 60
MILLISECOND: Final = timedelta(milliseconds=1)
VOLUME_DIGITS: Final = Decimal("1e-8")
MATCH_IDS: Final = 4_611_600_000_000_000_000


@dataclass(frozen=True, slots=True)
class Print:
    """One public trade: base, quote per base, and which side took."""

    id: str
    match_id: str
    symbol: str
    price: Decimal
    quantity: Decimal
    side: Side
    at: Instant


Walk = Callable[[Bar, Instant], Decimal]
"""The price of a bar's path at an instant."""


def of_bar(bar: Bar, index: int, tick: Decimal, walk: Walk) -> Iterator[Print]:
    """The prints of the bar of this index, newest first."""
    for n in range(PRINTS, -1, -1):
        yield _print(bar, index * 100 + n, n, tick, walk)


def _when(bar: Bar, n: int) -> Instant:
    return bar.ends - MILLISECOND if n == PRINTS else bar.opens + bar.span * n / PRINTS


def _print(bar: Bar, number: int, n: int, tick: Decimal, walk: Walk) -> Print:
    at = _when(bar, n)
    exact = bar.close if n == PRINTS else walk(bar, at)
    price = (exact / tick).to_integral_value(ROUND_HALF_EVEN) * tick
    share = (bar.volume / (PRINTS + 1)).quantize(VOLUME_DIGITS)
    quantity = bar.volume - PRINTS * share if n == PRINTS else share
    before = bar.open if n == 0 else walk(bar, _when(bar, n - 1))
    side = Side.BUY if exact >= before else Side.SELL
    own = str(at.micros * 1000), str(MATCH_IDS + number)
    return Print(*own, bar.symbol, price, quantity, side, at)
