"""Rows in a database: each kind of statement is compiled once for its dialect by SQLAlchemy Core and run as prepared text from then on.

The text runs on the driver's own cursor: Core's result objects would cost ten times the statement, twenty times an order.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, Protocol, TypeVar, cast

import sqlalchemy as sa
from sqlalchemy.dialects import sqlite
from sqlalchemy.sql.compiler import SQLCompiler

from interlock.errors import BadInput, StoreTrouble
from interlock.store.rows import Cell, Cells, Table, readable
from interlock.values import Instant

T = TypeVar("T")
Places = tuple[tuple[str, Cell], ...]


@dataclass(frozen=True, slots=True, eq=False)
class Tongue:
    """What a database speaks: how its statements are written, and its `INSERT` that knows what to do about a conflict.

    `place` is the column that counts the rows of a table in the order in which they were first written.
    """

    dialect: sa.Dialect
    insert: Callable[[sa.TableClause], Any]
    place: str


SQLITE: Final = Tongue(sqlite.dialect(paramstyle="qmark"), sqlite.insert, "rowid")

_NOT_WHAT_IT_SAYS: Final = (BadInput, KeyError, TypeError, ValueError)

SINCE: Final = "clock_since"
UNTIL: Final = "clock_until"
LIMIT: Final = "rows_limit"


class SqlGround(Protocol):
    """A database as whoever writes statements of their own sees it."""

    @property
    def place(self) -> str:
        """What stands in a statement where a cell comes."""
        ...

    def connection(self) -> AbstractContextManager[sa.Connection]:
        """A connection inside a transaction that may write."""
        ...

    def reading(self) -> AbstractContextManager[sa.Connection]:
        """A connection inside a transaction that holds nobody up."""
        ...

    def close(self) -> None:
        """Lets go of whatever is open."""
        ...


class SqlRows:
    """The rows as one connection in one transaction sees them."""

    def __init__(self, connection: sa.Connection, tongue: Tongue) -> None:
        self._cursor = connection.connection.cursor()
        self._tongue = tongue

    def get(self, table: Table[T], *key: Cell) -> T | None:
        """The thing with this key."""
        self._cursor.execute(_get(self._tongue, table), key)
        row = self._cursor.fetchone()
        return None if row is None else _read(table, row)

    def put(self, table: Table[T], thing: T) -> None:
        """Writes the thing, over the one with the same key."""
        self._cursor.execute(_put(self._tongue, table), table.cells(thing))

    def add(self, table: Table[T], thing: T) -> bool:
        """Writes the thing when its key is new; says whether it was."""
        self._cursor.execute(_add(self._tongue, table), table.cells(thing))
        return self._cursor.rowcount == 1

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
        """Things whose columns equal these cells, in the order of the table's clock."""
        rows = self._found(table, equal, newest=newest, limit=limit, since=since, until=until)
        return [_read(table, row) for row in rows]

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
        rows = self._found(table, equal, newest=newest, limit=limit, since=since, until=None)
        return readable(table, rows, _NOT_WHAT_IT_SAYS)

    def written(self, table: Table[T], after: int, limit: int) -> list[tuple[int, Cells]]:
        """Rows as they lie there, with their places."""
        text, places = _written(self._tongue, table)
        asked = {SINCE: after, LIMIT: limit}
        self._cursor.execute(text, tuple(asked.get(name, default) for name, default in places))
        return [(row[0], row[1:]) for row in self._cursor.fetchall()]

    def _found(  # noqa: PLR0913 - everything that can be asked of a table
        self,
        table: Table[T],
        equal: Mapping[str, Cell],
        *,
        newest: bool,
        limit: int | None,
        since: Instant | None,
        until: Instant | None,
    ) -> Sequence[Cells]:
        asked = dict(equal)
        if since is not None:
            asked[SINCE] = since.micros
        if until is not None:
            asked[UNTIL] = until.micros
        if limit is not None:
            asked[LIMIT] = limit
        text, places = _find(self._tongue, table, tuple(sorted(asked)), newest=newest)
        cells = tuple(asked.get(name, default) for name, default in places)
        self._cursor.execute(text, cells)
        return self._cursor.fetchall()


def _read(table: Table[T], row: Cells) -> T:
    try:
        return table.thing(row)
    except _NOT_WHAT_IT_SAYS as error:
        raise StoreTrouble(f"A row of {table.name} cannot be read: {error}") from error


@cache
def _core(name: str, columns: tuple[str, ...]) -> sa.TableClause:
    return sa.table(name, *(sa.column(column) for column in columns))


def _text(tongue: Tongue, statement: sa.ClauseElement) -> tuple[str, Places]:
    """The prepared text, and for each of its places the name of the cell and what stands there without one."""
    compiled = cast("SQLCompiler", statement.compile(dialect=tongue.dialect))
    names = compiled.positiontup or ()
    return str(compiled), tuple((name, compiled.params[name]) for name in names)


@cache
def _get(tongue: Tongue, table: Table[T]) -> str:
    core = _core(table.name, table.columns)
    keys = (core.c[column] == sa.bindparam(column) for column in table.key)
    return _text(tongue, sa.select(core).where(*keys))[0]


@cache
def _put(tongue: Tongue, table: Table[T]) -> str:
    insert = tongue.insert(_core(table.name, table.columns))
    insert = insert.values({column: sa.bindparam(column) for column in table.columns})
    rest: Mapping[str, sa.ColumnElement[object]] = {
        column: insert.excluded[column] for column in table.columns if column not in table.key
    }
    return _text(tongue, insert.on_conflict_do_update(index_elements=table.key, set_=rest))[0]


@cache
def _add(tongue: Tongue, table: Table[T]) -> str:
    insert = tongue.insert(_core(table.name, table.columns))
    insert = insert.values({column: sa.bindparam(column) for column in table.columns})
    if table.key:
        insert = insert.on_conflict_do_nothing(index_elements=table.key)
    return _text(tongue, insert)[0]


@cache
def _written(tongue: Tongue, table: Table[T]) -> tuple[str, Places]:
    place: sa.ColumnElement[int] = sa.column(tongue.place)
    core = _core(table.name, table.columns)
    statement = sa.select(place, core).where(place > sa.bindparam(SINCE)).order_by(place)
    return _text(tongue, statement.limit(sa.bindparam(LIMIT, type_=sa.Integer)))


@cache
def _find(
    tongue: Tongue, table: Table[T], asked: tuple[str, ...], *, newest: bool
) -> tuple[str, Places]:
    core = _core(table.name, table.columns)
    clock = core.c[table.clock]
    special = {SINCE: clock >= sa.bindparam(SINCE), UNTIL: clock <= sa.bindparam(UNTIL)}
    statement = sa.select(core)
    for name in asked:
        if name in special:
            statement = statement.where(special[name])
        elif name != LIMIT:
            statement = statement.where(core.c[name] == sa.bindparam(name))
    order = [sa.column("seq") if not table.key else clock, *(core.c[k] for k in table.key)]
    statement = statement.order_by(*(each.desc() if newest else each for each in order))
    if LIMIT in asked:
        statement = statement.limit(sa.bindparam(LIMIT, type_=sa.Integer))
    return _text(tongue, statement)
