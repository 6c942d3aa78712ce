"""Passes are supervised: one that raises ends only itself, is recorded with its class, and comes back after a pause.

Three failures in a row open an incident. Only a broken invariant, a lost lease or a clock that was set back ends the process; starting
again is recovery.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final, Protocol

import structlog

from interlock.errors import (
    BrokenInvariant,
    ClockWentBack,
    InterlockError,
    LeaseLost,
    StoreTrouble,
)
from interlock.evidence.incident import Incident
from interlock.ports import Books, Clock, MarketFile
from interlock.values import Instant

_log = structlog.get_logger("day")

# What ends the process, and what one row may raise without ending the pass over the others.
MUST_END: Final = (BrokenInvariant, ClockWentBack, LeaseLost)
# Less than the skew that entries are still judged under: a clock that is slewed goes back by nothing at all.
STEP_BACK: Final = timedelta(seconds=2)
TROUBLE: Final = (InterlockError, ArithmeticError, LookupError, TypeError, ValueError)
INCIDENT_AFTER: Final = 3
RECOVERY: Final = "settler"
PAUSE_MAX: Final = timedelta(seconds=60)
# Beyond what a pass may rest: every call to the exchange has its own time-out, so a longer turn is one that hangs.
TURN_MAX_S: Final = 300.0


class Pass(Protocol):
    """One loop of the desk."""

    name: str
    backstop: float

    async def once(self) -> Instant:
        """One pass; the instant at which the next is due."""
        ...


@dataclass(slots=True)
class Failures:
    """How often each pass has failed in a row, with which class of error, and for which of them an incident is open."""

    in_a_row: dict[str, int] = field(default_factory=dict)
    last: dict[str, str] = field(default_factory=dict)
    told: set[str] = field(default_factory=set)


@dataclass(slots=True)
class Latest:
    """The latest instant that this process has seen. Every time that it keeps in memory was reckoned from such instants."""

    at: Instant = field(default_factory=lambda: Instant(0))

    def see(self, now: Instant) -> None:
        """Raises when time was set back."""
        if now < self.at - STEP_BACK:
            raise ClockWentBack(f"It is {now}, and it was {self.at} already.")
        self.at = max(self.at, now)


@dataclass(frozen=True, slots=True)
class Day:
    """The passes of one engine, working side by side until one of them must not go on."""

    books: Books
    market: MarketFile
    clock: Clock
    failures: Failures = field(default_factory=Failures)
    turns: dict[str, float] = field(default_factory=dict)
    latest: Latest = field(default_factory=Latest)

    async def work(self, passes: Sequence[Pass]) -> None:
        """Runs every pass until a broken invariant, a lost lease or a clock that was set back ends the day."""
        self.clock.attend([one.name for one in passes])
        async with asyncio.TaskGroup() as group:
            for one in passes:
                group.create_task(self._supervise(one), name=one.name)

    def has_recovered(self, passes: Sequence[Pass]) -> bool:
        """Whether the pass that recovers has had its first turn, where there is one: starting is recovery."""
        return all(one.name in self.turns for one in passes if one.name == RECOVERY)

    def stuck(self, passes: Sequence[Pass]) -> tuple[str, ...]:
        """The passes that have begun and did not come round in time. One that raises comes round: it fails, it does not hang."""
        now = self.clock.monotonic()
        return tuple(
            one.name
            for one in passes
            if now - self.turns.get(one.name, now)
            > max(one.backstop, PAUSE_MAX.total_seconds()) + TURN_MAX_S
        )

    async def _supervise(self, one: Pass) -> None:
        await self.clock.wait(one.name, self.clock.now(), 0.0)
        while True:
            self.latest.see(self.clock.now())
            due = await self._try(one)
            self.turns[one.name] = self.clock.monotonic()
            await self.clock.wait(one.name, due, one.backstop)

    async def _try(self, one: Pass) -> Instant:
        try:
            due = await one.once()
            self.market.beat(one.name, self.clock.now())
        except MUST_END:
            raise
        except Exception as error:  # noqa: BLE001 - the supervisor's boundary: whatever a pass raises ends that pass alone
            return self._failed(one, error)
        self.failures.in_a_row.pop(one.name, None)
        if one.name in self.failures.told and self._note(closed=(f"pass:{one.name}",)):
            self.failures.told.discard(one.name)
        return due

    def _failed(self, one: Pass, error: Exception) -> Instant:
        count = self.failures.in_a_row.get(one.name, 0) + 1
        self.failures.in_a_row[one.name] = count
        self.failures.last[one.name] = type(error).__name__
        now = self.clock.now()
        if isinstance(error, InterlockError):
            _log.warning("pass failed", name=one.name, error=type(error).__name__, text=str(error))
        else:
            _log.error("pass failed", name=one.name, error=type(error).__name__, exc_info=error)
        if count >= INCIDENT_AFTER and one.name not in self.failures.told:
            text = f"The pass {one.name} failed {count} times in a row: {type(error).__name__}."
            if self._note(incidents=(Incident(f"pass:{one.name}", "FAIL", text, now),)):
                self.failures.told.add(one.name)
        return now + min(PAUSE_MAX, timedelta(seconds=2 ** min(count, 6)))

    def _note(self, *, incidents: Sequence[Incident] = (), closed: Sequence[str] = ()) -> bool:
        """Whether it was written. Books that cannot be written now end no pass: what is true then is noted by a later one."""
        try:
            self.books.note(self.clock.now(), incidents=incidents, closed=closed)
        except MUST_END:
            raise
        except StoreTrouble as error:
            _log.error("not noted", error=type(error).__name__, text=str(error))
            return False
        self.clock.nudge("herald").set()
        return True
