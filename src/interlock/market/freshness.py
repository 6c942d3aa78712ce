"""Whether what the market said is young enough to act on. A time that lies in the future is not fresh either."""

from dataclasses import dataclass
from datetime import timedelta

from interlock.values import Instant


@dataclass(frozen=True, slots=True)
class Fresh:
    """Young enough."""

    age: timedelta


@dataclass(frozen=True, slots=True)
class Stale:
    """Too old, or from the future beyond the limit."""

    age: timedelta
    limit: timedelta


Freshness = Fresh | Stale


def freshness(as_of: Instant, now: Instant, limit: timedelta) -> Freshness:
    """Fresh iff the age is at most `limit` in either direction."""
    age = now - as_of
    return Fresh(age) if abs(age) <= limit else Stale(age, limit)
