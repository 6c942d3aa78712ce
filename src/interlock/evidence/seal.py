"""The sealed journal: each seal names the rows written since the one before, with a digest of each, and chains them to its head.

Whoever changes, takes away, adds or exchanges a sealed row breaks a digest; whoever writes the digests anew breaks a head; and whoever
writes all heads anew, or cuts the last ones off, is told apart by the head that was kept outside the database.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from interlock.values import Instant, Unknown

GENESIS: Final = "0" * 64
DIGEST_HEX: Final = 32
# How many rows of one table one seal takes at most.
PAGE: Final = 2000
SHOWN: Final = 12


@dataclass(frozen=True, slots=True)
class Seal:
    """The n-th seal. Each of `rows` is one row as `table place digest key`; `upto` says up to which place each table is sealed."""

    n: int
    at: Instant
    rows: tuple[str, ...]
    upto: tuple[str, ...]
    head: str

    @property
    def places(self) -> dict[str, int]:
        """Up to which place each table is sealed."""
        pairs = (each.split(" ") for each in self.upto)
        return {table: int(place) for table, place in pairs}

    @property
    def told(self) -> str:
        """The seal as reports and messages quote it."""
        return f"{self.n}:{self.head[:SHOWN]}"


@dataclass(frozen=True, slots=True)
class Written:
    """One row of the journal as it lies there now: its table, the place at which it was written, its key, and its lasting cells."""

    table: str
    place: int
    key: str
    cells: Sequence[str | int | None]

    @property
    def line(self) -> str:
        """The row as a seal names it."""
        text = json.dumps([self.table, self.place, *self.cells], separators=(",", ":"))
        digest = hashlib.sha256(text.encode()).hexdigest()[:DIGEST_HEX]
        return f"{self.table} {self.place} {digest} {self.key}"


@dataclass(frozen=True, slots=True)
class Head:
    """A head that was kept outside the database."""

    n: int
    head: str


@dataclass(frozen=True, slots=True)
class Verified:
    """What a verification found: everything that is wrong, the last seal, how many rows are sealed, and how many are not yet."""

    wrong: tuple[str, ...]
    last: Seal | None
    sealed: int
    unsealed: int

    @property
    def holds(self) -> bool:
        """Whether nothing is wrong up to the last seal."""
        return not self.wrong


def sealed(before: Seal | None, rows: Sequence[Written], now: Instant) -> Seal:
    """The seal of these rows behind the one before."""
    n = before.n + 1 if before else 1
    places = before.places if before else {}
    for row in rows:
        places[row.table] = max(row.place, places.get(row.table, 0))
    lines = tuple(row.line for row in rows)
    upto = tuple(f"{table} {place}" for table, place in sorted(places.items()))
    head = _head(before.head if before else GENESIS, n, now, lines, upto)
    return Seal(n, now, lines, upto, head)


def verify(
    seals: Sequence[Seal], rows: Iterable[Written], outside: Head | Unknown | None
) -> Verified:
    """Every row and every seal against each other, and the seals against the head that lies outside (None: none was ever kept)."""
    last = seals[-1] if seals else None
    named = [line for seal in seals for line in seal.rows]
    kept = {_place(line): line for line in named}
    wrong = [*_chain(seals), *_outside(seals, outside)]
    unsealed = 0
    places = last.places if last else {}
    for row in rows:
        line = kept.pop((row.table, row.place), None)
        if line is None and row.place > places.get(row.table, 0):
            unsealed += 1
        elif line is None:
            wrong.append(f"{row.table} {row.key} was added among sealed rows")
        elif line != row.line:
            wrong.append(_differs(line, row))
    wrong += [f"{_name(line)} is missing" for line in kept.values()]
    return Verified(tuple(wrong), last, len(named), unsealed)


def _differs(line: str, row: Written) -> str:
    """Another key at this place is another row: they were exchanged, or one was taken away and the others moved up."""
    was = _name(line)
    now = f"{row.table} {row.key}"
    return f"{was} was changed" if was == now else f"{was} was reordered: {now} stands in its place"


def _chain(seals: Sequence[Seal]) -> Iterator[str]:
    head = GENESIS
    for n, seal in enumerate(seals, start=1):
        if seal.n != n:
            yield f"seal {n} is missing"
            return
        if seal.head != _head(head, n, seal.at, seal.rows, seal.upto):
            yield f"seal {n} was changed: its head does not follow from the one before and its rows"
        head = seal.head


def _outside(seals: Sequence[Seal], outside: Head | Unknown | None) -> Iterator[str]:
    by_number: Mapping[int, Seal] = {seal.n: seal for seal in seals}
    match outside:
        case Unknown(why=why):
            yield f"the head outside the database is not known: {why}"
        case None if seals:
            yield "no head lies outside the database: nobody can say whether the last seals were cut off"
        case Head(n=n, head=head) if n not in by_number:
            yield f"seal {n} ({head[:SHOWN]}) lies outside the database, which ends at {len(seals)}: rows were lost"
        case Head(n=n, head=head) if by_number[n].head != head:
            yield f"seal {n} is not the one whose head lies outside the database ({head[:SHOWN]})"
        case _:
            pass


def _head(before: str, n: int, at: Instant, rows: Sequence[str], upto: Sequence[str]) -> str:
    text = json.dumps([before, n, at.micros, list(rows), list(upto)], separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _place(line: str) -> tuple[str, int]:
    table, place, _ = line.split(" ", 2)
    return table, int(place)


def _name(line: str) -> str:
    table, _, _, key = line.split(" ", 3)
    return f"{table} {key}"
