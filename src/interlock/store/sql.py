"""Rows in a database: each kind of statement is compiled once by SQLAlchemy Core and run as prepared text from then on.

The text runs on the driver's own cursor: Core's result objects would cost ten times the statement, twenty times an order.
"""

from collections.abc import Mapping
from functools import cache
from typing import Final, TypeVar, cast

import sqlalchemy as sa
from sqlalchemy.dialects import sqlite
from sqlalchemy.sql.compiler import SQLCompiler

from interlock.errors import BadInput, StoreTrouble
from interlock.store.rows import Cell, Cells, Table
from interlock.values import Instant

T = TypeVar("T")
Places = tuple[tuple[str, Cell], ...]

_DIALECT: Final = sqlite.dialect(paramstyle="qmark")
_NOT_WHAT_IT_SAYS: Final = (BadInput, KeyError, TypeError, ValueError)

SINCE: Final = "clock_since"
UNTIL: Final = "clock_until"
LIMIT: Final = "rows_limit"


class SqlRows:
    """The rows as one connection in one transaction sees them."""

    def __init__(self, connection: sa.Connection) -> None:
        self._cursor = connection.connection.cursor()

    def get(self, table: Table[T], *key: Cell) -> T | None:
        """The thing with this key."""
        self._cursor.execute(_get(table), key)
        row = self._cursor.fetchone()
        return None if row is None else _read(table, row)

    def put(self, table: Table[T], thing: T) -> None:
        """Writes the thing, over the one with the same key."""
        self._cursor.execute(_put(table), table.cells(thing))

    def add(self, table: Table[T], thing: T) -> bool:
        """Writes the thing when its key is new; says whether it was."""
        self._cursor.execute(_add(table), table.cells(thing))
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
        asked = dict(equal)
        if since is not None:
            asked[SINCE] = since.micros
        if until is not None:
            asked[UNTIL] = until.micros
        if limit is not None:
            asked[LIMIT] = limit
        text, places = _find(table, tuple(sorted(asked)), newest=newest)
        cells = tuple(asked.get(name, default) for name, default in places)
        self._cursor.execute(text, cells)
        return [_read(table, row) for row in self._cursor.fetchall()]


def _read(table: Table[T], row: Cells) -> T:
    try:
        return table.thing(row)
    except _NOT_WHAT_IT_SAYS as error:
        raise StoreTrouble(f"A row of {table.name} cannot be read: {error}") from error


@cache
def _core(name: str, columns: tuple[str, ...]) -> sa.TableClause:
    return sa.table(name, *(sa.column(column) for column in columns))


def _text(statement: sa.ClauseElement) -> tuple[str, Places]:
    """The prepared text, and for each of its places the name of the cell and what stands there without one."""
    compiled = cast("SQLCompiler", statement.compile(dialect=_DIALECT))
    names = compiled.positiontup or ()
    return str(compiled), tuple((name, compiled.params[name]) for name in names)


@cache
def _get(table: Table[T]) -> str:
    core = _core(table.name, table.columns)
    keys = (core.c[column] == sa.bindparam(column) for column in table.key)
    return _text(sa.select(core).where(*keys))[0]


@cache
def _put(table: Table[T]) -> str:
    insert = sqlite.insert(_core(table.name, table.columns))
    insert = insert.values({column: sa.bindparam(column) for column in table.columns})
    rest: Mapping[str, sa.ColumnElement[object]] = {
        column: insert.excluded[column] for column in table.columns if column not in table.key
    }
    return _text(insert.on_conflict_do_update(index_elements=table.key, set_=rest))[0]


@cache
def _add(table: Table[T]) -> str:
    insert = sqlite.insert(_core(table.name, table.columns))
    insert = insert.values({column: sa.bindparam(column) for column in table.columns})
    if table.key:
        insert = insert.on_conflict_do_nothing(index_elements=table.key)
    return _text(insert)[0]


@cache
def _find(table: Table[T], asked: tuple[str, ...], *, newest: bool) -> tuple[str, Places]:
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
    return _text(statement)
