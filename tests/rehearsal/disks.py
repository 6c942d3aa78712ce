"""Books whose disk lost something: a log cut off anywhere, a bit that flipped, a life that ended in the middle of a write.

`work` is a day of real transactions (an order written, its answer, its execution), told step by step; `stored` is what a file holds, and
`halves` what it holds of a transaction that is not whole. Each experiment says what it did and what contradicted the promise.
"""

import bisect
import contextlib
import hashlib
import os
import random
import shutil
import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from interlock.account import Mode, Tenure
from interlock.errors import BrokenInvariant, StoreTrouble
from interlock.orders.evidence import Accepted
from interlock.orders.life import State as Life
from interlock.risk.limits import Limits
from interlock.store import open_books
from interlock.store.books import RowBooks
from interlock.strategy.proposal import Purpose
from tests.promises.wishes import NOON, SECOND, armed, ask, entry, fact, fill, learn

FILE: Final = "books.sqlite"
LOG: Final = f"{FILE}-wal"
SECTOR: Final = 512
FRAME: Final = 4096 + 24
COUNTS: Final = (
    "SELECT (SELECT count(*) FROM send_attempts), (SELECT count(*) FROM send_attempts WHERE outcome IS NOT NULL), "
    "(SELECT count(*) FROM fills), (SELECT count(*) FROM postings)"
)
Said = tuple[str, str, int]


def opened(folder: Path) -> RowBooks:
    return open_books(folder, limits=Limits(), bound=Mode.LIVE, enabled=True)


def work(books: RowBooks, tenure: Tenure, orders: int, who: str = "") -> Iterator[Said]:
    """Each fact once its transaction was acknowledged: what was asked, sent, answered and filled, by key, with its nonce."""
    for number in range(orders):
        key = f"{who}{tenure.epoch}-{number}"
        intent, attempt = ask(books, tenure, entry(key))
        yield "asked", key, attempt.nonce
        if books.may_send(attempt, NOON, Purpose.ENTRY):
            yield "sent", key, attempt.nonce
            books.answered(attempt, Accepted(f"order-of-{key}"), NOON)
            yield "answered", key, attempt.nonce
            known = replace(intent, order_id=f"order-of-{key}")
            words = fact(known, Life.FILLED, "0.01"), fill(known, f"trade-of-{key}", "0.01")
            learn(books, tenure, NOON + SECOND, *words)
            yield "filled", key, attempt.nonce


ASKED: Final = "SELECT i.idempotency_key, a.nonce FROM order_intents i JOIN send_attempts a ON a.intent_id = i.id"
ANSWERED: Final = f"{ASKED} WHERE a.outcome IS NOT NULL"
FILLED: Final = f"{ASKED} JOIN fills f ON f.intent_id = i.id"
STORED: Final = {"asked": ASKED, "sent": ASKED, "answered": ANSWERED, "filled": FILLED}
HALVES: Final = {
    "an intent without its attempt": "SELECT id FROM order_intents WHERE id NOT IN (SELECT intent_id FROM send_attempts)",
    "an intent without its verdict": "SELECT id FROM order_intents WHERE verdict_id NOT IN (SELECT id FROM verdicts)",
    "an attempt without its intent": "SELECT intent_id FROM send_attempts WHERE intent_id NOT IN (SELECT id FROM order_intents)",
    "an execution without its lot": "SELECT trade_id FROM fills WHERE intent_id NOT IN (SELECT id FROM lots)",
    "an execution without its entry": "SELECT trade_id FROM fills WHERE trade_id NOT IN (SELECT cause FROM entries)",
    "an entry without its postings": "SELECT cause FROM entries WHERE cause NOT IN (SELECT cause FROM postings)",
}


def missing(connection: sqlite3.Connection, said: Iterable[Said]) -> list[str]:
    """What was acknowledged, or sent, and is not stored; and what is stored of a transaction that is not whole."""
    stored = {word: set(connection.execute(text).fetchall()) for word, text in STORED.items()}
    lost = [
        f"{word} {key} is lost" for word, key, nonce in said if (key, nonce) not in stored[word]
    ]
    half = [f"{what}: {row}" for what, text in HALVES.items() for row in connection.execute(text)]
    return lost + half


