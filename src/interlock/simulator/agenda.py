"""What is to happen of itself: at an instant, or once so many requests, accepted orders or executions have been seen. Each happens once.

What is due at one instant happens in the order in which it was put here.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from interlock.values import Instant

ACCEPT: Final = "accept"
FILL: Final = "fill"


@dataclass(frozen=True, slots=True)
class Cue:
    """The nth accepted order, execution, or request of a method (`what` names it), and so long after it."""

    what: str
    nth: int
    after: timedelta


@dataclass(frozen=True, slots=True)
class Due:
    """One thing to do, and when."""

    at: Instant
    number: int
    do: Callable[[], None]


class Agenda:
    """Everything that is still to happen."""

    def __init__(self) -> None:
        self._due: Final[list[Due]] = []
        self._cued: Final[list[tuple[Cue, Callable[[], None]]]] = []
        self._count = 0

    @property
    def is_empty(self) -> bool:
        """Whether nothing is still to happen."""
        return not self._due and not self._cued

    def put(self, at: Instant, do: Callable[[], None]) -> None:
        """Does this at that instant."""
        self._count += 1
        self._due.append(Due(at, self._count, do))

    def wait_for(self, cue: Cue, do: Callable[[], None]) -> None:
        """Does this so long after its cue."""
        self._cued.append((cue, do))

    def notice(self, counts: Mapping[str, int], now: Instant) -> None:
        """Cues that these counts have reached are taken up."""
        reached = [each for each in self._cued if counts.get(each[0].what, 0) >= each[0].nth]
        for cue, do in reached:
            self._cued.remove((cue, do))
            self.put(now + cue.after, do)

    def next_at(self) -> Instant | None:
        """When the next thing is due; None when nothing is."""
        return min((each.at for each in self._due), default=None)

    def take(self, now: Instant) -> Callable[[], None] | None:
        """The first thing that is due by now; None when nothing is."""
        first = min(self._due, key=lambda each: (each.at, each.number), default=None)
        if first is None or first.at > now:
            return None
        self._due.remove(first)
        return first.do
