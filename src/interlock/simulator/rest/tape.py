"""The trades that everybody sees: those that the replay implies, and the account's own.

A recorded bar is printed as sixty equal trades along its path and a last one at its close, so that the tape folds into the candle
that it came from: open, high, low, close and volume.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from heapq import merge
from itertools import islice
from typing import Final

from interlock.market import Bar
from interlock.matching import Liquidity, price_at
from interlock.simulator.books.orders import Trade
from interlock.simulator.market.replay import Replay
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


def printed(trade: Trade) -> Print:
    """How the public sees a trade of the account."""
    own, took = trade.done.side, trade.liquidity is Liquidity.TAKER
    other = Side.SELL if own is Side.BUY else Side.BUY
    return Print(
        trade.id,
        trade.match_id,
        trade.listed.symbol,
        trade.done.price,
        trade.done.quantity,
        own if took else other,
        trade.at,
    )


def newest(
    replay: Replay, own: Iterator[Trade], start: Instant, end: Instant, count: int
) -> list[Print]:
    """The newest trades at or after `start` and before `end`, newest first; `own` are the account's of this symbol, newest first."""
    ours = (printed(trade) for trade in own if trade.at < end)
    both = merge(_backwards(replay, end), ours, key=lambda each: each.at, reverse=True)
    return [each for each in islice(both, count) if each.at >= start]


def _backwards(replay: Replay, end: Instant) -> Iterator[Print]:
    for index in range(replay.index_at(end), -1, -1):
        bar = replay.bar(index)
        for n in range(PRINTS, -1, -1):
            at = _when(bar, n)
            if at < end:
                yield _print(replay, bar, index, n)


def _when(bar: Bar, n: int) -> Instant:
    return bar.ends - MILLISECOND if n == PRINTS else bar.opens + bar.span * n / PRINTS


def _print(replay: Replay, bar: Bar, index: int, n: int) -> Print:
    at = _when(bar, n)
    exact = bar.close if n == PRINTS else price_at(bar, at)
    tick = replay.listed.tick
    price = (exact / tick).to_integral_value(ROUND_HALF_EVEN) * tick
    share = (bar.volume / (PRINTS + 1)).quantize(VOLUME_DIGITS)
    quantity = bar.volume - PRINTS * share if n == PRINTS else share
    before = bar.open if n == 0 else price_at(bar, _when(bar, n - 1))
    side = Side.BUY if exact >= before else Side.SELL
    return Print(
        str(at.micros * 1000),
        str(MATCH_IDS + index * 100 + n),
        replay.listed.symbol,
        price,
        quantity,
        side,
        at,
    )
