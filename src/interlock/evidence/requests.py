"""What the owner asks of the engine: written into the books at any door, done and answered by the engine that holds the account."""

from dataclasses import dataclass
from enum import StrEnum

from interlock.evidence.proof import CheckRow
from interlock.values import Instant


class What(StrEnum):
    """What is asked for."""

    RECONCILE = "RECONCILE"
    KILL = "KILL"
    FLATTEN = "FLATTEN"


@dataclass(frozen=True, slots=True)
class OwnersRequest:
    """One request; `answered_at` is None as long as nobody has done it. `rows` are what was found at its end, `passed` the sum of them."""

    id: str
    what: What
    who: str
    why: str
    at: Instant
    answered_at: Instant | None = None
    passed: bool = False
    rows: tuple[CheckRow, ...] = ()


class Arming(StrEnum):
    """What an owner arms: entering as such, or orders larger than those of the first stage."""

    ENTRIES = "ENTRIES"
    STAGE = "STAGE"


@dataclass(frozen=True, slots=True)
class Offer:
    """The wish to arm, under a code that is good until `until` on the wall's clock."""

    code: str
    what: Arming
    who: str
    why: str
    until: Instant
