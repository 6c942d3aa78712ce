"""The same rows on PostgreSQL. Every wait is bounded, a change locks the account first, a look is one snapshot of everything.

Nothing is connected before the first transaction: whoever only looks can start while the server is down, and say so. No message
holds the address with its password, or the cells of a row.
"""

import contextlib
from collections.abc import Callable, Iterator
from typing import Final

import psycopg
import sqlalchemy as sa
from psycopg.conninfo import conninfo_to_dict
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects.postgresql.base import PGDialect
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from interlock.errors import BadSettings, BrokenInvariant, NewerSchema, StoreTrouble
from interlock.store.chains import Chain
from interlock.store.rows import Rows
from interlock.store.sql import SqlRows, Tongue
from interlock.values import Secret

_DIALECT: Final = PGDialect(paramstyle="format")  # type: ignore[no-untyped-call] # SQLAlchemy gives its constructor no types
POSTGRES: Final = Tongue(_DIALECT, postgresql.insert, "seq")

SCHEMES: Final = frozenset({"postgres", "postgresql"})
CONNECT_S: Final = 2
LOCK_MS: Final = 2000
STATEMENT_MS: Final = 5000
# A process that was stopped in the middle of a transaction loses its locks well before its lease ends.
IDLE_MS: Final = 4000
MIGRATION_MS: Final = 60_000
# One number for all whom two or more processes could otherwise begin at once: new books, and a migration.
BIRTH: Final = 0x1_17E_210C

LOCK_ACCOUNT: Final = "SELECT id FROM account WHERE id = 1 FOR UPDATE"
LOCK_BIRTH: Final = f"SELECT pg_advisory_xact_lock({BIRTH})"
# The text of a snapshot names exactly the transactions that it sees, so it is another one after every commit of anybody.
VERSION: Final = "SELECT pg_current_snapshot()::text"


def nobody_forbids() -> None:
    """Whoever holds no lease changes the books in short transactions of its own, as the command line does."""


class PostgresGround:
    """A database of rows; each transaction takes a connection of the pool. `fence` raises when this process may not write any more."""

    place: Final = "%s"

    def __init__(
        self, url: Secret, chain: Chain, fence: Callable[[], None] = nobody_forbids
    ) -> None:
        address, self._where = _address(url)
        self._chain = chain
        self._fence = fence
        self._is_current = False
        self._engine = _engine(address, chain)
        self._looking = self._engine.execution_options(
            isolation_level="REPEATABLE READ", postgresql_readonly=True
        )
        self._watching = self._engine.execution_options(isolation_level="AUTOCOMMIT")

    @contextlib.contextmanager
    def change(self) -> Iterator[Rows]:
        """A transaction that holds the account alone: all of it is kept when the block ends, nothing when it raises.

        A commit that nobody answered may have been kept: only starting again tells, as after a write that a disk did not confirm.
        """
        self._fence()
        is_done = False
        try:
            with self.connection() as connection:
                _lock(connection)
                yield SqlRows(connection, POSTGRES)
                is_done = True
        except StoreTrouble as error:
            if is_done:
                raise BrokenInvariant(f"Nobody knows what was committed. {error}") from error
            raise

    @contextlib.contextmanager
    def look(self) -> Iterator[Rows]:
        """One consistent view without a lock."""
        with self.reading() as connection:
            yield SqlRows(connection, POSTGRES)

    def connection(self) -> contextlib.AbstractContextManager[sa.Connection]:
        """A connection inside a transaction that may write."""
        return self._connected(self._engine)

    def reading(self) -> contextlib.AbstractContextManager[sa.Connection]:
        """A connection inside a transaction that sees one snapshot and can write nothing."""
        return self._connected(self._looking)

    def table_names(self) -> frozenset[str]:
        """The names of the tables that are really there."""
        with self.reading() as connection:
            return frozenset(sa.inspect(connection).get_table_names())

    def version(self) -> int:
        """A number of the snapshot that is current: another after each commit of anybody, and at times after nothing."""
        with self._connected(self._watching) as connection:
            text = str(connection.exec_driver_sql(VERSION).scalar())
        return int.from_bytes(text.encode())

    def close(self) -> None:
        """Closes every connection."""
        self._engine.dispose()

    @contextlib.contextmanager
    def _connected(self, engine: sa.Engine) -> Iterator[sa.Connection]:
        with trouble(self._where):
            self._bring_up_to_date()
            with engine.connect() as connection, connection.begin():
                yield connection

    def _bring_up_to_date(self) -> None:
        """Compares first; only an absent or older schema is migrated, by one process at a time."""
        if self._is_current:
            return
        with self._engine.connect() as connection, connection.begin():
            if _revision(connection, self._chain, self._where) != self._chain.head:
                _migrate(connection, self._chain, self._where)
        self._is_current = True


