"""What the exchange told us of an order: an answer to a request, a fact, an execution, or that it does not know the id.

Refused, Unreachable and NotSent of `interlock.errors` are the other three answers. An absence is evidence only by coverage.
"""

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Final

from interlock.errors import NotSent, Refused, Unreachable
from interlock.orders.life import State
from interlock.strategy.proposal import OrderType
from interlock.values import Instant, Side


@dataclass(frozen=True, slots=True)
class Accepted:
    """The gateway took the request: queued, not done. A pair is named by its list alone, and a pair that is to go by nothing."""

    order_id: str | None
    list_id: str | None = None


Answer = Accepted | Refused | Unreachable | NotSent


class Source(StrEnum):
    """Where a fact was read."""

    ORDER_DETAIL = "order_detail"
    OPEN_ORDERS = "open_orders"
    ADVANCED_DETAIL = "advanced_detail"
    ADVANCED_OPEN_ORDERS = "advanced_open_orders"
    ORDER_HISTORY = "order_history"
    ADVANCED_HISTORY = "advanced_history"
    TRADE_HISTORY = "trade_history"
    USER_STREAM = "user_stream"
    ADVANCED_STREAM = "advanced_stream"


@dataclass(frozen=True, slots=True)
class OrderFact:
    """The exchange's own word about one order. Quantities in base, value in quote, trigger and limit in quote per base.

    `unlisted` is a status text that we do not know: it proves only that the order exists, and is an alarm.
    """

    client_oid: str
    order_id: str
    symbol: str
    side: Side
    type: OrderType | None
    state: State
    quantity: Decimal
    filled: Decimal
    value: Decimal
    trigger: Decimal | None
    source: Source
    as_of: Instant
    spawned_order_id: str | None = None
    unlisted: str | None = None
    limit: Decimal | None = None
    list_id: str | None = None


@dataclass(frozen=True, slots=True)
class Absent:
    """The exchange did not know this client_oid when asked at one endpoint. Alone it proves nothing."""

    client_oid: str
    source: Source
    asked_at: Instant


@dataclass(frozen=True, slots=True)
class Fill:
    """One execution, once per `trade_id`. Quantity in base, price in quote per base; `fee` is positive when charged."""

    trade_id: str
    order_id: str
    client_oid: str
    symbol: str
    side: Side
    quantity: Decimal
    price: Decimal
    fee: Decimal
    fee_currency: str
    is_maker: bool
    at: Instant


# The nonce window of the exchange, the largest clock skew we admit, and a margin of our own (reliability, I5).
HORIZON: Final = timedelta(seconds=60 + 5 + 60)
LOOKS_MIN: Final = 2


def proven_absent(looks: tuple[Absent, ...], last_nonce_ms: int) -> bool:
    """Coverage: two negative looks at different endpoints, both later than the last attempt's nonce plus the horizon."""
    after = Instant.of_ms(last_nonce_ms) + HORIZON
    return len({look.source for look in looks if look.asked_at > after}) >= LOOKS_MIN


@dataclass(frozen=True, slots=True)
class Evidence:
    """What one round of asking found: facts, executions, and absences; all are booked in one transaction.

    What was heard (`is_heard`) may speak of an id before anybody knows it: then it is parked, until the id is known or was asked about.
    """

    facts: tuple[OrderFact, ...] = ()
    fills: tuple[Fill, ...] = ()
    absences: tuple[Absent, ...] = ()
    is_heard: bool = False

    @property
    def name(self) -> str:
        """Whose order it is about, when it is about one."""
        oids = self._oids()
        return oids[0] or "an order of somebody else" if oids else "nothing"

    def parts(self) -> "tuple[Evidence, ...]":
        """What was said of each order, alone, in the order in which it was said."""
        return tuple(
            Evidence(
                tuple(w for w in self.facts if w.client_oid == oid),
                tuple(w for w in self.fills if w.client_oid == oid),
                tuple(w for w in self.absences if w.client_oid == oid),
                self.is_heard,
            )
            for oid in self._oids()
        )

    def _oids(self) -> tuple[str, ...]:
        oids = (
            *(fact.client_oid for fact in self.facts),
            *(fill.client_oid for fill in self.fills),
            *(absent.client_oid for absent in self.absences),
        )
        return tuple(dict.fromkeys(oids))


@dataclass(frozen=True, slots=True)
class Heard:
    """What came over the user stream since it was last taken: evidence, whether the wallet moved, and what made it less than whole."""

    evidence: Evidence = Evidence(is_heard=True)
    is_wallet_moved: bool = False
    gaps: tuple[str, ...] = ()


PARKED_MAX: Final = 500


@dataclass(frozen=True, slots=True)
class Parked:
    """Something heard of an id that nobody knew. `outcome` is what became of it; None while it waits."""

    key: str
    at: Instant
    told: OrderFact | Fill
    outcome: str | None = None


class Ear(StrEnum):
    """How the user stream stands: not listened to, less than whole, or whole."""

    OFF = "OFF"
    GAP = "GAP"
    WHOLE = "WHOLE"


@dataclass(frozen=True, slots=True)
class Listening:
    """How the user stream stands, since when, in whose tenure, and why."""

    ear: Ear
    since: Instant
    epoch: int
    why: str = ""
