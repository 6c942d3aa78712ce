"""What an execution exchanges, and how much of an order can be executed at once.

A fee is charged in what is received: a buy pays it in base, a sale in quote; a buy may pay it in quote on top. Nothing
is rounded: what leaves one side arrives at the other.
A resting order trades at its own limit, also when price jumps over it: that is the price at which it stood in the book.
"""

from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal
from enum import StrEnum

from interlock.values import Side


class Liquidity(StrEnum):
    """Whether an execution took what stood there, or was taken."""

    MAKER = "MAKER"
    TAKER = "TAKER"


@dataclass(frozen=True, slots=True)
class Execution:
    """One execution: quantity and `base_change` in base, price in quote per base, `quote_change` in quote, changes net of the fee."""

    side: Side
    quantity: Decimal
    price: Decimal
    fee: Decimal
    base_change: Decimal
    quote_change: Decimal

    @property
    def value(self) -> Decimal:
        """Quantity times price, in quote."""
        return self.quantity * self.price


def execution(
    side: Side, quantity: Decimal, price: Decimal, rate: Decimal, *, fee_in_quote: bool = False
) -> Execution:
    """The execution of so much at this price; `rate` is the fee as a fraction of what is received, or of what is paid."""
    value = quantity * price
    if side is Side.BUY and not fee_in_quote:
        fee = quantity * rate
        return Execution(side, quantity, price, fee, quantity - fee, -value)
    fee = value * rate
    if side is Side.BUY:
        return Execution(side, quantity, price, fee, quantity, -value - fee)
    return Execution(side, quantity, price, fee, -quantity, value - fee)


def takeable(wanted: Decimal, standing: Decimal, lot: Decimal) -> Decimal:
    """How much of `wanted` can be executed against what stands there, in whole lots of base; never negative."""
    held = min(wanted, standing)
    return max((held / lot).to_integral_value(ROUND_FLOOR) * lot, Decimal(0))
