"""Something a person must know: it opens once, is counted while it lasts, and ends once."""

from dataclasses import dataclass

from interlock.values import Instant


@dataclass(frozen=True, slots=True)
class Incident:
    """Something a person must know. The same fingerprint is the same incident; repeats only raise its count."""

    fingerprint: str
    severity: str
    text: str
    opened_at: Instant
    count: int = 1
    closed_at: Instant | None = None
