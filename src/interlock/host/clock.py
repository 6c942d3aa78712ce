"""The wall clock: business time is the host's UTC, monotonic time the kernel's."""

import asyncio
import time
from collections.abc import Sequence

from interlock.values import Instant


class WallClock:
    """Rests until an instant, a nudge or a backstop, in real time."""

    def __init__(self) -> None:
        self._bells: dict[str, asyncio.Event] = {}

    def now(self) -> Instant:
        """The host's time, UTC."""
        return Instant(time.time_ns() // 1000)

    def monotonic(self) -> float:
        """Seconds that never go back."""
        return time.monotonic()

    def nudge(self, who: str) -> asyncio.Event:
        """The bell of one pass."""
        return self._bells.setdefault(who, asyncio.Event())

    async def wait(self, who: str, until: Instant, backstop: float) -> None:
        """Rests until the first of instant, nudge and backstop."""
        bell = self.nudge(who)
        seconds = min(backstop, max(0.0, (until - self.now()).total_seconds()))
        try:
            async with asyncio.timeout(seconds):
                await bell.wait()
        except TimeoutError:
            pass
        bell.clear()

    def attend(self, names: Sequence[str]) -> None:
        """Real time waits for nobody."""

    async def settled(self) -> None:
        """Real time has no middle to wait out."""


class StoodStill:
    """A clock that shows one instant: for a single look at books whose time is simulated."""

    def __init__(self, now: Instant) -> None:
        self._now = now

    def now(self) -> Instant:
        """The instant at which it stands."""
        return self._now

    def monotonic(self) -> float:
        """Seconds that never go back."""
        return time.monotonic()

    def nudge(self, who: str) -> asyncio.Event:  # noqa: ARG002 - nobody rests here, so nobody is woken
        """A bell that wakes nobody."""
        return asyncio.Event()

    async def wait(self, who: str, until: Instant, backstop: float) -> None:
        """Nobody rests here."""

    def attend(self, names: Sequence[str]) -> None:
        """Nobody rests here."""

    async def settled(self) -> None:
        """Real time has no middle to wait out."""
