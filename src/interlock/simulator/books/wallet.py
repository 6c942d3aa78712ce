"""What the account holds and what of it is reserved. Money moves by executions, transfers and interest alone; what is reserved is owned.

Beside the wallet stands the other side of every movement (`market`, `fees` and the lender's `interest`), counted on its own: the four
and the opening balances sum to zero in every currency, or the engine stops. A debt is a negative total: only a margin order brings it
about, and whatever comes in repays it. What margin orders may still spend is pledged, not reserved: nobody else spends it.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from interlock.errors import BadInput, BrokenInvariant
from interlock.simulator.books.orders import ZERO, Trade
from interlock.values import Side


class Wallet:
    """One account's money, by currency."""

    def __init__(self, opening: Mapping[str, Decimal]) -> None:
        self.opening: Final = dict(opening)
        self.total: Final = dict(opening)
        self.reserved: Final[dict[str, Decimal]] = {}
        self.pledged: Final[dict[str, Decimal]] = {}
        self.interest: Final[dict[str, Decimal]] = {}
        self._market: Final[dict[str, Decimal]] = {}
        self._fees: Final[dict[str, Decimal]] = {}
        self._lent: Final[set[str]] = set()
        self._changed: Final[dict[str, None]] = {}

    def changes(self) -> list[tuple[str, Decimal, Decimal]]:
        """Currency, total and reserved of what has moved since this was last asked, in the order in which it first did."""
        moved = [
            (each, self.total.get(each, ZERO), self.reserved.get(each, ZERO))
            for each in self._changed
        ]
        self._changed.clear()
        return moved

    def free(self, currency: str) -> Decimal:
        """What is owned and not reserved; negative when it is owed."""
        return self.total.get(currency, ZERO) - self.reserved.get(currency, ZERO)

    def available(self, currency: str) -> Decimal:
        """What may be spent without borrowing."""
        return self.free(currency) - self.pledged.get(currency, ZERO)

    @property
    def has_debt(self) -> bool:
        """Whether anything is borrowed."""
        return min(self.total.values(), default=ZERO) < ZERO

    def owed(self) -> dict[str, Decimal]:
        """What is borrowed, by currency."""
        return {name: -total for name, total in sorted(self.total.items()) if total < 0}

    def reserve(self, currency: str, amount: Decimal) -> None:
        """Holds back so much; a negative amount releases it."""
        if not amount:
            return
        _add(self.reserved, currency, amount)
        self._changed[currency] = None
        self._must_be_sane(currency)

    def pledge(self, currency: str, amount: Decimal) -> None:
        """Promises so much to a margin order, owned or not; a negative amount takes it back."""
        if not amount:
            return
        _add(self.pledged, currency, amount)
        self._changed[currency] = None
        self._must_be_sane(currency)

    def book(self, trade: Trade, *, on_credit: bool) -> None:
        """Moves the money of one execution, and counts it on the other side; on credit what is lacking is lent."""
        base, quote, done = trade.listed.base, trade.listed.quote, trade.done
        _add(self.total, base, done.base_change)
        _add(self.total, quote, done.quote_change)
        sign = 1 if done.side is Side.BUY else -1
        _add(self._market, base, -sign * done.quantity)
        _add(self._market, quote, sign * done.value)
        _add(self._fees, trade.fee_currency, done.fee)
        for currency in (base, quote):
            self._changed[currency] = None
            if on_credit and self.free(currency) < 0:
                self._lent.add(currency)
            self._must_balance(currency)
            self._must_be_sane(currency)

    def transfer(self, currency: str, amount: Decimal) -> None:
        """The owner brings money in, or takes out what is free (negative): it counts as if it had been there from the beginning."""
        if amount < 0 and self.free(currency) + amount < 0:
            raise BadInput(f"{-amount} {currency} are more than can be taken out.")
        _add(self.opening, currency, amount)
        _add(self.total, currency, amount)
        self._changed[currency] = None
        self._must_be_sane(currency)

    def charge(self, currency: str, interest: Decimal) -> None:
        """The lender's interest makes the debt grow."""
        _add(self.total, currency, -interest)
        _add(self.interest, currency, interest)
        self._changed[currency] = None
        self._must_balance(currency)
        self._must_be_sane(currency)

    def _must_balance(self, currency: str) -> None:
        held = self.total.get(currency, ZERO) - self.opening.get(currency, ZERO)
        market, fees = self._market.get(currency, ZERO), self._fees.get(currency, ZERO)
        if held + (market + fees + self.interest.get(currency, ZERO)):
            raise BrokenInvariant(f"Money appeared or vanished in {currency}.")

    def _must_be_sane(self, currency: str) -> None:
        """What is reserved is owned, unless the lender stands in for it."""
        reserved, pledged = self.reserved.get(currency, ZERO), self.pledged.get(currency, ZERO)
        is_owned = self.total.get(currency, ZERO) >= reserved
        if is_owned:
            self._lent.discard(currency)
        if reserved < ZERO or pledged < ZERO or not (is_owned or currency in self._lent):
            raise BrokenInvariant(
                f"The wallet reserves {reserved} {currency} that it does not own."
            )


def _add(amounts: dict[str, Decimal], currency: str, amount: Decimal) -> None:
    amounts[currency] = amounts.get(currency, ZERO) + amount
