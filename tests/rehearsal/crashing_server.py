"""A PostgreSQL server that ends at once in the middle of commits, again and again, and what its books hold afterwards."""

import random
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

from interlock.account import Mode, Tenure
from interlock.errors import BrokenInvariant, InterlockError, StoreTrouble
from interlock.risk.limits import Limits
from interlock.store import open_books
from interlock.store.books import RowBooks
from interlock.values import Secret
from tests.host.postgresql import Server
from tests.promises.wishes import armed
from tests.rehearsal.disks import HALVES, STORED, Said, work

FRESH_EVERY: Final = 5
PATIENCE_S: Final = 30.0
FOR_EVER: Final = 10**9


@dataclass(slots=True)
class Crashed:
    """How often the server ended, how many transactions it had acknowledged, how many more it kept, and what contradicts the promise."""

    cycles: int = 0
    acknowledged: int = 0
    unanswered: int = 0
    doubted: int = 0
    violations: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Writer:
    """One connection that works until its server is gone."""

    name: str
    books: RowBooks
    tenure: Tenure
    said: list[Said] = field(default_factory=list)
    end: InterlockError | None = None
    thread: threading.Thread = field(init=False)

    def __post_init__(self) -> None:
        self.thread = threading.Thread(target=self._work)
        self.thread.start()

    def _work(self) -> None:
        try:
            for said in work(self.books, self.tenure, FOR_EVER, self.name):
                self.said.append(said)
        except InterlockError as error:
            self.end = error
        self.books.close()


@contextmanager
def durable() -> Iterator[Server]:
    """A server of our own that waits for its disk."""
    server = Server(fsync="on")
    server.create()
    try:
        yield server
    finally:
        server.remove()


def crash_database(cycles: int, *, connections: int = 2, seed: int = 0) -> Crashed:
    """So many immediate stops under load, each at a moment of its own (H6): what was acknowledged is stored, and nothing is half there.

    Of what was not acknowledged at most one transaction of each connection is stored: the one whose answer was lost.
    """
    chance, found = random.Random(seed), Crashed()  # noqa: S311 - it decides when, not what
    with durable() as server:
        template = _template(server)
        database = ""
        for cycle in range(cycles):
            if cycle % FRESH_EVERY == 0:
                database = server.database(template)
            writers = _writers(server.url(database), cycle, connections)
            time.sleep(chance.uniform(0.0, 0.15))
            server.crash()
            for writer in writers:
                writer.thread.join(PATIENCE_S)
            server.start()
            _judge(server, database, cycle, writers, found)
    return found


def opened(url: Secret) -> RowBooks:
    return open_books(url, limits=Limits(), bound=Mode.LIVE, enabled=True)


def _template(server: Server) -> str:
    name = server.database()
    books = opened(server.url(name))
    books.tenure()
    books.close()
    return name


def _writers(url: Secret, cycle: int, connections: int) -> list[Writer]:
    """Each has its first word acknowledged before anything happens."""
    shelves = [opened(url) for _ in range(connections)]
    tenure = armed(shelves[0])
    writers = [Writer(f"{cycle}:{n}:", books, tenure) for n, books in enumerate(shelves)]
    end = time.monotonic() + PATIENCE_S
    while not all(writer.said for writer in writers):
        assert time.monotonic() < end, [writer.end for writer in writers]
        time.sleep(0.001)
    return writers


def _judge(
    server: Server, database: str, cycle: int, writers: Iterable[Writer], found: Crashed
) -> None:
    stored = {word: set(server.say(database, text)) for word, text in STORED.items()}
    half = [f"{what}: {row}" for what, text in HALVES.items() for row in server.say(database, text)]
    found.cycles += 1
    found.violations += [f"cycle {cycle}: {each}" for each in half]
    for writer in writers:
        told = {word: {(k, n) for w, k, n in writer.said if w == word} for word in STORED}
        lost = [f"{word} {row} is lost" for word in told for row in told[word] - stored[word]]
        more = [
            (word, row)
            for word in ("asked", "answered", "filled")
            for row in stored[word] - told[word]
            if str(row[0]).startswith(writer.name)
        ]
        if len(more) > 1:
            lost.append(f"{len(more)} transactions were kept that nobody was told of: {more}")
        if not isinstance(writer.end, BrokenInvariant | StoreTrouble):
            lost.append(f"{writer.name} ended with {writer.end!r}")
        found.acknowledged += len(writer.said)
        found.unanswered += len(more)
        found.doubted += isinstance(writer.end, BrokenInvariant)
        found.violations += [f"cycle {cycle}: {each}" for each in lost]
