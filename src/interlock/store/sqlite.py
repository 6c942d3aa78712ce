"""One SQLite file: made whole or not at all, migrated when it is opened, readable by its owner alone.

A file that cannot be read is trouble with a remedy; it is never taken for a new one. Writers wait for each other at most two seconds.
A disk that did not confirm what was written is not asked again: the kernel forgets that it failed, so only starting again tells.
"""

import contextlib
import os
import sqlite3
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from interlock.errors import BrokenInvariant, NewerSchema, StoreTrouble, Undone
from interlock.store.chains import Chain
from interlock.store.reserve import Reserve
from interlock.store.rows import Rows
from interlock.store.sql import SQLITE, SqlRows

WAIT_MS: Final = 2000
BEGIN: Final = "begin"
IMMEDIATE: Final = f"{BEGIN} IMMEDIATE"
# As much as SQLite itself lets its log grow before it copies it into the file: a thousand pages.
LOG_MAX: Final = 4 << 20
PRIMARY: Final = 0xFF
# The index of the log cannot grow either, and SQLite calls that another thing.
NO_ROOM: Final = frozenset({sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR})
NOT_CONFIRMED: Final = frozenset({sqlite3.SQLITE_IOERR_FSYNC, sqlite3.SQLITE_IOERR_DIR_FSYNC})


class SqliteGround:
    """A file of rows; each transaction takes a connection of the pool."""

    place: Final = "?"

    def __init__(self, path: Path, chain: Chain) -> None:
        self._path = path
        self._log = path.with_name(f"{path.name}-wal")
        self._chain = chain
        with trouble(path):
            _make_folder(path.parent)
            if not path.exists():
                _create(path, chain)
            if path.stat().st_size == 0:
                raise StoreTrouble(f"{path} is empty: it was cut off.")
            path.chmod(0o600)
            self._mark = _mark(path)
            self._engine = _engine(path, chain)
            _migrate(self._engine, path, chain)
            # A connection that never writes: its data_version moves with every commit of every other connection.
            self._watch = _connect(path, chain)
            # The log is a new file, and SQLite does not mind a folder that was not synced.
            _sync_folder(path.parent)
        self._reserve = Reserve(path)
        self._is_doubtful = False

    @contextlib.contextmanager
    def change(self, *, vital: bool = False) -> Iterator[Rows]:
        """A transaction that holds the file alone: all of it is kept when the block ends, nothing when it raises.

        A commit that the disk did not confirm may have been kept: nothing more is read or written by this process.
        """
        self._look_for_it()
        if not vital:
            self._reserve.keep()
        is_done = False
        try:
            with self.connection() as connection:
                yield SqlRows(connection, SQLITE)
                is_done = True
        except StoreTrouble as error:
            code = _code(error)
            if code in NOT_CONFIRMED or (is_done and code & PRIMARY == sqlite3.SQLITE_IOERR):
                self._is_doubtful = True
                raise BrokenInvariant(f"Nobody knows what was kept. {error}") from error
            if vital and code & PRIMARY in NO_ROOM and self._reserve.give_up():
                raise Undone(f"{error} The room that was kept free is given up.") from error
            raise
        self._fold()

    @contextlib.contextmanager
    def look(self) -> Iterator[Rows]:
        """One consistent view without a lock."""
        with self.connection(BEGIN) as connection:
            yield SqlRows(connection, SQLITE)

    @contextlib.contextmanager
    def connection(self, begin: str = IMMEDIATE) -> Iterator[sa.Connection]:
        """A connection inside a transaction that was begun with these words."""
        options = {BEGIN: begin}
        self._look_for_it()
        with (
            trouble(self._path),
            self._engine.connect() as connection,
            connection.execution_options(**options).begin(),
        ):
            yield connection

    def reading(self) -> contextlib.AbstractContextManager[sa.Connection]:
        """A connection inside a transaction that holds nobody up."""
        return self.connection(BEGIN)

    def table_names(self) -> frozenset[str]:
        """The names of the tables that are really there."""
        with self.reading() as connection:
            return frozenset(sa.inspect(connection).get_table_names())

    def version(self) -> int:
        """SQLite's own count of the commits of others; three microseconds."""
        self._look_for_it()
        with trouble(self._path):
            return int(self._watch.execute("PRAGMA data_version").fetchone()[0])

    def _look_for_it(self) -> None:
        """The file stands where it was opened, as the disk confirmed it; the kernel lets us go on writing into one that was deleted."""
        if self._is_doubtful:
            raise BrokenInvariant(f"{self._path} was not confirmed by its disk.")
        with trouble(self._path):
            if self._chain.must_stay and _mark(self._path) != self._mark:
                raise StoreTrouble(f"{self._path} is not the file that was opened.")

    def _fold(self) -> None:
        """Copies a long log into the file. SQLite would do so unasked, and would tell nobody what the disk did not confirm."""
        if self._log.stat().st_size < LOG_MAX:
            return
        try:
            with trouble(self._path):
                _fold(self._engine, "PASSIVE")
        except StoreTrouble as error:
            # For want of room, or while somebody reads, the log grows on.
            if _code(error) & PRIMARY == sqlite3.SQLITE_IOERR:
                self._is_doubtful = True
                raise BrokenInvariant(f"The log was not copied. {error}") from error

    def close(self) -> None:
        """Closes every connection; the log is folded into the file."""
        self._watch.close()
        self._engine.dispose()