@contextlib.contextmanager
def looking(folder: Path) -> Iterator[sqlite3.Connection]:
    """The file as it lies there: what SQLite recovers of it is read, and nothing of it is written back."""
    (folder / f"{FILE}-shm").unlink(missing_ok=True)
    uri = f"{(folder / FILE).as_uri()}?mode=ro"
    with contextlib.closing(sqlite3.connect(uri, uri=True)) as connection:
        yield connection


def digest(connection: sqlite3.Connection) -> str:
    """Every row of every table."""
    found = hashlib.blake2b(digest_size=16)
    names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
    for (name,) in names.fetchall():
        rows = connection.execute(f"SELECT * FROM {name}").fetchall()  # noqa: S608 - a name of the schema
        found.update(f"{name}{rows}".encode())
    return found.hexdigest()


def integrity(connection: sqlite3.Connection) -> list[str]:
    """What SQLite itself says against the file."""
    said = connection.execute("PRAGMA integrity_check").fetchall()
    return [] if said == [("ok",)] else [f"damaged: {said[0][0]}"]


def counts(connection: sqlite3.Connection) -> tuple[int, ...]:
    """How much was asked, answered and booked: each transaction of `work` moves one of them."""
    row: tuple[int, ...] = connection.execute(COUNTS).fetchone()
    return row


@dataclass(frozen=True, slots=True)
class State:
    """How long the log was when a transaction had been acknowledged, and what the file held then."""

    size: int
    counts: tuple[int, ...]
    digest: str


@dataclass(frozen=True, slots=True)
class Copied:
    """A database and its log as they lay on the disk, with every state that it went through."""

    folder: Path
    states: tuple[State, ...]

    def at(self, size: int) -> State:
        """What a log of this size must give: every transaction that lies wholly within it, and no other."""
        return self.states[bisect.bisect_right(self.states, size, key=lambda each: each.size) - 1]


def copied(folder: Path, orders: int) -> Copied:
    """A day's work, whose log was never folded into the file."""
    place = folder / "worked"
    books = opened(place)
    log, states = place / LOG, []
    tenure = armed(books)
    with contextlib.closing(sqlite3.connect(place / FILE)) as other:

        def keep() -> None:
            states.append(State(log.stat().st_size, counts(other), digest(other)))

        keep()
        for _ in work(books, tenure, orders):
            if log.stat().st_size > states[-1].size:
                keep()
    kept = folder / "kept"
    kept.mkdir()
    for name in (FILE, LOG):
        shutil.copy(place / name, kept / name)
    books.close()
    return Copied(kept, tuple(states))


@dataclass(frozen=True, slots=True)
class Torn:
    """How many transactions the log held, at how many lengths it was cut off, and what came of it that must not."""

    commits: int = 0
    points: int = 0
    violations: tuple[str, ...] = ()


def tear(folder: Path, orders: int, nth: int = 0, of: int = 1) -> Torn:
    """The log cut off at every sector, from its end to nothing (A17), or at the nth `of` so many.

    The transactions that lie wholly within what is left are there, and no other; around each commit every row is compared.
    """
    before = copied(folder, orders)
    log = before.folder / LOG
    first, last = before.states[0].size, before.states[-1].size
    cuts = list(range(last - last % SECTOR, first - 1, -SECTOR))[nth::of]
    wrong: list[str] = []
    whole = None
    for size in cuts:
        os.truncate(log, size)
        due = before.at(size)
        with looking(before.folder) as connection:
            if counts(connection) != due.counts:
                wrong.append(f"cut at {size}: not the transactions that lie within")
            if whole is not due:
                whole = due
                wrong += [f"cut at {size}: {each}" for each in _unlike(connection, due)]
    return Torn(len(before.states) - 1, len(cuts), tuple(wrong))


