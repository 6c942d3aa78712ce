"""What is put off to an instant of the exchange's clock: the earliest first, and of one instant what was put off first."""

import heapq
from collections.abc import Callable
from typing import Final

from interlock.values import Instant


class Later:
    """Doings that wait for their time."""

    def __init__(self) -> None:
        self._waiting: Final[list[tuple[Instant, int, Callable[[], object]]]] = []
        self._count = 0

    def put(self, at: Instant, act: Callable[[], object]) -> None:
        """Does this at that instant."""
        self._count += 1
        heapq.heappush(self._waiting, (at, self._count, act))

    @property
    def due(self) -> Instant | None:
        """When the next of them is to be done."""
        return self._waiting[0][0] if self._waiting else None

    def happen(self) -> None:
        """Does the next of them."""
        heapq.heappop(self._waiting)[2]()
