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
