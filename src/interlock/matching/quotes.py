"""Bid and ask around the last price: half a spread away, rounded outward to the tick, so that trading is never cheaper than shown."""

from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Context, Decimal
from typing import Final

from interlock.values import Side

_DOWN: Final = Context(prec=28, rounding=ROUND_FLOOR)
_UP: Final = Context(prec=28, rounding=ROUND_CEILING)


@dataclass(frozen=True, slots=True)
class Quote:
    """Last on the nearest tick, bid and ask on the tick outside of it; quote per base. A bid below one tick is None."""

    last: Decimal
    bid: Decimal | None
    ask: Decimal


def quote_of(price: Decimal, half_spread: Decimal, tick: Decimal) -> Quote:
    """The quote around a price of the path; `half_spread` is a fraction of the price."""
    bid = _on_tick(price * (1 - half_spread), tick, ROUND_FLOOR)
    return Quote(
        last=max(_on_tick(price, tick, ROUND_HALF_EVEN), tick),
        bid=bid if bid > 0 else None,
        ask=_on_tick(price * (1 + half_spread), tick, ROUND_CEILING),
    )


def taking_price(side: Side, quote: Quote) -> Decimal | None:
    """What taking costs now: the ask for a buy, the bid for a sale; None when nobody stands there."""
    return quote.ask if side is Side.BUY else quote.bid


def crosses(side: Side, limit: Decimal, quote: Quote) -> bool:
    """Whether a limit is good enough to take at once."""
    price = taking_price(side, quote)
    if price is None:
        return False
    return limit >= price if side is Side.BUY else limit <= price


def maker_level(side: Side, limit: Decimal, half_spread: Decimal) -> Decimal:
    """The price of the path at which a resting order is met: where the other side of the spread gets to its limit."""
    if side is Side.BUY:
        return _DOWN.divide(limit, 1 + half_spread)
    return _UP.divide(limit, 1 - half_spread)


def _on_tick(price: Decimal, tick: Decimal, rounding: str) -> Decimal:
    return (price / tick).to_integral_value(rounding) * tick
