"""A proposal is the exact order that we would like to send: purpose, object and funding, frozen before anybody judges it.

Guards and payload can never disagree, because both read this one object.
"""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from interlock.account import Funding
from interlock.values import Instrument, Money, Price, Quantity, Side


class Purpose(StrEnum):
    """Why an order is wanted. Stop switches and caps bind ENTRY only; the other three never raise exposure."""

    ENTRY = "ENTRY"
    PROTECT = "PROTECT"
    REDUCE = "REDUCE"
    FLATTEN = "FLATTEN"


class OrderType(StrEnum):
    """LIMIT for entries, MARKET for exits by quantity, STOP_LOSS for protection."""

    LIMIT = "LIMIT"
    MARKET = "MARKET"
    STOP_LOSS = "STOP_LOSS"


class TimeInForce(StrEnum):
    """How long an order stays."""

    GOOD_TILL_CANCEL = "GOOD_TILL_CANCEL"
    IMMEDIATE_OR_CANCEL = "IMMEDIATE_OR_CANCEL"


@dataclass(frozen=True, slots=True)
class Protection:
    """The distances from the average fill price at which a lot is stopped and taken, in quote per base, with their sources.

    `trailing_pct` is how far below the highest bid its stop follows, in percent (None: it stays where it is). With a `stop_floor` the
    strategy may raise its stop later; 0: it has not yet.
    """

    stop_distance: Decimal
    target_distance: Decimal
    stop_source: str
    target_source: str
    trailing_pct: Decimal | None = None
    stop_floor: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Proposal:
    """One order as it would be sent. `key` names the wish for ever: the same key is the same intent.

    A stop with a `target` is a pair: a limit sale at that price is asked for in the same request, and the first execution of either
    leg ends the other.
    """

    key: str
    purpose: Purpose
    instrument: Instrument
    side: Side
    type: OrderType
    tif: TimeInForce
    quantity: Quantity
    funding: Funding
    limit: Price | None = None
    trigger: Price | None = None
    lot_id: str | None = None
    protection: Protection | None = None
    target: Price | None = None

    @property
    def symbol(self) -> str:
        """The book on which it trades."""
        return self.instrument.symbol

    @property
    def value(self) -> Money:
        """Quantity times its limit (or trigger) price: what an entry reserves. A market order has no value of its own: zero."""
        price = self.limit or self.trigger
        return price * self.quantity if price else Money(Decimal(0), self.instrument.quote)