def _unlike(connection: sqlite3.Connection, due: State) -> Iterator[str]:
    if digest(connection) != due.digest:
        yield "the rows are not those that were committed"
    yield from integrity(connection)


@dataclass(frozen=True, slots=True)
class Flipped:
    """One bit in each frame of a log, or in each page of a file: what the platform made of it.

    `shorter`: the log ends before it. `refused`: the file is not opened. `told`: a row is named that cannot be read, or nothing is
    read at all. `idle`: it lies where no row is. `unseen`: a row is another one and nobody says so, which only a seal could.
    """

    bits: int = 0
    shorter: int = 0
    refused: int = 0
    told: int = 0
    idle: int = 0
    unseen: int = 0
    violations: tuple[str, ...] = ()


def flip_log(folder: Path, orders: int, seed: int = 0) -> Flipped:
    """One bit in each frame: the log ends before it, so what was committed from there on is gone, and nothing of it is half there (H4)."""
    chance, before = random.Random(seed), copied(folder, orders)  # noqa: S311 - it decides where, not what
    log, last = before.folder / LOG, before.states[-1].size
    starts = range(before.states[0].size, last, FRAME)
    wrong = []
    for start in starts:
        due = before.at(start)
        place = start + chance.choice([*range(16), chance.randrange(16, FRAME)])
        with _flipped(log, place, chance.randrange(8)), looking(before.folder) as connection:
            wrong += [f"frame at {start}: {each}" for each in _unlike(connection, due)]
    return Flipped(len(starts), shorter=len(starts) - len(wrong), violations=tuple(wrong))


def flip_pages(folder: Path, orders: int, seed: int = 0) -> Flipped:
    """One bit in each page of the file: in its header, and anywhere."""
    chance = random.Random(seed)  # noqa: S311 - likewise
    books = opened(folder / "sound")
    for _ in work(books, armed(books), orders):
        pass
    books.close()
    sound = folder / "sound" / FILE
    with looking(sound.parent) as connection:
        (size,) = connection.execute("PRAGMA page_size").fetchone()
        state = digest(connection)
    places = [
        page + offset
        for page in range(0, sound.stat().st_size, size)
        for offset in (100 if page == 0 else 0, chance.randrange(size))
    ]
    found: Counter[str] = Counter()
    wrong = []
    for number, place in enumerate(places):
        spoilt = folder / f"spoilt{number}"
        shutil.copytree(sound.parent, spoilt)
        with _flipped(spoilt / FILE, place, chance.randrange(8)):
            made_of_it = _made_of(spoilt, state)
        if made_of_it not in Flipped.__slots__:
            wrong.append(f"bit at {place}: {made_of_it}")
        found[made_of_it] += 1
        shutil.rmtree(spoilt)
    known = {name: n for name, n in found.items() if name in Flipped.__slots__}
    return Flipped(len(places), violations=tuple(wrong), **known)


def _made_of(folder: Path, state: str) -> str:
    """What the platform makes of a file: a word of `Flipped`, or an error that nobody means to raise."""
    try:
        books = opened(folder)
    except StoreTrouble:
        return "refused"
    try:
        is_told = bool(books.unreadable())
        books.picture(NOON), books.entries(), books.fills(), books.intents(), books.live_intents()
    except (StoreTrouble, BrokenInvariant):
        is_told = True
    finally:
        books.close()
    if is_told:
        return "told"
    with looking(folder) as connection:
        return "idle" if digest(connection) == state else "unseen"


@contextlib.contextmanager
def _flipped(path: Path, place: int, bit: int) -> Iterator[None]:
    """The file with one bit of it the other way, until the block ends."""

    def turn() -> None:
        with path.open("r+b") as file:
            file.seek(place)
            (byte,) = file.read(1)
            file.seek(place)
            file.write(bytes([byte ^ 1 << bit]))

    turn()
    try:
        yield
    finally:
        turn()
