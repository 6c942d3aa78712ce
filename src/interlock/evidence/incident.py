"""Something a person must know: it opens once, is counted while it lasts, and ends once."""

from dataclasses import dataclass
from typing import Final

from interlock.values import Instant

# An incident whose fingerprint begins so is told again every minute until it is over: a lot that must be sold and is not.
PAGED: Final = "flatten"


@dataclass(frozen=True, slots=True)
class Incident:
    """Something a person must know. The same fingerprint is the same incident; repeats only raise its count."""

    fingerprint: str
    severity: str
    text: str
    opened_at: Instant
    count: int = 1
    closed_at: Instant | None = None
