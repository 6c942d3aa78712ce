"""Two engines want one account, as real processes on real books: whatever is stopped, woken and killed, never are there two senders.

The judge is the simulated exchange: in the order in which it accepted, the epochs that sent never go back; each order was written with
exactly its nonce before it was sent; none came twice. A process that was stopped between its last look at the lease and its first byte
may still bring that one order: it was written ahead, so its successor knows of it. How many did is told, and is at most one for each stop.
"""

import os
import random
import re
import signal
import time
from collections import Counter
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Final

from interlock.account import Mode
from interlock.orders.intent import PREFIX
from interlock.rehearsal.forked import Forked
from interlock.rehearsal.venue import Venue
from interlock.risk.limits import Limits
from interlock.store import open_books
from interlock.store.records import ATTEMPTS
from interlock.values import Instant, Secret
from tests.rehearsal.sender import send

PATIENCE_S: Final = 60.0
MOMENT_S: Final = 0.05
HURRY: Final = 40
AT_ITS_PACE: Final = 1


class Rival:
    """One process that wants to send."""

    def __init__(self, place: str, venue: Venue, name: str, hurry: int = HURRY) -> None:
        self.name = name
        self._child = Forked(partial(send, place, venue.at, name, hurry), Path(os.devnull))

    def until(self, words: str) -> str:
        """What it said that matches; fails when it says it not in time."""
        end = time.monotonic() + PATIENCE_S
        while True:
            found = re.search(words, self._child.words.decode())
            if found:
                self._child.words = self._child.words[found.end() :]
                return found.group(0)
            left = max(0.0, end - time.monotonic())
            heard = not self._child.is_over and self._child.listen(left)
            assert heard, f"{self.name} did not say {words!r}, but {self._child.words[-99:]!r}"

    def epoch(self) -> int:
        """The epoch under which it leads, as soon as it does."""
        return int(self.until(r"leads \d+\n").split()[1])

    def is_silent(self, seconds: float) -> bool:
        """Whether it says nothing for so long."""
        return not self._child.listen(seconds)

    def stop(self) -> None:
        """Freezes it, wherever it is."""
        self._child.send(signal.SIGSTOP)

    def wake(self) -> None:
        """It goes on as if nothing had happened."""
        self._child.send(signal.SIGCONT)

    def kill(self) -> None:
        """Ends it without a word."""
        self._child.end(signal.SIGKILL)

    def bark(self) -> None:
        """Ends it as a watchdog ends one that hangs: SIGABRT, which a frozen process never hears, then SIGKILL."""
        self._child.send(signal.SIGABRT)
        self._child.end(signal.SIGKILL)

    def ends(self) -> bool:
        """Whether it ends by itself, because it must not lead any more."""
        self.until("ended .*LeaseLost")
        self._child.wait()
        return self._child.is_over


@dataclass(slots=True)
class Tally:
    """What was done to the rivals, and what the exchange saw of them. `takeovers` are in seconds, from the leader's end to the next."""

    races: int = 0
    zombies: int = 0
    accepts: int = 0
    epochs: int = 0
    stops: int = 0
    late: int = 0
    takeovers: list[float] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)


def take_turns(place: str, venue: Venue, times: int, seed: int = 0) -> Tally:
    """On a data folder: the leader is stopped and woken, and nobody takes over from it; then it is killed, and the standby leads."""
    chance, tally = random.Random(seed), Tally()  # noqa: S311 - it decides when, not what
    leader = Rival(place, venue, "0")
    leader.until("leads")
    for turn in range(1, times + 1):
        standby = Rival(place, venue, str(turn))
        standby.until("stands by")
        leader.until("sends")
        time.sleep(chance.uniform(0.0, MOMENT_S))
        leader.stop()
        if not standby.is_silent(chance.uniform(0.0, MOMENT_S)):
            tally.violations.append(f"{turn} took over from one that may wake")
        leader.wake()
        leader.until("sends")
        leader.kill()
        standby.until("leads")
        standby.until("answered")
        leader = standby
        tally.zombies += 1
        tally.stops += 1
    leader.kill()
    return judged(tally, place, venue)


