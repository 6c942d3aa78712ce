"""What may differ between our books and the exchange, and what is done about it; a plan of it, and the policy under which it is made."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from enum import StrEnum

from interlock.account import Lot, Transfer
from interlock.ledger.book import Entry
from interlock.orders.evidence import Absent, Fill, OrderFact
from interlock.orders.intent import Intent
from interlock.values import Instant, Unknown


class Kind(StrEnum):
    """How the two sides differ."""

    ORDER_NOT_THERE = "order not there"
    ORDER_DIFFERS = "order differs"
    ORDER_WITH_OUR_MARK = "order with our mark"
    ORDER_BY_HAND = "order by hand"
    OUTCOME_UNKNOWN = "outcome unknown"
    FILL_MISSING = "execution missing"
    FILL_NOT_THERE = "execution not there"
    STOP_MISSING = "stop missing"
    STOP_ORPHAN = "stop without a lot"
    TRANSFER = "transfer"
    BALANCE = "balance differs"
    LOT_NOT_HELD = "lot not held"
    NOT_SEEN = "not seen"


class Action(StrEnum):
    """What is done about a difference. What only a person can end is told as an incident, once."""

    ADOPT = "adopt"
    BOOK = "book"
    CANCEL = "cancel"
    ASK = "ask again"
    ALARM = "alarm"
    FREEZE = "freeze"
    NOTHING = "nothing"


class Foreign(StrEnum):
    """What is done about an open order that somebody placed by hand."""

    IGNORE = "ignore"
    ALARM = "alarm"
    CANCEL = "cancel"


class Moved(StrEnum):
    """What is done about money that somebody moved: booked, or told and kept until a person applies the plan."""

    BOOK = "book"
    ALARM = "alarm"


@dataclass(frozen=True, slots=True)
class Policy:
    """Under what a plan is made. What has lasted less than `grace` is on its way, and no difference."""

    foreign: Foreign = Foreign.ALARM
    moved: Moved = Moved.BOOK
    grace: timedelta = timedelta(minutes=5)
    deadline: timedelta = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Ours:
    """Our side. `told` are the incidents that are open: what was told and stands is not told again."""

    install_id: str
    opened_at: Instant
    intents: tuple[Intent, ...]
    lots: tuple[tuple[Lot, tuple[Intent, ...]], ...]
    fills: tuple[Fill, ...]
    entries: tuple[Entry, ...]
    told: frozenset[str]


@dataclass(frozen=True, slots=True)
class Theirs:
    """The exchange's side as it was read, each part whole or unknown: that is its coverage, and nothing follows from what was not read.

    `listed` are both complete lists of open orders, `looked` the details of those of ours that no list shows, `history` what ended
    since `since`. The wallet was read at `as_of`, the others after it.
    """

    as_of: Instant
    since: Instant
    listed: tuple[OrderFact, ...] | Unknown
    wallet: Mapping[str, Decimal] | Unknown
    looked: tuple[tuple[Intent, OrderFact | Absent], ...] = ()
    history: tuple[OrderFact, ...] = ()
    fills: tuple[Fill, ...] | Unknown = Unknown("not asked")  # noqa: RUF009 - frozen: safe as a default
    journal: tuple[Transfer, ...] | Unknown = Unknown("not asked")  # noqa: RUF009 - frozen: safe as a default


Subject = OrderFact | Fill | Transfer | Intent | None


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference: of what, why, what is done about it, and on which evidence. `mark` is the fingerprint under which it is told."""

    kind: Kind
    name: str
    reason: str
    action: Action
    evidence: str
    mark: str | None = None
    about: Subject = None


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be done; what was told and stands until a person ends it; and what was told and is over."""

    at: Instant
    differences: tuple[Difference, ...]
    standing: tuple[Difference, ...] = ()
    over: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether nothing is left to do."""
        return not self.differences
