"""Books copied whole into a SQLite file and back, whatever database keeps them: one format, so that one can become the other.

A copy is one consistent view; whoever trades meanwhile is not held up.
"""

import os
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Final

import sqlalchemy as sa

from interlock.store.chains import BOOKS
from interlock.store.files import BOOKS_FILE, database
from interlock.store.sealing import JOURNAL
from interlock.store.sql import SQLITE, Tongue
from interlock.store.sqlite import SqliteGround, trouble
from interlock.values import Secret

# A lease belongs to processes, and a version to its database.
NOT_OURS: Final = frozenset({"alembic_version", "books_version", "market_version", "leases"})
# The one table of the journal whose place is a column that is read and written like any other.
WITHOUT_KEY: Final = frozenset(table.name for table in JOURNAL if not table.key)
COUNTED: Final = frozenset(table.name for table in JOURNAL) - WITHOUT_KEY
BATCH: Final = 1000


def copy_out(place: Path | Secret, target: Path) -> None:
    """The books at this place, as a new file of its owner alone."""
    if isinstance(place, Secret):
        _rows_out(place, target)
    else:
        _file_out(place / BOOKS_FILE, target)
    target.chmod(0o600)
    _settle(target)


def copy_in(source: Path, url: Secret) -> None:
    """The rows of a file in place of all those of the database, in one transaction."""
    from interlock.store.postgres import (  # noqa: PLC0415 - its driver is an extra, and SQLite needs none of it
        MIGRATION_MS,
        POSTGRES,
    )

    ours, theirs = SqliteGround(source, BOOKS), database(url, BOOKS)
    with closing(ours), closing(theirs), theirs.connection() as target, ours.reading() as rows:
        target.exec_driver_sql(f"SET LOCAL statement_timeout = {MIGRATION_MS}")
        tables = _tables(rows)
        for table in reversed(tables):
            target.execute(sa.delete(sa.table(table.name)))
        for table in tables:
            _copy(rows, SQLITE, target, POSTGRES, table)
        for name in (*COUNTED, *WITHOUT_KEY):
            target.exec_driver_sql(
                f"SELECT setval(pg_get_serial_sequence('{name}', 'seq'), coalesce(max(seq), 1), max(seq) IS NOT NULL) FROM {name}"  # noqa: S608 - a table of ours
            )


def _file_out(path: Path, target: Path) -> None:
    """By the file's own pages, so that every row keeps its place."""
    with (
        trouble(path),
        closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as source,
        closing(sqlite3.connect(target)) as copy,
    ):
        source.backup(copy)


def _rows_out(url: Secret, target: Path) -> None:
    from interlock.store.postgres import (  # noqa: PLC0415 - as above
        POSTGRES,
    )

    theirs, ours = database(url, BOOKS), SqliteGround(target, BOOKS)
    with closing(theirs), closing(ours), theirs.reading() as rows, ours.connection() as copy:
        for table in _tables(copy):
            _copy(rows, POSTGRES, copy, SQLITE, table)


def _tables(file: sa.Connection) -> Sequence[sa.Table]:
    """Every table of ours in a file, none before those that it refers to."""
    known = sa.MetaData()
    known.reflect(file)
    return [table for table in known.sorted_tables if table.name not in NOT_OURS]


def _copy(
    source: sa.Connection, theirs: Tongue, target: sa.Connection, ours: Tongue, table: sa.Table
) -> None:
    """Every row of a table, in the order and with the places in which they were written."""
    columns = [column.name for column in table.columns]
    is_counted = table.name in COUNTED
    asked = [*columns, theirs.place] if is_counted else columns
    names = [*columns, ours.place] if is_counted else columns
    order = [theirs.place] if is_counted else [column.name for column in table.primary_key]
    found = sa.table(table.name, *map(sa.column, asked))
    statement = sa.select(*(found.c[name] for name in asked))
    rows = source.execute(statement.order_by(*(found.c[name] for name in order)))
    made = sa.table(table.name, *map(sa.column, names)).insert()
    while batch := rows.fetchmany(BATCH):
        target.execute(made, [dict(zip(names, row, strict=True)) for row in batch])


def _settle(path: Path) -> None:
    """One file without a log beside it, kept by the disk."""
    with trouble(path):
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("PRAGMA journal_mode=DELETE")
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
