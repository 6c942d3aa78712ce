"""How often each method may be asked: per key where it is private, per address where it is public. Refused requests do not count.

A window ends a twentieth early, so that a client that keeps exactly to a limit is not refused for the jitter of its line.
"""

from collections import deque
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from interlock.simulator.answers import Refusal
from interlock.values import Instant

TOO_MANY_REQUESTS: Final = 42901
TENTH_US: Final = 95_000
SECOND_US: Final = 950_000


@dataclass(frozen=True, slots=True)
class Limit:
    """So many requests within so many microseconds."""

    count: int
    window_us: int


PUBLIC: Final = Limit(100, SECOND_US)
PRIVATE: Final = Limit(3, TENTH_US)
LIMITS: Final = MappingProxyType(
    {
        "private/create-order": Limit(15, TENTH_US),
        "private/cancel-order": Limit(15, TENTH_US),
        "private/cancel-all-orders": Limit(15, TENTH_US),
        "private/get-order-detail": Limit(30, TENTH_US),
        "private/get-trades": Limit(1, SECOND_US),
        "private/get-order-history": Limit(1, SECOND_US),
    }
)


class Rates:
    """When each method was last asked by whom."""

    def __init__(self) -> None:
        self._asked: Final[dict[tuple[str, str], deque[int]]] = {}

    def admit(self, method: str, who: str, now: Instant) -> None:
        """Counts one request; 42901 when it is one too many."""
        public = method.startswith("public/")
        limit = PUBLIC if public else LIMITS.get(method, PRIVATE)
        asked = self._asked.get((method, who))
        if asked is None:
            asked = self._asked[method, who] = deque(maxlen=limit.count)
        if len(asked) == limit.count and now.micros - asked[0] < limit.window_us:
            raise Refusal(TOO_MANY_REQUESTS)
        asked.append(now.micros)
