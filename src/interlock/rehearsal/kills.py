"""Real kills of the real engine, forked from a process that has imported everything, against an exchange in a process of its own.

A life is killed a moment after it has recovered, while an order is in flight, or within its recovery; the next one starts on the same
folder and is offered the same signals again. Every so often a life is left undisturbed until it rests, and the exchange's books judge.
"""

import gc
import random
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from interlock.rehearsal.deaths import PATIENCE_S, START, Tally, Way, World
from interlock.rehearsal.life import founded, settings_of
from interlock.rehearsal.reckoning import Broken
from interlock.rehearsal.venue import Venue

WORLD: Final = 200
CHAPTER: Final = 50
ALONE_EVERY: Final = 25


@dataclass(frozen=True, slots=True)
class Killed:
    """What was done to the engine, and what the exchange's books say of it. `again` are rounds of signals that were offered again."""

    kills: int
    lives: int
    again: int
    how: dict[str, int]
    accepted: int
    intents: int
    fills: int
    duplicates: int
    orphans: int
    lost_fills: int
    abandoned: int
    corrupt: int
    unprotected: int
    recovery_p50_s: float
    recovery_p99_s: float
    seconds: float
    violations: tuple[str, ...]


def kill(count: int, seed: int, folder: Path, progress: Callable[[int], None]) -> Killed:
    """So many kills, in worlds of some hundred each; `progress` is told how many there were. It must be called with a single thread."""
    began, tally = time.monotonic(), Tally()
    chance = random.Random(seed)  # noqa: S311 - it decides when and how, and protects nothing
    gc.collect()
    gc.freeze()
    for first in range(0, count, WORLD):
        _kill_in_one_world(
            min(WORLD, count - first), chance, folder / f"world-{first}", tally, progress
        )
    gc.unfreeze()
    return _told(tally, time.monotonic() - began)


def _kill_in_one_world(
    count: int,
    chance: random.Random,
    folder: Path,
    tally: Tally,
    progress: Callable[[int], None],
) -> None:
    seed = chance.randrange(1 << 30)
    folder.mkdir(mode=0o700, parents=True)
    words = ("--stepping", "--seed", str(seed), "--start", START.iso(), "--days", "30")
    with closing(Venue(*words)) as venue:
        settings = settings_of(folder, venue.at, listens=chance.choice((True, False)))
        founded(settings, START)
        world = World(venue, settings, folder, seed, chance, tally)
        for number in range(1, count + 1):
            world.kill()
            progress(1)
            if number % ALONE_EVERY == 0:
                world.look_back(number)
            if number % CHAPTER == 0 or number == count:
                found = world.reckon(number)
        tally.both.update(accepted=found.accepted, intents=found.intents, fills=found.fills)


def _told(tally: Tally, seconds: float) -> Killed:
    spans, broken = sorted(tally.recoveries) or [PATIENCE_S], tally.broken
    return Killed(
        kills=sum(tally.how[way] for way in Way),
        lives=tally.lives,
        again=tally.again,
        how=dict(sorted(tally.how.items())),
        accepted=tally.both["accepted"],
        intents=tally.both["intents"],
        fills=tally.both["fills"],
        duplicates=broken[Broken.DUPLICATE],
        orphans=broken[Broken.ORPHAN],
        lost_fills=broken[Broken.LOST_FILL],
        abandoned=broken[Broken.ABANDONED],
        corrupt=broken[Broken.CORRUPT],
        unprotected=broken[Broken.UNPROTECTED],
        recovery_p50_s=round(spans[len(spans) // 2], 3),
        recovery_p99_s=round(spans[-1 - len(spans) // 100], 3),
        seconds=round(seconds, 1),
        violations=tuple(tally.wrong),
    )