@contextlib.contextmanager
def trouble(path: Path) -> Iterator[None]:
    """What the file or its driver cannot do is said as StoreTrouble; a constraint that refuses is a broken invariant."""
    try:
        yield
    except sqlite3.IntegrityError as error:
        raise BrokenInvariant(f"{path} refused a row: {error}.") from error
    except DBAPIError as error:
        raise StoreTrouble(f"{path}: {error.orig}.") from error
    except (OSError, UnicodeDecodeError, sqlite3.Error, SQLAlchemyError) as error:
        # A damaged file is named in SQLite's words with its own bytes, which may be no text.
        raise StoreTrouble(f"{path}: {error}.") from error


def _code(error: StoreTrouble) -> int:
    """What SQLite calls it, in full; 0 when it was not SQLite that failed."""
    cause = error.__cause__
    said = cause.orig if isinstance(cause, DBAPIError) else cause
    return int(getattr(said, "sqlite_errorcode", 0))


def _mark(path: Path) -> tuple[int, int]:
    """Which file it is, whatever it is called."""
    found = path.stat()
    return found.st_dev, found.st_ino


def _make_folder(folder: Path) -> None:
    """The owner's alone when we make it; the rights of a folder that stands are somebody's decision, and the files are closed anyway."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)


def _create(path: Path, chain: Chain) -> None:
    """Makes the file beside its place and links it there whole: a crash leaves all of it or none, and a race has one winner."""
    descriptor, name = tempfile.mkstemp(prefix=f"{path.name}.", suffix=".new", dir=path.parent)
    os.close(descriptor)
    draft = Path(name)
    engine = _engine(draft, chain)
    try:
        _upgrade(engine, chain)
        # Closing would fold the log in as well, and say nothing of it when the disk does not confirm it.
        _fold(engine, "TRUNCATE")
        engine.dispose()
        with contextlib.suppress(FileExistsError):
            path.hardlink_to(draft)
    finally:
        engine.dispose()
        for left in path.parent.glob(f"{draft.name}*"):
            left.unlink(missing_ok=True)
    _sync_folder(path.parent)


def _fold(engine: sa.Engine, how: str) -> None:
    """Copies the log into the file."""
    with contextlib.closing(engine.raw_connection()) as connection:
        connection.cursor().execute(f"PRAGMA wal_checkpoint({how})").fetchall()


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _connect(path: Path, chain: Chain) -> sqlite3.Connection:
    """A connection in which we alone begin transactions. Only an existing file is opened."""
    connection = sqlite3.connect(
        f"{path.resolve().as_uri()}?mode=rw",
        uri=True,
        timeout=WAIT_MS / 1000,
        isolation_level=None,
        check_same_thread=False,
    )
    for pragma in (
        f"busy_timeout={WAIT_MS}",
        "journal_mode=WAL",
        f"synchronous={chain.synchronous}",
        "foreign_keys=ON",
        *(("wal_autocheckpoint=0",) if chain.must_stay else ()),
    ):
        # To its end: after the first row it is still to be committed.
        connection.execute(f"PRAGMA {pragma}").fetchall()
    return connection


def _engine(path: Path, chain: Chain) -> sa.Engine:
    engine = sa.create_engine(
        "sqlite://", creator=lambda: _connect(path, chain), poolclass=sa.QueuePool
    )

    @sa.event.listens_for(engine, "begin")
    def begin(connection: sa.Connection) -> None:
        connection.exec_driver_sql(connection.get_execution_options().get(BEGIN, BEGIN))

    return engine


def _migrate(engine: sa.Engine, path: Path, chain: Chain) -> None:
    """Compares first, which costs nothing; only an older schema is migrated."""
    with engine.connect() as connection:
        sound = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar()
        revision = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
    if sound != "ok":
        raise StoreTrouble(f"{path} is damaged: {sound}.")
    if revision not in chain.revisions:
        raise NewerSchema(f"{path} has the schema {revision}, this version knows {chain.head}.")
    if revision != chain.head:
        _upgrade(engine, chain)


def _upgrade(engine: sa.Engine, chain: Chain) -> None:
    from interlock.store import migrate  # noqa: PLC0415 - Alembic costs a quarter of a second, and only a migration needs it

    with engine.connect() as connection:
        immediate = connection.execution_options(**{BEGIN: IMMEDIATE})
        with immediate.begin():
            migrate.upgrade(immediate, chain.name)
