"""The small language between the transactions and what keeps their rows: tables of things, and five verbs.

A transaction is written once, in these words; a database keeps the rows, or a dictionary does. Time is integer microseconds
and money is decimal text in every cell, so that nothing below this page can compare or sum money.
"""

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from interlock.errors import BrokenInvariant
from interlock.values import Instant

Cell = str | int | None
Cells = Sequence[Cell]
T = TypeVar("T")


@dataclass(frozen=True, slots=True, eq=False)
class Table(Generic[T]):
    """How one kind of thing becomes a row and comes back.

    `key` names the columns that make it one thing (none: rows are only ever appended); `clock` is the column that orders them,
    ties by key. `cells` gives the row in the order of `columns`, `thing` reads it back.
    """

    name: str
    key: tuple[str, ...]
    clock: str
    columns: tuple[str, ...]
    cells: Callable[[T], tuple[Cell, ...]]
    thing: Callable[[Cells], T]

    @property
    def order(self) -> tuple[str, ...]:
        """The columns by which rows are ordered, oldest first."""
        return (self.clock, *self.key)


class Rows(Protocol):
    """The rows as one transaction sees them."""

    def get(self, table: Table[T], *key: Cell) -> T | None:
        """The thing with this key."""
        ...

    def put(self, table: Table[T], thing: T) -> None:
        """Writes the thing, over the one with the same key."""
        ...

    def add(self, table: Table[T], thing: T) -> bool:
        """Writes the thing when its key is new; says whether it was. Without a key it is always new."""
        ...

    def find(
        self,
        table: Table[T],
        *,
        newest: bool = False,
        limit: int | None = None,
        since: Instant | None = None,
        until: Instant | None = None,
        **equal: Cell,
    ) -> list[T]:
        """Things whose columns equal these cells, oldest first, or newest first; `since` and `until` (both included) ask the clock."""
        ...

    def sound(
        self,
        table: Table[T],
        *,
        newest: bool = False,
        limit: int | None = None,
        since: Instant | None = None,
        **equal: Cell,
    ) -> tuple[list[T], tuple[tuple[Cell, ...], ...]]:
        """The same, but a row that cannot be read keeps none of the others back: its key is named beside them."""
        ...

    def written(self, table: Table[T], after: int, limit: int) -> list[tuple[int, Cells]]:
        """Rows as they lie there, each with the place at which it was first written, from the place `after` on, oldest first."""
        ...


@dataclass(frozen=True, slots=True)
class Left:
    """The rows of the tables that stand; what is missing has none. It reads and writes nothing."""

    rows: Rows
    tables: frozenset[str]

    def get(self, table: Table[T], *key: Cell) -> T | None:
        """The thing with this key."""
        return self.rows.get(table, *key) if table.name in self.tables else None

    def put(self, table: Table[T], thing: T) -> None:
        """Nothing is written here."""
        raise BrokenInvariant(f"{thing} of {table.name} was written where one only reads.")

    def add(self, table: Table[T], thing: T) -> bool:
        """Nothing is written here."""
        raise BrokenInvariant(f"{thing} of {table.name} was written where one only reads.")

    def find(
        self,
        table: Table[T],
        *,
        newest: bool = False,
        limit: int | None = None,
        since: Instant | None = None,
        until: Instant | None = None,
        **equal: Cell,
    ) -> list[T]:
        """Things whose columns equal these cells."""
        if table.name not in self.tables:
            return []
        return self.rows.find(table, newest=newest, limit=limit, since=since, until=until, **equal)

    def sound(
        self,
        table: Table[T],
        *,
        newest: bool = False,
        limit: int | None = None,
        since: Instant | None = None,
        **equal: Cell,
    ) -> tuple[list[T], tuple[tuple[Cell, ...], ...]]:
        """The things that can be read, and the keys of the others."""
        if table.name not in self.tables:
            return [], ()
        return self.rows.sound(table, newest=newest, limit=limit, since=since, **equal)

    def written(self, table: Table[T], after: int, limit: int) -> list[tuple[int, Cells]]:
        """Rows as they lie there."""
        return self.rows.written(table, after, limit) if table.name in self.tables else []


def readable(
    table: Table[T], rows: Iterable[Cells], errors: tuple[type[Exception], ...]
) -> tuple[list[T], tuple[tuple[Cell, ...], ...]]:
    """Each row as its thing; those that raise are named by their keys."""
    found: list[T] = []
    poison: list[tuple[Cell, ...]] = []
    for row in rows:
        try:
            found.append(table.thing(row))
        except errors:
            poison.append(tuple(row[table.columns.index(name)] for name in table.key))
    return found, tuple(poison)


class Ground(Protocol):
    """What the books stand on."""

    def change(self, *, vital: bool = False) -> AbstractContextManager[Rows]:
        """A transaction that holds the account alone: all of it is kept when the block ends, nothing when it raises.

        What is `vital` is written on a disk that is full too. Raises Undone when the same may be done again, from the beginning.
        """
        ...

    def look(self) -> AbstractContextManager[Rows]:
        """One consistent view without a lock."""
        ...

    def version(self) -> int:
        """A number that moves when anything was committed, by this process or another."""
        ...

    def table_names(self) -> frozenset[str]:
        """The names of the tables that are really there."""
        ...

    def close(self) -> None:
        """Lets go of whatever is open."""
        ...
