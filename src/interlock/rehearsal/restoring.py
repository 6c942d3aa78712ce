"""The restore drill: books are backed up at a random commit, lost later, and restored; the platform lives on with what they know.

The exchange knows more than they do. What must hold then is told by its books: no order twice, no execution lost or booked twice, equal
wallets, what is held is covered, nothing unknown, every order adopted, and no entry before somebody looked.
"""

import random
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, Final

from interlock.account import Mode
from interlock.rehearsal.judge import equal_books, every_fill_once, nothing_unknown
from interlock.rehearsal.script import SCRIPTS, SYMBOL, Script, stage
from interlock.rehearsal.store import INSTALL_ID
from interlock.rehearsal.world import World, wallet_of
from interlock.risk.limits import Limits
from interlock.settings import Settings, read
from interlock.store.adopting import ADOPTED
from interlock.store.books import RowBooks
from interlock.store.files import BOOKS_FILE, open_books
from interlock.values import Instant
from interlock.wiring.keeping import backup, restore, verify_journal

AFTER: Final = timedelta(minutes=40)
BASE: Final = SYMBOL.partition("_")[0]
LIVE: Final = frozenset({"ACTIVE", "PENDING", "NEW"})
EXCHANGE: Final = "http://127.0.0.1:1/exchange/v1"
COMMITS: Final = ("rule", "answered", "learn", "account_read", "may_send", "note")


@dataclass(frozen=True, slots=True)
class Drilled:
    """How many drills were made, how many orders were adopted, and what was wrong afterwards."""

    drills: int
    adopted: int
    violations: tuple[str, ...]


@dataclass(slots=True)
class Drill:
    """One drill: where the books lie, at which seam they are saved, and at which they are lost; the disk with them, or they alone."""

    script: Script
    folder: Path
    saved: int
    lost: int
    is_gone: bool
    opened: list[RowBooks] = field(default_factory=list)
    world: World | None = None
    saved_at: Instant | None = None
    lost_at: Instant | None = None

    def run(self) -> World:
        """Plays the script; the world as it is afterwards, with the books open."""
        world = stage(self.script, crashes=frozenset({self.lost}), open_books=self.open)
        world.lasts += AFTER
        world.seams.acts[self.saved] = self.save
        self.world = world
        world.run()
        return world

    def open(self) -> RowBooks:
        """The books; those of the life after the loss are restored first."""
        if self.lost_at is None and self.world is not None and self.world.lives > 1:
            self._lose(self.world.now())
        books = open_books(
            self.folder, limits=Limits(), bound=Mode.SIM, enabled=True, install_id=INSTALL_ID
        )
        self.opened.append(books)
        return books

    def save(self) -> None:
        """A backup as `interlock backup` makes it, beside the life that goes on."""
        assert self.world is not None
        self.saved_at = self.world.now()
        backup(self.settings, self.file, self.saved_at)

    def close(self) -> None:
        """Lets go of every file."""
        for books in self.opened:
            books.close()
        self.opened.clear()

    @property
    def file(self) -> Path:
        """Where the backup lies."""
        return self.folder / "backups" / "books"

    @property
    def settings(self) -> Settings:
        """Those of an installation on this folder."""
        return read(
            {
                "INTERLOCK__DATA": str(self.folder),
                "INTERLOCK__MODE": "SIM",
                "INTERLOCK__EXCHANGE__REST_URL": EXCHANGE,
            }
        )

    def _lose(self, now: Instant) -> None:
        self.lost_at = now
        self.close()
        if self.is_gone:
            for path in self.folder.glob(f"{BOOKS_FILE}*"):
                path.unlink()
        restore(self.settings, self.file, "owner", "a drill", now, over=not self.is_gone)


def drill(points: int, seed: int) -> Drilled:
    """So many drills, each at a backup point and a loss that the seed draws."""
    wrong: list[str] = []
    adopted = 0
    for number in range(points):
        count, found = one(seed + number)
        adopted += count
        wrong += [f"drill {seed + number}: {each}" for each in found]
    return Drilled(points, adopted, tuple(wrong))


