"""The trades that everybody sees: those of the market, and the account's own."""

from collections.abc import Iterator
from heapq import merge
from itertools import islice

from interlock.matching import Liquidity
from interlock.simulator.books.orders import Trade
from interlock.simulator.market.prints import Print
from interlock.values import Instant, Side


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
    told: Iterator[Print], own: Iterator[Trade], start: Instant, end: Instant, count: int
) -> list[Print]:
    """The newest trades at or after `start` and before `end`, newest first; `told` and `own` are the market's and the account's."""
    ours = (printed(trade) for trade in own if trade.at < end)
    both = merge(told, ours, key=lambda each: each.at, reverse=True)
    return [each for each in islice(both, count) if each.at >= start]
