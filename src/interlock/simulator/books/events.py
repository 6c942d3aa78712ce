"""What happened to the account and its market, in order: a list that only grows at its end, from which a front reads on where it stopped.

Every event has a number, its place since the exchange began. Only the newest are kept: who reads too late is told so and starts again
from the books. An order in an event is a copy, as it stood then; an execution and the end that it brought are one change.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import islice
from typing import Final

from interlock.errors import Misuse
from interlock.simulator.books.journal import Movement
from interlock.simulator.books.orders import Order, Trade
from interlock.values import Instant

KEPT: Final = 50_000


class EventsForgotten(Misuse):
    """These events are no longer kept."""

    remedy = "Read the books as they stand, and go on from `Events.count`."


@dataclass(frozen=True, slots=True)
class OrderChanged:
    """An order as it stands after a change; a trigger (`order.is_advanced`) among them."""

    order: Order
    at: Instant


@dataclass(frozen=True, slots=True)
class Traded:
    """One execution of an order of the account."""

    trade: Trade
    at: Instant


@dataclass(frozen=True, slots=True)
class BalanceChanged:
    """What the account holds of one currency, and what of it is reserved, after a change of either."""

    currency: str
    total: Decimal
    reserved: Decimal
    at: Instant


@dataclass(frozen=True, slots=True)
class Moved:
    """Money that was moved by nobody's order: a transfer or interest."""

    movement: Movement
    at: Instant


@dataclass(frozen=True, slots=True)
class BookTaken:
    """Something was taken from the book of a symbol (what stands there moves with the clock as well, without an event)."""

    symbol: str
    at: Instant


Event = OrderChanged | Traded | BalanceChanged | Moved | BookTaken


class Events:
    """The newest events; `count` is the number of the next one."""

    def __init__(self, kept: int = KEPT) -> None:
        self._kept: Final[deque[Event]] = deque(maxlen=kept)
        self.count = 0

    def add(self, event: Event) -> None:
        """The next event."""
        self._kept.append(event)
        self.count += 1

    def order(self, order: Order, now: Instant) -> None:
        """An order has changed."""
        self.add(OrderChanged(order.as_it_stands(), now))

    def kept(self) -> Sequence[Event]:
        """Every event that is still kept, oldest first."""
        return tuple(self._kept)

    def since(self, number: int) -> Sequence[Event]:
        """Every event from this number on, oldest first."""
        first = self.count - len(self._kept)
        if not first <= number <= self.count:
            raise EventsForgotten(f"The events kept are {first} to {self.count}, not {number}.")
        return tuple(islice(self._kept, number - first, None))
