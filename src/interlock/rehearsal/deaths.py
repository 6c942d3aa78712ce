"""What a life dies of: drawn moments and ways, one exchange and one data folder, and the comparison after every so many deaths."""

import random
import signal
import time
from collections import Counter
from contextlib import closing
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Final

from interlock.rehearsal.forked import Forked
from interlock.rehearsal.life import live
from interlock.rehearsal.offers import AGAIN, QUIET, READY, TROUBLED
from interlock.rehearsal.reckoning import (
    Broken,
    Reckoning,
    corruption,
    left_alone,
    ours_of,
    reckoned,
)
from interlock.rehearsal.venue import Venue
from interlock.settings import Settings
from interlock.strategy.proposal import Purpose
from interlock.values import Instant

START: Final = Instant.of_iso("2024-02-29T00:00:00")
ALONE_S: Final = 60
MOMENT_S: Final = 0.12
RECOVERY_S: Final = 0.3
PATIENCE_S: Final = 30.0
REST_S: Final = 120.0
IN_FLIGHT_S: Final = 0.5
LOOK_S: Final = 0.004
SETTLE_S: Final = 0.05
PAUSE_S: Final = 0.05
# For how long, on the exchange's clock, nobody starts the engine again.
DOWN_S: Final = (0, 30, 30, 60)
HOLDS: Final = ("hold_answer", "hold_answer", "hold_request")
METHODS: Final = (
    "private/create-order",
    "private/create-order",
    "private/advanced/create-oco",
    "private/advanced/cancel-oco",
)


class Moment(StrEnum):
    """When a life is ended."""

    AT_RANDOM = "at random"
    IN_FLIGHT = "in flight"
    RECOVERING = "recovering"


class Way(StrEnum):
    """How a life is ended."""

    KILL = "SIGKILL"
    SEGV = "SIGSEGV"
    TERM = "SIGTERM, then SIGKILL"
    STOP = "SIGSTOP, SIGCONT, SIGKILL"


MOMENTS: Final = (*[Moment.AT_RANDOM] * 5, *[Moment.IN_FLIGHT] * 4, Moment.RECOVERING)
WAYS: Final = (*[Way.KILL] * 17, Way.SEGV, Way.TERM, Way.STOP)


@dataclass(slots=True)
class Tally:
    """What has been counted so far."""

    lives: int = 0
    again: int = 0
    how: Counter[str] = field(default_factory=Counter)
    recoveries: list[float] = field(default_factory=list)
    both: Counter[str] = field(default_factory=Counter)
    broken: Counter[Broken] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    def life(self, child: Forked) -> None:
        """A life is over."""
        self.lives += 1
        self.again += child.words.count(AGAIN)
        if TROUBLED in child.words:
            self.wrong.append(f"life {self.lives} could not decide what it was offered")

    def reckoning(self, found: Reckoning, number: int) -> None:
        """Both sides were compared."""
        self.broken.update(broken for broken, _ in found.wrong)
        self.wrong += [f"after kill {number}: {text}" for _, text in found.wrong]


@dataclass(slots=True)
class World:
    """One exchange and one data folder, and as many lives as are drawn for it."""

    venue: Venue
    settings: Settings
    folder: Path
    seed: int
    chance: random.Random
    tally: Tally

    def kill(self) -> None:
        """One life, ended at a moment and in a way that are drawn."""
        moment, way = self.chance.choice(MOMENTS), self.chance.choice(WAYS)
        with closing(self._born(is_last=False)) as child:
            if self._has_come(child, moment):
                self._end(child, way)
                self.tally.how.update((moment, way))
        self.tally.life(child)
        self.venue.pass_time(self.chance.choice(DOWN_S))

    def _has_come(self, child: Forked, moment: Moment) -> bool:
        """Whether the moment of its death has come, and not that of an end of its own."""
        if moment is Moment.RECOVERING:
            time.sleep(self.chance.uniform(0.0, RECOVERY_S))
            return True
        if not self._has_recovered(child):
            return False
        if moment is Moment.IN_FLIGHT:
            self._wait_for_flight()
        else:
            time.sleep(self.chance.uniform(0.0, MOMENT_S))
        return True

    def look_back(self, number: int) -> None:
        """A minute passes without an engine; what stood for the owner's safety must still stand."""
        time.sleep(SETTLE_S)
        before = self.venue.books()
        self.venue.pass_time(ALONE_S)
        wrong = left_alone(before, self.venue.books())
        self.tally.wrong += [f"after kill {number}: {text}" for text in wrong]

    def reckon(self, number: int) -> Reckoning:
        """An undisturbed life comes to rest, and both sides are compared."""
        with closing(self._born(is_last=True)) as child:
            if self._has_recovered(child):
                if not child.hears(QUIET, REST_S):
                    self.tally.wrong.append(f"after kill {number}: no rest, left undisturbed")
                child.end(signal.SIGTERM)
        self.tally.life(child)
        found = reckoned(ours_of(self.settings), self.venue.books())
        found = replace(found, wrong=(*found.wrong, *corruption(self.folder)))
        self.tally.reckoning(found, number)
        return found

    def _born(self, *, is_last: bool) -> Forked:
        work = partial(live, self.settings, self.seed, is_last=is_last)
        return Forked(work, self.folder / "platform.log")

    def _has_recovered(self, child: Forked) -> bool:
        if child.hears(READY, PATIENCE_S):
            self.tally.recoveries.append(time.monotonic() - child.began)
            return True
        if not child.is_over:
            child.send(signal.SIGKILL)
        self.tally.wrong.append(f"a life ended by itself, or did not recover: {child.wait()}")
        return False

    def _wait_for_flight(self) -> None:
        """Until the exchange withholds an answer, or never gets the request, or there was none to send; and a moment more."""
        self.venue.hold(self.chance.choice(HOLDS), self.chance.choice(METHODS))
        end = time.monotonic() + IN_FLIGHT_S
        while time.monotonic() < end and not self.venue.held():
            time.sleep(LOOK_S)
        self.venue.let_go()
        time.sleep(self.chance.uniform(0.0, MOMENT_S / 4))

    def _end(self, child: Forked, way: Way) -> None:
        match way:
            case Way.KILL:
                child.end(signal.SIGKILL)
            case Way.SEGV:
                child.end(signal.SIGSEGV)
            case Way.STOP:
                child.send(signal.SIGSTOP)
                time.sleep(self.chance.uniform(0.0, PAUSE_S))
                child.send(signal.SIGCONT)
                time.sleep(self.chance.uniform(0.0, PAUSE_S))
                child.end(signal.SIGKILL)
            case Way.TERM:
                self._tell_to_end(child)

    def _tell_to_end(self, child: Forked) -> None:
        """From SIGTERM on no entry is written; one may be on its way. The process is frozen while we look what there is."""
        child.send(signal.SIGSTOP)
        time.sleep(PAUSE_S)
        before = _entries(self.settings)
        child.send(signal.SIGTERM)
        child.send(signal.SIGCONT)
        time.sleep(self.chance.uniform(0.0, 2 * PAUSE_S))
        child.end(signal.SIGKILL)
        more = _entries(self.settings) - before
        if more > 1:
            self.tally.wrong.append(f"{more} entries were written after SIGTERM")


def _entries(settings: Settings) -> int:
    return sum(i.proposal.purpose is Purpose.ENTRY for i in ours_of(settings).intents)
