"""Two engines want one account, as real processes on real books: whatever is stopped, woken and killed, never are there two senders.

The judge is the simulated exchange: in the order in which it accepted, the epochs that sent never go back; each order was written with
exactly its nonce before it was sent; none came twice. A process that was stopped between its last look at the lease and its first byte
may still bring that one order: it was written ahead, so its successor knows of it. How many did is told, and is at most one for each stop.
"""

import json
import os
import random
import re
import select
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import httpx

from interlock.account import Mode
from interlock.risk.limits import Limits
from interlock.store import open_books
from interlock.store.records import ATTEMPTS
from interlock.values import Instant, Secret

ROOT: Final = Path(__file__).parents[2]
PROGRAM: Final = str(Path(sys.executable).with_name("interlock"))
PATIENCE_S: Final = 60.0


@contextmanager
def exchange() -> Iterator[dict[str, str]]:
    """A simulated exchange on the wall's clock: the first line that it says."""
    child = subprocess.Popen(
        [PROGRAM, "simulate"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env={}
    )
    assert child.stdout is not None
    try:
        said: dict[str, str] = json.loads(child.stdout.readline())
        yield said
    finally:
        child.kill()
        child.wait()
        child.stdout.close()


class Rival:
    """One process that wants to send."""

    def __init__(self, place: str, at: dict[str, str], name: str) -> None:
        self.name = name
        words = (place, at["rest"], at["api_key"], at["api_secret"], name)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.rehearsal.sender", *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=ROOT,
        )
        assert self._process.stdout is not None
        self._out = self._process.stdout
        self._said = b""

    def until(self, words: str) -> str:
        """What it said that matches; fails when it says it not in time."""
        end = time.monotonic() + PATIENCE_S
        while True:
            found = re.search(words, self._said.decode())
            if found:
                self._said = self._said[found.end() :]
                return found.group(0)
            left = end - time.monotonic()
            ready, _, _ = select.select([self._out], [], [], max(0.0, left))
            assert ready, f"{self.name} did not say {words!r}, but {self._said[-99:]!r}"
            more = os.read(self._out.fileno(), 1 << 16)
            assert more, f"{self.name} ended: {self._said[-99:]!r}"
            self._said += more

    def stop(self) -> None:
        """Freezes it, wherever it is."""
        self._process.send_signal(signal.SIGSTOP)

    def wake(self) -> None:
        """It goes on as if nothing had happened."""
        self._process.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        """Ends it without a word."""
        self._process.kill()
        self._process.wait()
        self._out.close()

    def code(self) -> int:
        """How it ended by itself."""
        code = self._process.wait(PATIENCE_S)
        self._out.close()
        return code


@dataclass(slots=True)
class Tally:
    """What was done to the rivals, and what the exchange saw of them."""

    done: int = 0
    accepts: int = 0
    epochs: int = 0
    stops: int = 0
    late: int = 0
    violations: list[str] = field(default_factory=list)


def take_turns(place: str, at: dict[str, str], times: int, seed: int = 0) -> Tally:
    """On a data folder: the leader is stopped and woken, and nobody takes over from it; then it is killed, and the standby leads."""
    chance, tally = random.Random(seed), Tally()  # noqa: S311 - it decides when, not what
    leader = Rival(place, at, "0")
    leader.until("leads")
    for turn in range(1, times + 1):
        standby = Rival(place, at, str(turn))
        standby.until("stands by")
        leader.until("sends")
        time.sleep(chance.uniform(0.0, 0.05))
        leader.stop()
        time.sleep(chance.uniform(0.0, 0.05))
        leader.wake()
        leader.until("sends")
        leader.kill()
        standby.until("leads")
        standby.until("answered")
        leader = standby
        tally.done += 1
        tally.stops += 1
    leader.kill()
    return judged(tally, place, at)


def take_over(place: str, at: dict[str, str], times: int, seed: int = 0) -> Tally:
    """On PostgreSQL: the leader is stopped until the standby leads and sends; when it wakes it ends, and sends nothing more."""
    chance, tally = random.Random(seed), Tally()  # noqa: S311 - it decides when, not what
    leader = Rival(place, at, "0")
    leader.until("leads")
    for turn in range(1, times + 1):
        standby = Rival(place, at, str(turn))
        standby.until("stands by")
        leader.until("sends")
        time.sleep(chance.uniform(0.0, 0.05))
        leader.stop()
        standby.until("leads")
        standby.until("answered")
        leader.wake()
        if leader.code() != 3:
            tally.violations.append(f"the zombie {leader.name} did not end")
        leader = standby
        tally.done += 1
        tally.stops += 1
    leader.kill()
    return judged(tally, place, at)


def race(place: str, at: dict[str, str], times: int) -> Tally:
    """Both begin at the same moment on one data folder, again and again; then both are killed, which frees it at once."""
    tally = Tally()
    for turn in range(times):
        said = started_at_once(place, at)
        if said != ("leads", "stands by"):
            tally.violations.append(f"race {turn}: {said}")
        tally.done += 1
    return judged(tally, place, at)


def started_at_once(place: str, at: dict[str, str]) -> tuple[str, ...]:
    """What two rivals say first, in the order of the alphabet; the one that leads has sent when they are killed."""
    pair = [Rival(place, at, side) for side in "ab"]
    said = [rival.until("leads|stands by") for rival in pair]
    for rival, word in zip(pair, said, strict=True):
        if word == "leads":
            rival.until("answered")
    for rival in pair:
        rival.kill()
    return tuple(sorted(said))


def judged(tally: Tally, place: str, at: dict[str, str]) -> Tally:
    """What the exchange accepted, held against what was written: attempts by their nonce, with the epoch that sent them."""
    truth: dict[str, Any] = httpx.get(f"{at['control']}/control/books", timeout=30).json()
    accepts = truth["accepts"]
    where = Secret(place) if place.startswith("postgresql") else Path(place)
    books = open_books(where, limits=Limits(), bound=Mode.SIM, enabled=True)
    with books._ground.look() as rows:  # noqa: SLF001 - who judges reads what no program of ours does
        attempts = [sent.attempt for sent in rows.find(ATTEMPTS)]
    oids = {i.id: i.client_oid for i in books.picture(Instant(0), limit=1_000_000).intents}
    written = {(oids[a.intent_id], a.nonce): a.epoch for a in attempts}
    books.close()
    tally.accepts = len(accepts)
    twice = [oid for oid, n in Counter(a["client_oid"] for a in accepts).items() if n > 1]
    tally.violations += [f"{oid} was accepted twice" for oid in twice]
    sent = [written.get((a["client_oid"], a["nonce"])) for a in accepts]
    tally.violations += ["an order was never written"] * sent.count(None)
    epochs = [epoch for epoch in sent if epoch is not None]
    tally.epochs = len(set(epochs))
    tally.late = sum(epoch < max(epochs[: n + 1]) for n, epoch in enumerate(epochs))
    if tally.late > (tally.stops if place.startswith("postgresql") else 0):
        tally.violations.append(f"{tally.late} orders came after their turn was over")
    return tally
