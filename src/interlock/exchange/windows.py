"""Reading a list that is answered in pages of the newest rows: a window that comes back full is halved until none is.

No order of the rows and no meaning of their time is assumed, so that nothing is lost at a page's border. What cannot be read to
its end is Unreachable.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Generic, TypeVar

from interlock.errors import Unreachable
from interlock.values import Instant

Fact = TypeVar("Fact")
Pause = Callable[[timedelta], Awaitable[None]]

# The exchange admits one such question a second, and keeps the answers for six months; its clock may be ahead of ours.
BETWEEN: Final = timedelta(milliseconds=1100)
RETENTION: Final = timedelta(days=180)
SKEW: Final = timedelta(seconds=5)
WINDOWS_MAX: Final = 400


@dataclass(frozen=True, slots=True)
class Window:
    """From `start` (inclusive) to `end` (exclusive), in whole milliseconds."""

    start: int
    end: int

    def params(self, limit: int) -> Mapping[str, int]:
        """What to ask for."""
        return {"start_time": self.start, "end_time": self.end, "limit": limit}

    def halves(self) -> "tuple[Window, Window]":
        """The later half first, so that a stack gives the earlier one first."""
        middle = (self.start + self.end) // 2
        return Window(middle, self.end), Window(self.start, middle)


@dataclass(frozen=True, slots=True)
class Reader(Generic[Fact]):
    """Reads every fact between two instants: `page` answers one window, `longest` is the widest that it may be asked for."""

    page: Callable[[Window], Awaitable[tuple[Fact, ...]]]
    pause: Pause
    limit: int
    longest: timedelta

    async def whole(self, since: Instant, now: Instant) -> list[Fact]:
        """All of them, oldest windows first; facts on a border may come twice."""
        if now - since > RETENTION:
            raise Unreachable(f"The exchange keeps {RETENTION.days} days; since {since} is beyond.")
        todo = self._windows(since.ms, (now + SKEW).ms + 1)
        found: list[Fact] = []
        for asked in range(WINDOWS_MAX):
            if not todo:
                return found
            if asked:
                await self.pause(BETWEEN)
            window = todo.pop()
            facts = await self.page(window)
            if len(facts) < self.limit:
                found += facts
                continue
            if window.end - window.start <= 1:
                raise Unreachable("More happened within one millisecond than the exchange tells.")
            todo += window.halves()
        raise Unreachable(f"More than {WINDOWS_MAX} pages would be needed since {since}.")

    def _windows(self, start: int, end: int) -> list[Window]:
        """The whole span in pieces of at most `longest`, the latest first."""
        step = self.longest // timedelta(milliseconds=1)
        starts = range(start, end, step)
        return [Window(one, min(one + step, end)) for one in reversed(starts)]
