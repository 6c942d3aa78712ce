"""What the account holds and what of it is reserved. Money moves by executions and transfers alone, and what is reserved is owned.

Beside the wallet stands the other side of every movement (`market` and `fees`), counted on its own: the three and the opening
balances sum to zero in every currency, or the engine stops.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from interlock.errors import BrokenInvariant
from interlock.simulator.books.orders import ZERO, Trade
from interlock.values import Side


class Wallet:
    """One account's money, by currency."""

    def __init__(self, opening: Mapping[str, Decimal]) -> None:
        self.opening: Final = dict(opening)
        self.total: Final = dict(opening)
        self.reserved: Final[dict[str, Decimal]] = {}
        self._market: Final[dict[str, Decimal]] = {}
        self._fees: Final[dict[str, Decimal]] = {}
        self._changed: Final[dict[str, None]] = {}

    def changes(self) -> list[tuple[str, Decimal, Decimal]]:
        """Currency, total and reserved of what has moved since this was last asked, in the order in which it first did."""
        moved = [
            (each, self.total.get(each, ZERO), self.reserved.get(each, ZERO))
            for each in self._changed
        ]
        self._changed.clear()
        return moved

    def available(self, currency: str) -> Decimal:
        """What may be spent."""
        return self.total.get(currency, ZERO) - self.reserved.get(currency, ZERO)

    def reserve(self, currency: str, amount: Decimal) -> None:
        """Holds back so much; a negative amount releases it."""
        if not amount:
            return
        _add(self.reserved, currency, amount)
        self._changed[currency] = None
        self._must_be_sane(currency)

    def book(self, trade: Trade) -> None:
        """Moves the money of one execution, and counts it on the other side."""
        base, quote, done = trade.listed.base, trade.listed.quote, trade.done
        _add(self.total, base, done.base_change)
        _add(self.total, quote, done.quote_change)
        sign = 1 if done.side is Side.BUY else -1
        _add(self._market, base, -sign * done.quantity)
        _add(self._market, quote, sign * done.value)
        _add(self._fees, trade.fee_currency, done.fee)
        for currency in (base, quote):
            self._changed[currency] = None
            self._must_balance(currency)
            self._must_be_sane(currency)

    def transfer(self, currency: str, amount: Decimal) -> None:
        """The owner brings money in, or takes it out (negative): it counts as if it had been there from the beginning."""
        _add(self.opening, currency, amount)
        _add(self.total, currency, amount)
        self._changed[currency] = None
        self._must_be_sane(currency)

    def _must_balance(self, currency: str) -> None:
        held = self.total.get(currency, ZERO) - self.opening.get(currency, ZERO)
        if held + self._market.get(currency, ZERO) + self._fees.get(currency, ZERO):
            raise BrokenInvariant(f"Money appeared or vanished in {currency}.")

    def _must_be_sane(self, currency: str) -> None:
        reserved = self.reserved.get(currency, ZERO)
        if not ZERO <= reserved <= self.total.get(currency, ZERO):
            raise BrokenInvariant(
                f"The wallet reserves {reserved} {currency} that it does not own."
            )


def _add(amounts: dict[str, Decimal], currency: str, amount: Decimal) -> None:
    amounts[currency] = amounts.get(currency, ZERO) + amount