@contextlib.contextmanager
def trouble(where: str) -> Iterator[None]:
    """What the server or its driver cannot do is said as StoreTrouble; a constraint that refuses is a broken invariant."""
    try:
        yield
    except psycopg.IntegrityError as error:
        raise BrokenInvariant(f"{where} refused a row: {_said(error)}.") from error
    except psycopg.Error as error:
        raise StoreTrouble(f"{where}: {_said(error)}.") from error
    except DBAPIError as error:
        raise StoreTrouble(f"{where}: {_said(error.orig)}.") from error
    except SQLAlchemyError as error:
        raise StoreTrouble(f"{where}: {error}.") from error


def _said(error: BaseException | None) -> str:
    """The first line of what was said: the lines below may quote a row."""
    primary = error.diag.message_primary if isinstance(error, psycopg.Error) else None
    lines = (primary or str(error)).strip().splitlines()
    return lines[0].rstrip(".") if lines else type(error).__name__


def _address(url: Secret) -> tuple[str, str]:
    """The address as the driver wants it, and the part of it that may be shown."""
    scheme, _, rest = url.reveal().partition("://")
    address = f"postgresql://{rest}"
    try:
        parts = {name: str(value) for name, value in conninfo_to_dict(address).items()}
    except psycopg.Error:
        parts = {}
    host, port, name = (parts.get(part, "") for part in ("host", "port", "dbname"))
    # A password that was not percent-encoded spills into its neighbours, and would be shown with them.
    is_clean = "@" not in host + name and "/" not in name and f"{port}0".replace(",", "").isdigit()
    if scheme.partition("+")[0] not in SCHEMES or not name or not is_clean:
        raise BadSettings(
            "INTERLOCK__DATABASE__URL must be postgresql://USER:PASSWORD@HOST:PORT/DATABASE, special characters as %XX."
        )
    return address, f"PostgreSQL at {host or 'localhost'}:{port or '5432'}/{name}"


def _engine(address: str, chain: Chain) -> sa.Engine:
    """A pool that tries each connection before it hands it out, so that a server that came back is used at once."""
    durable = "on" if chain.synchronous == "FULL" else "off"
    options = {
        "lock_timeout": LOCK_MS,
        "statement_timeout": STATEMENT_MS,
        "idle_in_transaction_session_timeout": IDLE_MS,
        "synchronous_commit": durable,
        "timezone": "UTC",
    }

    def connect() -> psycopg.Connection:
        return psycopg.connect(
            address,
            connect_timeout=CONNECT_S,
            tcp_user_timeout=STATEMENT_MS,
            keepalives_idle=CONNECT_S,
            keepalives_interval=CONNECT_S,
            keepalives_count=2,
            application_name="interlock",
            options=" ".join(f"-c {name}={value}" for name, value in options.items()),
        )

    return sa.create_engine(
        "postgresql+psycopg://",
        creator=connect,
        poolclass=sa.QueuePool,
        pool_pre_ping=True,
        pool_timeout=CONNECT_S,
        hide_parameters=True,
        use_native_hstore=False,
    )


def _lock(connection: sa.Connection) -> None:
    """The account's row; who would make it is alone too, and then looks again whether somebody else just made it."""
    cursor = connection.connection.cursor()
    cursor.execute(LOCK_ACCOUNT)
    if cursor.fetchone() is None:
        cursor.execute(LOCK_BIRTH)
        cursor.execute(LOCK_ACCOUNT)


def _version_table(chain: Chain) -> str:
    """Both chains live in one database, each with a version of its own."""
    return f"{chain.name}_version"


def _revision(connection: sa.Connection, chain: Chain, where: str) -> str | None:
    """The revision of the schema, None when there is none; one that this version does not know is a newer one."""
    table = _version_table(chain)
    if connection.exec_driver_sql("SELECT to_regclass(%s)", (table,)).scalar() is None:
        return None
    found = connection.exec_driver_sql(f"SELECT version_num FROM {table}").scalar()  # noqa: S608 - one of two names of ours
    if found not in chain.revisions:
        raise NewerSchema(f"{where} has the schema {found}, this version knows {chain.head}.")
    return str(found)


def _migrate(connection: sa.Connection, chain: Chain, where: str) -> None:
    from interlock.store import migrate  # noqa: PLC0415 - Alembic costs a quarter of a second, and only a migration needs it

    for name in ("lock_timeout", "statement_timeout"):
        connection.exec_driver_sql(f"SET LOCAL {name} = {MIGRATION_MS}")
    connection.exec_driver_sql(LOCK_BIRTH)
    # Whoever waited here finds that it was done.
    if _revision(connection, chain, where) != chain.head:
        migrate.upgrade(connection, chain.name, _version_table(chain))