def one(seed: int) -> tuple[int, list[str]]:
    """One drill: how many orders were adopted, and what was wrong."""
    draws = random.Random(seed)  # noqa: S311 - a seed must give the same drill
    which = seed % len(SCRIPTS)
    names = _seams(which)
    commits = [n for n, name in enumerate(names) if _is_commit(name)]
    saved = draws.choice(commits[:-1])
    lost = draws.randrange(saved + 1, len(names))
    with tempfile.TemporaryDirectory() as folder:
        played = Drill(SCRIPTS[which], Path(folder), saved, lost, draws.random() < 0.5)  # noqa: PLR2004 - either way
        try:
            return _judged(played, played.run())
        finally:
            played.close()


@cache
def _seams(which: int) -> Sequence[str]:
    """What an undisturbed run of a script calls, in order."""
    world = stage(SCRIPTS[which])
    world.run()
    return world.seams.names


def _is_commit(name: str) -> bool:
    return name.endswith("is done") and name.removeprefix("books.").split()[0] in COMMITS


def _judged(played: Drill, world: World) -> tuple[int, list[str]]:
    books, truth = played.open(), world.engine.books()
    intents = books.intents()
    known = {intent.client_oid for intent in intents}
    parents = [each for each in truth["accepts"] if each["parent_id"] is None]
    strangers = [each for each in parents if each["client_oid"] not in known]
    adopted = [i for i in intents if _is_adopted(books, i.id)]
    found = [
        *_once(parents),
        *_told(strangers),
        *_no_entry(books, played),
        *equal_books(books, world),
        *every_fill_once(books, truth),
        *_covered(books, world),
        *nothing_unknown(books),
        *verify_journal(played.settings).wrong,
    ]
    if world.lives != 2:  # noqa: PLR2004 - the one before the loss and the one after it
        found.append(f"it lived {world.lives} times")
    return len(adopted), found


def _is_adopted(books: RowBooks, intent_id: str) -> bool:
    record = books.order_record(intent_id)
    return record is not None and any(step.word == ADOPTED for step in record.steps)


def _once(accepts: Sequence[dict[str, Any]]) -> Iterator[str]:
    for oid, count in Counter(each["client_oid"] for each in accepts).items():
        if count > 1:
            yield f"{oid} was accepted {count} times"


def _told(strangers: Sequence[dict[str, Any]]) -> Iterator[str]:
    """Each order that was asked for after the backup was adopted."""
    for each in strangers:
        yield f"order {each['order_id']}, {each['client_oid']}, was not adopted"


def _no_entry(books: RowBooks, played: Drill) -> Iterator[str]:
    """Somebody must look before anything is entered, and was told so."""
    if books.switches().pause is None:
        yield "entries are not paused"
    for intent in books.intents():
        if (
            played.lost_at
            and intent.created_at > played.lost_at
            and intent.proposal.purpose == "ENTRY"
        ):
            yield f"{intent.client_oid} was entered after the restore"
    if "restored" not in books.open_marks():
        yield "nobody was told of the restore"


def _covered(books: RowBooks, world: World) -> Iterator[str]:
    """What is held of the base, whoever's book knows it, is covered by live stops at the exchange; and no stop sells more."""
    truth = world.engine.books()
    live = [o for o in truth["orders"] if o["status"] in LIVE]
    stops = [Decimal(o["quantity"]) for o in live if o["order_type"] == "STOP_LOSS"]
    held = wallet_of(world.engine).get(BASE, Decimal(0))
    covered = sum(stops, Decimal(0))
    lots = sum((lot.remaining for lot, _ in books.open_lots()), Decimal(0))
    if covered > held:
        yield f"{covered} is to be sold of {held}"
    if held - covered >= 1:
        yield f"{held} is held and {covered} is covered"
    if lots > held:
        yield f"our lots hold {lots}, the exchange {held}"
