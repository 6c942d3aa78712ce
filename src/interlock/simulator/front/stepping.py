"""The clock that steps: it moves to the next event when every registered process has nothing due, and stands still otherwise.

A process that registered and has not said that it is idle holds the clock, also when it died; registering again lets it go on.
The clock never passes the horizon: there the processes wait until somebody moves it.
"""

from dataclasses import dataclass
from typing import Final

from interlock.errors import BadInput, Misuse
from interlock.simulator.engine import Engine
from interlock.values import Instant


class NotRegistered(Misuse):
    """A process that is not registered cannot say that it is idle."""

    remedy = "Register the process again with POST /control/register; another one may have taken its name."


@dataclass(frozen=True, slots=True)
class Seat:
    """One registration of a name; a later one of the same name takes its place."""

    process: str
    number: int


@dataclass(frozen=True, slots=True)
class Step:
    """What an idle process is told: the time now, and whether the exchange itself did something to the account."""

    now: Instant
    stirred: bool


class Stepping:
    """Who is registered, who is idle until when, and how far the clock may go."""

    def __init__(self, engine: Engine, horizon: Instant | None) -> None:
        self._engine: Final = engine
        self.horizon = horizon
        self.steps = 0
        self._seats: Final[dict[str, Seat]] = {}
        self._idle: Final[dict[str, Instant | None]] = {}
        self._registrations = 0
        self._told_stirs = engine.stirs

    @property
    def now(self) -> Instant:
        """Where the clock stands."""
        return self._engine.now

    @property
    def registered(self) -> tuple[str, ...]:
        """The names of all processes that the clock waits for."""
        return tuple(sorted(self._seats))

    @property
    def idle(self) -> tuple[str, ...]:
        """The names of the processes that have nothing due."""
        return tuple(sorted(self._idle))

    def register(self, process: str) -> Seat:
        """A process begins, or begins again: it is busy until it says otherwise."""
        if not process:
            raise BadInput("A process registers with a name.")
        self._registrations += 1
        seat = Seat(process, self._registrations)
        self._seats[process] = seat
        self._idle.pop(process, None)
        return seat

    def seat(self, process: str) -> Seat:
        """The present registration of a name."""
        seat = self._seats.get(process)
        if seat is None:
            raise NotRegistered(f"No process {process!r} is registered here.")
        return seat

    def rest(self, seat: Seat, until: Instant | None) -> None:
        """The process has nothing due until then (None: until something happens)."""
        if self._seats.get(seat.process) != seat:
            raise NotRegistered(f"Another process registered as {seat.process!r}.")
        self._idle[seat.process] = until

    def wake(self, seat: Seat) -> None:
        """The process is busy again, or died: the clock stands still for it."""
        if self._seats.get(seat.process) == seat:
            self._idle.pop(seat.process, None)

    def target(self) -> Instant | None:
        """Where the clock goes next; None while a process is busy, nobody is registered, or the horizon is reached."""
        if not self._all_idle():
            return None
        now = self._engine.now
        due = [
            each for each in (*self._idle.values(), self._engine.next_event()) if each is not None
        ]
        if any(each <= now for each in due):
            return now
        ends = [] if self.horizon is None else [self.horizon]
        first = min([*due, *ends], default=now)
        return first if first > now else None

    def step(self, to: Instant) -> Step:
        """Moves the clock; everybody who was idle is busy again."""
        before = self._told_stirs
        self._engine.advance(to)
        self._told_stirs = self._engine.stirs
        self._idle.clear()
        self.steps += 1
        return Step(self._engine.now, stirred=self._told_stirs > before)

    def at_horizon(self) -> bool:
        """Whether the clock has reached its horizon and everybody waits there."""
        reached = self.horizon is not None and self._engine.now >= self.horizon
        return reached and self._all_idle()

    def _all_idle(self) -> bool:
        return bool(self._seats) and len(self._idle) == len(self._seats)