def zombie(place: str, venue: Venue, seed: int, tally: Tally) -> None:
    """A race whose winner is stopped while it sends. On a data folder it keeps its lock until a watchdog ends it; then the standby leads
    at once. On PostgreSQL the standby leads when the lease is over, and the zombie that wakes ends, and sends nothing more.
    """
    chance = random.Random(seed)  # noqa: S311 - it decides when, not what
    leader, standby, epoch = raced(place, venue, tally, AT_ITS_PACE)
    leader.until("sends")
    time.sleep(chance.uniform(0.0, MOMENT_S))
    leader.stop()
    began = time.monotonic()
    if not place.startswith("postgresql"):
        if not standby.is_silent(chance.uniform(0.0, MOMENT_S)):
            tally.violations.append(f"{place}: a standby took over from one that may wake")
        began = time.monotonic()
        leader.bark()
    if standby.epoch() != epoch + 1:
        tally.violations.append(f"{place}: after the epoch {epoch} came another than the next")
    tally.takeovers.append(time.monotonic() - began)
    standby.until("answered")
    if place.startswith("postgresql"):
        leader.wake()
        if not leader.ends():
            tally.violations.append(f"{place}: the zombie did not end")
    standby.kill()
    tally.zombies += 1
    tally.stops += 1


def raced(place: str, venue: Venue, tally: Tally, hurry: int = HURRY) -> tuple[Rival, Rival, int]:
    """Two rivals started at once: the one that leads, the one that stands by, and the epoch of the first."""
    pair = [Rival(place, venue, side, hurry) for side in "ab"]
    said = [rival.until(r"leads \d+\n|stands by") for rival in pair]
    tally.races += 1
    leads = [one for one, word in zip(pair, said, strict=True) if word.startswith("leads")]
    if len(leads) != 1:
        tally.violations.append(f"race {tally.races} in {place}: {said}")
    leader = leads[0] if leads else pair[0]
    (standby,) = (one for one in pair if one is not leader)
    word = said[pair.index(leader)]
    return leader, standby, int(word.split()[1]) if leads else 0


def race(place: str, venue: Venue, tally: Tally) -> None:
    """Both begin at the same moment; the one that leads has sent when both are killed, which frees a folder at once."""
    leader, standby, _ = raced(place, venue, tally)
    leader.until("answered")
    leader.kill()
    standby.kill()


def judged(tally: Tally, place: str, venue: Venue) -> Tally:
    """What the exchange accepted, held against what was written: attempts by their nonce, with the epoch that sent them."""
    is_row = place.startswith("postgresql")
    where = Secret(place) if is_row else Path(place)
    books = open_books(where, limits=Limits(), bound=Mode.SIM, enabled=True)
    with books._ground.look() as rows:  # noqa: SLF001 - who judges reads what no program of ours does
        attempts = [sent.attempt for sent in rows.find(ATTEMPTS)]
    picture = books.picture(Instant(0), limit=1_000_000)
    books.close()
    oids = {i.id: i.client_oid for i in picture.intents}
    mark = f"{PREFIX}{picture.tenure.install_id[:6]}-" if picture.tenure else PREFIX
    accepts = [a for a in venue.books()["accepts"] if a["client_oid"].startswith(mark)]
    written = {(oids[a.intent_id], a.nonce): a.epoch for a in attempts}
    twice = [oid for oid, n in Counter(a["client_oid"] for a in accepts).items() if n > 1]
    tally.violations += [f"{oid} was accepted twice" for oid in twice]
    sent = [written.get((a["client_oid"], a["nonce"])) for a in accepts]
    tally.violations += ["an order was never written"] * sent.count(None)
    epochs = [epoch for epoch in sent if epoch is not None]
    late = sum(epoch < max(epochs[: n + 1]) for n, epoch in enumerate(epochs))
    if late > (1 if is_row else 0):
        tally.violations.append(f"{late} orders came after their turn was over")
    tally.accepts += len(accepts)
    tally.epochs += len(set(epochs))
    tally.late += late
    return tally
