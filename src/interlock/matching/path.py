"""The path of price inside a bar: open -> first extreme -> second extreme -> close, straight in thirds of the span.

The first extreme is the low when the bar closed at or above its open, else the high: the way to the close leads last through the
extreme that lies on its side. The path never leaves the bar's range and reaches each of its four prices, so a stop and a target
that lie in one bar are decided by the path and by nothing else. Between two bars the price jumps: a gap is touched at the open.

With a seed, which extreme comes first and when the path turns are drawn from a hash of seed, symbol and open: another path of the
same bar, the same one for the same seed on any machine. All that is said above holds for it, but for the thirds and the order.
"""

from collections.abc import Iterator
from datetime import timedelta
from decimal import ROUND_CEILING, Decimal, localcontext
from enum import StrEnum
from functools import lru_cache
from hashlib import blake2b
from typing import Final

from interlock.errors import BadInput
from interlock.market import Bar
from interlock.values import Instant

MICROSECOND: Final = timedelta(microseconds=1)
LEGS: Final = 3
# Enough digits that the product of two prices and an instant is exact.
EXACT: Final = 60
# Where a drawn path turns first, in millionths of the span, and how far into the rest of it the second time: bounds of both.
FIRST_TURN: Final = (50_000, 500_000)
SECOND_TURN: Final = (100_000, 900_000)
MILLION: Final = 1_000_000
BARS_REMEMBERED: Final = 4096

Leg = tuple[int, Decimal, int, Decimal]
"""Where a straight piece of the path begins and ends: microseconds and price, twice."""


class Direction(StrEnum):
    """From which side a level is reached."""

    FALLS = "FALLS"
    RISES = "RISES"


def price_at(bar: Bar, instant: Instant, seed: int | None = None) -> Decimal:
    """The price of the path at an instant from `opens` to `ends`, both included; quote per base, to 28 digits."""
    for starts, first, ends, last in _legs(bar, seed):
        if starts <= instant.micros <= ends:
            passed = instant.micros - starts
            left = ends - instant.micros
            return (first * left + last * passed) / (ends - starts)
    raise BadInput(f"The bar of {bar.symbol} at {bar.opens} has no price at {instant}.")


def range_until(bar: Bar, instant: Instant, seed: int | None = None) -> tuple[Decimal, Decimal]:
    """Low and high of the path from the open until `instant`, both in quote per base."""
    seen = [price_at(bar, instant, seed)]
    seen += [first for starts, first, _, _ in _legs(bar, seed) if starts <= instant.micros]
    return min(seen), max(seen)


def first_touch(
    bar: Bar, level: Decimal, direction: Direction, since: Instant, seed: int | None = None
) -> Instant | None:
    """The first instant at or after `since` at which the path has fallen (or risen) to `level`; None when it never does.

    The instant is the first whole microsecond at which `price_at` is at or beyond the level.
    """
    for starts, first, ends, last in _legs(bar, seed):
        begin = max(starts, since.micros)
        if begin > ends:
            continue
        if _beyond(price_at(bar, Instant(begin), seed), level, direction):
            return Instant(begin)
        if _beyond(last, level, direction):
            return Instant(starts + _passed(first, last, ends - starts, level))
    return None


def _legs(bar: Bar, seed: int | None) -> Iterator[Leg]:
    span = bar.span // MICROSECOND
    if seed is None:
        low_first = bar.close >= bar.open
        turns = (span // LEGS, span * 2 // LEGS)
    else:
        low_first, turns = _drawn(seed, bar.symbol, bar.opens.micros, span)
    extremes = (bar.low, bar.high) if low_first else (bar.high, bar.low)
    prices = (bar.open, *extremes, bar.close)
    times = [bar.opens.micros + passed for passed in (0, *turns, span)]
    for n in range(LEGS):
        yield times[n], prices[n], times[n + 1], prices[n + 1]


@lru_cache(maxsize=BARS_REMEMBERED)
def _drawn(seed: int, symbol: str, opens: int, span: int) -> tuple[bool, tuple[int, int]]:
    """Whether the low comes first, and the microseconds after the open at which the path turns."""
    digest = blake2b(f"{seed} {symbol} {opens}".encode(), digest_size=17).digest()
    first = span * _between(digest[1:9], *FIRST_TURN) // MILLION
    second = first + (span - first) * _between(digest[9:], *SECOND_TURN) // MILLION
    return bool(digest[0] & 1), (first, second)


def _between(drawn: bytes, least: int, most: int) -> int:
    return least + int.from_bytes(drawn) % (most - least + 1)


def _beyond(price: Decimal, level: Decimal, direction: Direction) -> bool:
    return price <= level if direction is Direction.FALLS else price >= level


def _passed(first: Decimal, last: Decimal, span: int, level: Decimal) -> int:
    """Microseconds from `first` until the straight way to `last` is at or beyond `level`, which lies between them."""
    with localcontext(prec=EXACT):
        share = (level - first) * span / (last - first)
        return int(share.to_integral_value(ROUND_CEILING))
