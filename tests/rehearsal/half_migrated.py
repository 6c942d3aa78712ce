"""Books of the first schema, and a process that dies at a chosen statement while it brings them to this one."""

import multiprocessing
import os
import shutil
import signal
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import sqlalchemy as sa
from alembic import command

from interlock.errors import StoreTrouble
from interlock.store import migrate
from interlock.store.chains import BOOKS
from tests.promises.wishes import armed
from tests.rehearsal.disks import FILE, integrity, looking, opened

FIRST: Final = BOOKS.revisions[0]
CHANGES: Final = ("ALTER", "CREATE", "DELETE", "DROP", "INSERT", "UPDATE")
NEVER: Final = -1
KILLED: Final = -signal.SIGKILL

_processes: Final = multiprocessing.get_context("forkserver")
_processes.set_forkserver_preload([__name__])


def of_the_first_schema(folder: Path) -> None:
    """Made by the first migration itself, and with a log as ours."""
    folder.mkdir(mode=0o700)
    engine = sa.create_engine(f"sqlite:///{folder / FILE}")
    config = migrate._config(BOOKS.name)  # noqa: SLF001 - who tests a migration stops in the middle of the chain
    with engine.connect() as connection, connection.begin():
        connection.exec_driver_sql("PRAGMA user_version")
        config.attributes.update(connection=connection, version_table=migrate.VERSION_TABLE)
        command.upgrade(config, FIRST)
    engine.dispose()


def open_and_die(folder: str, number: int) -> None:
    """Opens the books, and is gone before this statement that changes them; where it is never, it ends with how many there were."""
    seen = 0

    @sa.event.listens_for(sa.Engine, "before_cursor_execute")
    def die(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        nonlocal seen
        seen += statement.lstrip().upper().startswith(CHANGES)
        if seen == number:
            os.kill(os.getpid(), signal.SIGKILL)

    opened(Path(folder)).close()
    os._exit(seen)


def die_in_migration(folder: Path, step: int = 1) -> tuple[int, list[str]]:
    """At how many statements it died, and what was wrong after one of them.

    The schema is the old one, and the next start has the new one.
    """
    ground = folder / "ground"
    of_the_first_schema(ground)
    count = _life(ground, folder / "whole", NEVER)
    wrong = []
    numbers = range(1, count + 1, step)
    for number in numbers:
        place = folder / f"life{number}"
        code = _life(ground, place, number)
        found = [*_wrong(place)] if code == KILLED else [f"it ended with {code}"]
        wrong += [f"statement {number} of {count}: {each}" for each in found]
    return len(numbers), wrong


def _life(ground: Path, place: Path, number: int) -> int:
    shutil.copytree(ground, place)
    life = _processes.Process(target=open_and_die, args=(str(place), number))
    life.start()
    life.join()
    return life.exitcode or 0


def _wrong(place: Path) -> Iterator[str]:
    with looking(place) as connection:
        yield from integrity(connection)
        if _revision(connection) != FIRST or _has_more(connection):
            yield "half of a migration stands"
    try:
        books = opened(place)
        armed(books)
        books.close()
    except StoreTrouble as error:
        yield f"the next life cannot begin: {error}"
    with looking(place) as connection:
        if _revision(connection) != BOOKS.head or not _has_more(connection):
            yield "the next life stands on the old schema"


def _has_more(connection: sqlite3.Connection) -> bool:
    """Whether a column of the newest step is there."""
    columns = connection.execute("SELECT name FROM pragma_table_info('account')").fetchall()
    return ("free_margin",) in columns


def _revision(connection: sqlite3.Connection) -> str:
    return str(connection.execute("SELECT version_num FROM alembic_version").fetchone()[0])
