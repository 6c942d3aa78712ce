"""What an order's own terms say: what it is worth, what it must hold back, which way its trigger lies, whether it may rest."""

from dataclasses import replace
from decimal import ROUND_FLOOR, ROUND_HALF_EVEN, Decimal
from typing import Final

from interlock.matching import Direction, Quote, crosses
from interlock.simulator.books.orders import ZERO, Order, TimeInForce, Wish
from interlock.values import Side

MARKET_BUY_MARGIN: Final = Decimal("1.05")
MARKET_SELL_MARGIN: Final = Decimal("0.95")


def may_post(wish: Wish, quote: Quote) -> bool:
    """A post-only order must be a limit that may rest and takes nothing."""
    rests = wish.limit is not None and wish.tif is TimeInForce.GOOD_TILL_CANCEL
    return rests and not crosses(wish.side, wish.limit or ZERO, quote)


def posted(wish: Wish, quote: Quote) -> Wish:
    """A smart post-only order, moved to the best price at which it takes nothing."""
    if wish.limit is None or not crosses(wish.side, wish.limit, quote):
        return wish
    behind = quote.bid if wish.side is Side.BUY else quote.ask
    return replace(wish, limit=behind or wish.limit)


def is_good(order: Order, price: Decimal) -> bool:
    """Whether the order may take at this price: a limit no worse than it, a market buy no dearer than what it holds back."""
    wish = order.wish
    if wish.limit is not None:
        return price <= wish.limit if wish.side is Side.BUY else price >= wish.limit
    return (
        wish.side is Side.SELL or wish.notional is not None or price * wish.quantity <= order.value
    )


def is_done(order: Order) -> bool:
    """Whether nothing is left to execute: of a buy by value, when its value is spent to the last digit."""
    if order.wish.notional is not None:
        return order.filled_value == order.wish.notional
    return order.remaining == 0


def needs(order: Order, taker_rate: Decimal, *, with_fee: bool = False) -> Decimal:
    """What an open order must hold back: a sale its base, a buy its price, a trigger nothing. No fee on top, unless it is paid there."""
    wish = order.wish
    if wish.kind.is_trigger:
        return ZERO
    held = _unspent(order)
    if wish.side is Side.BUY and (with_fee or wish.fee_in_quote):
        return held * (1 + taker_rate)
    return held


def _unspent(order: Order) -> Decimal:
    wish = order.wish
    if wish.notional is not None:
        return wish.notional - order.filled_value
    if wish.side is Side.SELL:
        return order.remaining
    if wish.limit is not None:
        return wish.limit * order.remaining
    return order.value * order.remaining / wish.quantity


def value_of(wish: Wish, quote: Quote) -> Decimal:
    """What the order's own terms make it worth, in quote."""
    if wish.notional is not None:
        return wish.notional
    if wish.limit is not None or wish.ref_price is not None:
        return wish.quantity * (wish.limit or wish.ref_price or ZERO)
    margin = MARKET_BUY_MARGIN if wish.side is Side.BUY else MARKET_SELL_MARGIN
    tick = wish.listed.tick
    price = (quote.last * margin / tick).to_integral_value(ROUND_HALF_EVEN) * tick
    return wish.quantity * price.normalize()


def notional_quantity(notional: Decimal, price: Decimal, lot: Decimal) -> Decimal:
    """The quantity that the exchange shows for a market buy by value: an estimate, not a bound."""
    lots = (notional / price / MARKET_BUY_MARGIN / lot).to_integral_value(ROUND_FLOOR)
    return lots * lot


def trigger_direction(wish: Wish) -> Direction:
    """A sale is stopped and a buy takes its profit when the price falls; the other two when it rises."""
    falls = (wish.side is Side.SELL) is wish.kind.stops
    return Direction.FALLS if falls else Direction.RISES


def waits(wish: Wish, quote: Quote) -> bool:
    """Whether the price has still to go to the trigger."""
    level = wish.ref_price or ZERO
    falls = trigger_direction(wish) is Direction.FALLS
    return level < quote.last if falls else level > quote.last
