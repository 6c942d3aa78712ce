"""An order as the exchange keeps it: its lives, its executions, and its end, after which nothing about it changes.

A trigger is an order of its own kind (an advanced one): it reserves nothing, and when it fires it becomes a child order with an id
of its own, whose fate it then shows to its end.
"""

from dataclasses import dataclass, field
from decimal import ROUND_HALF_EVEN, Decimal
from enum import StrEnum
from typing import Final

from interlock.errors import BrokenInvariant
from interlock.matching import Execution, Liquidity
from interlock.simulator.market.listing import Listed
from interlock.values import Instant, Side

ZERO: Final = Decimal(0)


class Status(StrEnum):
    """The exchange's words for where an order is. A partly filled one is still ACTIVE."""

    PENDING = "PENDING"
    ACTIVE = "ACTIVE"
    FILLED = "FILLED"
    CANCELED = "CANCELED"
    REJECTED = "REJECTED"
    EXPIRED = "EXPIRED"


OPEN: Final = frozenset({Status.PENDING, Status.ACTIVE})


class Kind(StrEnum):
    """The types of order that this exchange takes."""

    LIMIT = "LIMIT"
    MARKET = "MARKET"
    STOP_LOSS = "STOP_LOSS"
    STOP_LIMIT = "STOP_LIMIT"
    TAKE_PROFIT = "TAKE_PROFIT"
    TAKE_PROFIT_LIMIT = "TAKE_PROFIT_LIMIT"

    @property
    def is_trigger(self) -> bool:
        """Whether it waits for a price and then becomes a market or limit order."""
        return self is not Kind.LIMIT and self is not Kind.MARKET

    @property
    def has_limit(self) -> bool:
        """Whether it names the price of its execution."""
        return self in {Kind.LIMIT, Kind.STOP_LIMIT, Kind.TAKE_PROFIT_LIMIT}

    @property
    def stops(self) -> bool:
        """Whether it is a stop, not a target."""
        return self in {Kind.STOP_LOSS, Kind.STOP_LIMIT}


class TimeInForce(StrEnum):
    """How long an order stays."""

    GOOD_TILL_CANCEL = "GOOD_TILL_CANCEL"
    IMMEDIATE_OR_CANCEL = "IMMEDIATE_OR_CANCEL"
    FILL_OR_KILL = "FILL_OR_KILL"


@dataclass(frozen=True, slots=True)
class Leg:
    """The place of an order in a list of which one leg cancels the other."""

    list_id: int
    number: int


class Prevention(StrEnum):
    """Which of two orders of the account that would meet is cancelled."""

    MAKER = "M"
    TAKER = "T"
    BOTH = "B"


@dataclass(frozen=True, slots=True)
class Stp:
    """Self-trade prevention: two orders that bear the same scope and id do not meet; the incoming one says which ends."""

    scope: str
    prevention: Prevention
    id: int

    def binds(self, other: "Stp | None") -> bool:
        """Whether the other order bears the same mark."""
        return other is not None and (self.scope, self.id) == (other.scope, other.id)


@dataclass(frozen=True, slots=True)
class Wish:
    """What a valid request asks for. Quantity in base, prices in quote per base, `notional` in quote (a market buy without quantity).

    One with a `leverage` is a margin order: what the account lacks for it may be borrowed.
    """

    listed: Listed
    side: Side
    kind: Kind
    client_oid: str
    quantity: Decimal
    limit: Decimal | None = None
    ref_price: Decimal | None = None
    ref_price_type: str = "NULL_VAL"
    notional: Decimal | None = None
    tif: TimeInForce = TimeInForce.GOOD_TILL_CANCEL
    post_only: bool = False
    smart: bool = False
    leg: Leg | None = None
    fee_in_quote: bool = False
    leverage: Decimal | None = None
    stp: Stp | None = None

    @property
    def on_credit(self) -> bool:
        """Whether it may borrow."""
        return self.leverage is not None

    @property
    def fee_currency(self) -> str:
        """A buy pays its fee in base unless it asks otherwise, a sale in quote."""
        in_base = self.side is Side.BUY and not self.fee_in_quote
        return self.listed.base if in_base else self.listed.quote


