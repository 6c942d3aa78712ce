"""What can be traded and on which grid; rounding lives here and always says its direction.

An instrument has no default precision: without its tick and lot nothing is rounded and nothing is sent.
"""

import re
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from enum import StrEnum
from typing import Final

from interlock.errors import BadInput
from interlock.values.amounts import Price, Quantity

SYMBOL: Final = re.compile(r"[A-Z0-9]{1,20}_USDT?")


def check_symbol(text: str) -> str:
    """The symbol itself when it is BASE_USD or BASE_USDT in capitals; else bad input."""
    if not SYMBOL.fullmatch(text):
        raise BadInput(f"{text!r} is not a symbol such as BTC_USDT.")
    return text


class Side(StrEnum):
    """Which way we trade."""

    BUY = "BUY"
    SELL = "SELL"


@dataclass(frozen=True, slots=True)
class Instrument:
    """One book of the exchange: its currencies, its grid, and what it admits.

    `price_tick` is in quote per base, `lot` in base, `min_notional` in quote (None: the exchange names none),
    `max_leverage` a plain factor.
    """

    symbol: str
    base: str
    quote: str
    price_tick: Decimal
    lot: Decimal
    tradable: bool
    margin_buy: bool
    max_leverage: Decimal
    min_notional: Decimal | None

    def __post_init__(self) -> None:
        if self.price_tick <= 0 or self.lot <= 0:
            raise BadInput(f"{self.symbol} has no grid: tick {self.price_tick}, lot {self.lot}.")

    def price_down(self, rate: Decimal) -> Price | None:
        """The highest price on the tick that is not above `rate`; None when that is zero."""
        return self._price(rate, ROUND_FLOOR)

    def price_up(self, rate: Decimal) -> Price | None:
        """The lowest price on the tick that is not below `rate`."""
        return self._price(rate, ROUND_CEILING)

    def quantity_down(self, size: Decimal) -> Quantity:
        """The largest quantity on the lot that is not above `size`; it may be zero, which nobody may send."""
        return Quantity(self._grid(size, self.lot, ROUND_FLOOR), self.base)

    def holds(self, price: Price | None, quantity: Quantity) -> bool:
        """Whether price (if any) and quantity lie on the grid and above zero."""
        on_tick = (
            price is None or self._grid(price.rate, self.price_tick, ROUND_FLOOR) == price.rate
        )
        on_lot = self._grid(quantity.size, self.lot, ROUND_FLOOR) == quantity.size
        return on_tick and on_lot and bool(quantity)

    def _price(self, rate: Decimal, rounding: str) -> Price | None:
        on_tick = self._grid(rate, self.price_tick, rounding)
        return Price(on_tick, self.base, self.quote) if on_tick > 0 else None

    @staticmethod
    def _grid(value: Decimal, step: Decimal, rounding: str) -> Decimal:
        return (value / step).to_integral_value(rounding) * step
