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
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
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

    def bark(self) -> None:
        """Ends it as a watchdog ends one that hangs: SIGABRT, which a frozen process never hears, then SIGKILL."""
        self._child.send(signal.SIGABRT)
        self._child.end(signal.SIGKILL)

    def close(self) -> None:
        """Ends it without a word if it still lives."""
        self._child.close()

    def ends(self) -> None:
        """It ends by itself, because it must not lead any more; fails when it does not."""
        self.until("ended .*LeaseLost")
        self._child.wait()


@dataclass(slots=True)
class Tally:
    """What was done to the rivals, and what the exchange saw of them. `takeovers` are in seconds, from the leader's end to the next.

    `starved` are leaders that had to end before anybody stopped them.
    """

    races: int = 0
    zombies: int = 0
    accepts: int = 0
    epochs: int = 0
    stops: int = 0
    late: int = 0
    starved: int = 0
    takeovers: list[float] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)


def take_turns(place: str, venue: Venue, times: int, seed: int = 0) -> Tally:
    """On a data folder: the leader is stopped and woken, and nobody takes over from it; then it is killed, and the standby leads."""
    chance, tally = random.Random(seed), Tally()  # noqa: S311 - it decides when, not what
    with ExitStack() as stack:
        leader = stack.enter_context(closing(Rival(place, venue, "0")))
        leader.until("leads")
        for turn in range(1, times + 1):
            standby = stack.enter_context(closing(Rival(place, venue, str(turn))))
            standby.until("stands by")
            leader.until("sends")
            time.sleep(chance.uniform(0.0, MOMENT_S))
            leader.stop()
            if not standby.is_silent(chance.uniform(0.0, MOMENT_S)):
                tally.violations.append(f"{turn} took over from one that may wake")
            leader.wake()
            leader.until("sends")
            leader.close()
            standby.until("leads")
            standby.until("answered")
            leader = standby
            tally.stops += 1
    return judged(tally, place, venue)


def zombie(place: str, venue: Venue, seed: int, tally: Tally) -> None:
    """A race whose winner is stopped while it sends, and is followed by the next epoch.

    On a data folder it keeps its lock until a watchdog ends it. On PostgreSQL the standby leads when the lease is over, and the zombie
    that wakes ends, and sends nothing more.
    """
    chance = random.Random(seed)  # noqa: S311 - it decides when, not what
    is_row = place.startswith("postgresql")
    with raced(place, venue, tally, HURRY if is_row else AT_ITS_PACE) as (leader, standby, epoch):
        if leader.until("sends|ended .*").startswith("ended"):
            tally.starved += (
                1  # it could not renew in time, as on a machine that has too much to do
            )
            return
        time.sleep(chance.uniform(0.0, MOMENT_S))
        leader.stop()
        began = time.monotonic()
        if not is_row:
            if not standby.is_silent(chance.uniform(0.0, MOMENT_S)):
                tally.violations.append(f"{place}: a standby took over from one that may wake")
            began = time.monotonic()
            leader.bark()
        if standby.epoch() != epoch + 1:
            tally.violations.append(f"{place}: after the epoch {epoch} came another than the next")
        tally.takeovers.append(time.monotonic() - began)
        tally.starved += standby.until("answered|ended .*").startswith("ended")
        if is_row:
            leader.wake()
            leader.ends()
    tally.zombies += 1
    tally.stops += 1


@contextmanager
def raced(
    place: str, venue: Venue, tally: Tally, hurry: int = HURRY
) -> Iterator[tuple[Rival, Rival, int]]:
    """Two rivals started at once: the one that leads, the one that stands by, and the epoch of the first. Both are killed in the end."""
    with (
        closing(Rival(place, venue, "a", hurry)) as one,
        closing(Rival(place, venue, "b", hurry)) as other,
    ):
        said = [rival.until(r"leads \d+\n|stands by") for rival in (one, other)]
        tally.races += 1
        epochs = [int(word.split()[1]) for word in said if word.startswith("leads")]
        if len(epochs) != 1:
            tally.violations.append(f"race {tally.races} in {place}: {said}")
        pair = (one, other) if said[0].startswith("leads") else (other, one)
        yield *pair, epochs[0] if epochs else 0


def race(place: str, venue: Venue, tally: Tally) -> None:
    """Both begin at the same moment; the one that leads has sent when both are killed, which frees a folder at once."""
    with raced(place, venue, tally) as (leader, _, _):
        leader.until("answered")


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
