"""An intent is the durable wish to place one order; an attempt is one request that may leave.

The client_oid is a function of the installation and the key: the same approval gives the same id in every life of the process,
and nothing is ever sent again under another one.
"""

from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from typing import Final

from interlock.orders.life import ENDS, State
from interlock.risk.verdict import Approved
from interlock.strategy.proposal import OrderType, Proposal, Purpose
from interlock.values import Instant, digest

PREFIX: Final = "il"
TARGET: Final = "target"


@dataclass(frozen=True, slots=True)
class Intent:
    """One order that we asked for. `filled` in base and `value` in quote are cumulative, by the exchange's word.

    `reserved` (quote) is what it may still cost: exact for a limit order. `confirmed_at` is set when the exchange's own listing
    showed the order as it was asked for. `spawned_order_id` names the order that a fired trigger became.
    Of a pair the stop leads: its attempts are those of both legs, and the target names it as its `leader`. The exchange names the
    pair by its `list_id`.
    """

    id: str
    client_oid: str
    proposal: Proposal
    verdict_id: str
    state: State
    created_at: Instant
    updated_at: Instant
    signal_id: str | None = None
    order_id: str | None = None
    spawned_order_id: str | None = None
    filled: Decimal = Decimal(0)
    value: Decimal = Decimal(0)
    confirmed_at: Instant | None = None
    refusal: str | None = None
    leader: str | None = None
    list_id: str | None = None

    @property
    def ended(self) -> bool:
        """Whether nothing more can come of it."""
        return self.state in ENDS

    @property
    def is_pair(self) -> bool:
        """Whether it leads a pair."""
        return self.proposal.target is not None

    @property
    def is_stop(self) -> bool:
        """Whether it is a stop, and not the target beside one, which covers nothing."""
        return self.proposal.purpose is Purpose.PROTECT and self.leader is None

    @property
    def is_advanced(self) -> bool:
        """Whether it lives at the advanced endpoints: a trigger, or the target beside one."""
        return self.proposal.type is OrderType.STOP_LOSS or self.leader is not None

    @property
    def reserved(self) -> Decimal:
        """What an entry that has not ended may cost, in quote; nothing for an exit."""
        is_entry = self.proposal.purpose is Purpose.ENTRY
        return self.proposal.value.amount if is_entry and not self.ended else Decimal(0)


class Request(StrEnum):
    """What an attempt asks of the exchange."""

    CREATE = "CREATE"
    CANCEL = "CANCEL"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One request that may leave, durable before its first byte. The nonce sent is this nonce; `outcome` is None until answered.

    `left_at` is when its bytes were let go, written down with the answer: None says that nobody kept it.
    """

    intent_id: str
    n: int
    request: Request
    nonce: int
    epoch: int
    at: Instant
    outcome: str | None = None
    left_at: Instant | None = None


def client_oid(install_id: str, key: str) -> str:
    """At most 36 characters: our prefix, the installation, and 24 digits of the key."""
    return f"{PREFIX}{install_id[:6]}-{digest(install_id, key)}"


def intend(
    approved: Approved, install_id: str, now: Instant, *, signal_id: str | None = None
) -> Intent:
    """The intent of an approval, born SENDING. The same approval gives the same id."""
    proposal = approved.proposal
    oid = client_oid(install_id, proposal.key)
    return Intent(
        id=digest(install_id, proposal.key),
        client_oid=oid,
        proposal=proposal,
        verdict_id=approved.id,
        state=State.SENDING,
        created_at=now,
        updated_at=now,
        signal_id=signal_id,
    )


def target_of(stop: Intent) -> Intent:
    """The other leg of the pair that a stop leads, as it was when the pair was asked for: a limit sale of the same size.

    Its ids are functions of the stop's, so that both legs are found by their own client_oid in every life of the process.
    """
    wish = stop.proposal
    mark = stop.client_oid.partition("-")[0]
    limit = replace(
        wish,
        key=f"{wish.key}:{TARGET}",
        type=OrderType.LIMIT,
        limit=wish.target,
        trigger=None,
        target=None,
    )
    return replace(
        stop,
        id=digest(stop.id, TARGET),
        client_oid=f"{mark}-{digest(stop.client_oid, TARGET)}",
        proposal=limit,
        leader=stop.id,
    )
