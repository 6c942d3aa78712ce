"""What the open orders hold back, counted order by order beside the wallet's own sum: two ways to one figure, in few steps each."""

from decimal import Decimal
from typing import Final

from interlock.simulator.books.orders import ZERO, Order


class Held:
    """The sum over open orders, by currency; an order that has changed is counted anew when a sum is next asked for."""

    def __init__(self) -> None:
        self._sums: Final[dict[str, Decimal]] = {}
        self._counted: Final[dict[str, tuple[str, Decimal]]] = {}
        self._changed: Final[dict[str, Order]] = {}

    def changed(self, order: Order) -> None:
        """An order holds back another amount, or will not be open any more."""
        self._changed[order.id] = order

    def total(self, currency: str) -> Decimal:
        """What the open orders hold back in a currency."""
        for order in self._changed.values():
            self._count(order)
        self._changed.clear()
        return self._sums.get(currency, ZERO)

    def _count(self, order: Order) -> None:
        before = self._counted.pop(order.id, None)
        if before is not None:
            self._sums[before[0]] -= before[1]
        if order.is_open and order.reserved:
            currency = order.reserved_in
            self._counted[order.id] = currency, order.reserved
            self._sums[currency] = self._sums.get(currency, ZERO) + order.reserved