@dataclass(slots=True)
class Order:
    """One order. `value` is what it is worth by its own terms and `reserved` what it holds back, or pledges on margin, in `reserved_in`."""

    id: str
    wish: Wish
    value: Decimal
    created: Instant
    updated: Instant
    status: Status = Status.ACTIVE
    reason: int = 0
    filled: Decimal = ZERO
    filled_value: Decimal = ZERO
    fee: Decimal = ZERO
    reserved: Decimal = ZERO
    touch: Instant | None = None
    child_id: str | None = None
    parent_id: str | None = None
    _ended_as: tuple[object, ...] | None = field(default=None, repr=False)

    @property
    def is_open(self) -> bool:
        """Whether anything can still come of it."""
        return self.status in OPEN

    @property
    def is_advanced(self) -> bool:
        """Whether it lives in the world of triggers and their lists, which no ordinary list shows."""
        return self.wish.kind.is_trigger or self.wish.leg is not None

    @property
    def remaining(self) -> Decimal:
        """What is not executed yet, in base."""
        return self.wish.quantity - self.filled

    @property
    def reserved_in(self) -> str:
        """The currency that it spends."""
        listed = self.wish.listed
        return listed.quote if self.wish.side is Side.BUY else listed.base

    @property
    def received_in(self) -> str:
        """The currency that comes in."""
        listed = self.wish.listed
        return listed.base if self.wish.side is Side.BUY else listed.quote

    @property
    def average(self) -> Decimal:
        """The average price on the nearest tick; zero when nothing was executed."""
        if not self.filled:
            return ZERO
        tick = self.wish.listed.tick
        ticks = self.filled_value / self.filled / tick
        return ticks.to_integral_value(ROUND_HALF_EVEN) * tick

    def execute(
        self, done: Execution, rate: Decimal, now: Instant, *, counts_base: bool = True
    ) -> None:
        """Counts one execution. A buy counts its fee in base whatever it is paid in: that is what the exchange was seen to show."""
        self._must_be_open()
        self.filled += done.quantity
        self.filled_value += done.value
        in_base = counts_base and self.wish.side is Side.BUY
        self.fee += done.quantity * rate.normalize() if in_base else done.fee
        self.updated = now
        if self.wish.notional is None and self.filled > self.wish.quantity:
            raise BrokenInvariant(f"Order {self.id} was filled beyond its quantity.")

    def end(self, status: Status, now: Instant, reason: int = 0) -> None:
        """Ends it, once and for ever."""
        self._must_be_open()
        self.status, self.reason, self.updated, self.touch = status, reason, now, None
        self._ended_as = self._figures()

    def fire(self, child: "Order") -> None:
        """Becomes its child, and from now on shows the child's fate."""
        self._must_be_open()
        self.child_id, self.touch, self.status = child.id, None, Status.ACTIVE

    def follow(self, child: "Order", now: Instant) -> None:
        """Shows what became of its child, and ends with it."""
        self._must_be_open()
        self.filled, self.filled_value, self.fee = child.filled, child.filled_value, child.fee
        self.updated = now
        if not child.is_open:
            self.end(child.status, now, child.reason)

    def amend(self, wish: Wish, value: Decimal, now: Instant) -> None:
        """Asks for something else from now on, under the same id."""
        self._must_be_open()
        self.wish, self.value, self.updated = wish, value, now

    def as_it_stands(self) -> "Order":
        """A copy that changes no more."""
        return Order(
            self.id,
            self.wish,
            self.value,
            self.created,
            self.updated,
            self.status,
            self.reason,
            self.filled,
            self.filled_value,
            self.fee,
            self.reserved,
            self.touch,
            self.child_id,
            self.parent_id,
        )

    def must_be_unchanged(self) -> None:
        """Raises when an ended order is not what it was at its end."""
        if self._ended_as is not None and self._ended_as != self._figures():
            raise BrokenInvariant(f"Order {self.id} changed after its end.")

    def _figures(self) -> tuple[object, ...]:
        return (self.status, self.reason, self.filled, self.filled_value, self.fee, self.updated)

    def _must_be_open(self) -> None:
        if not self.is_open:
            raise BrokenInvariant(f"Order {self.id} is {self.status} and cannot change.")


@dataclass(frozen=True, slots=True)
class Trade:
    """One execution of one order, as it is told to the account."""

    id: str
    match_id: str
    order_id: str
    client_oid: str
    listed: Listed
    done: Execution
    liquidity: Liquidity
    fee_currency: str
    at: Instant
