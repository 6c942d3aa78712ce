"""Where books and market data lie: two files of a data folder, or one PostgreSQL database that is named by its address.

Books must not lose a commit, market data may be lost whole.
"""

import secrets
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final

from interlock.account import Mode
from interlock.errors import BadSettings, StoreTrouble
from interlock.risk.limits import Limits
from interlock.store.books import RowBooks
from interlock.store.chains import BOOKS, MARKET, Chain
from interlock.store.market import RowMarket
from interlock.store.sqlite import SqliteGround
from interlock.store.stamp import Stamp
from interlock.store.standing import Terms
from interlock.values import Secret

if TYPE_CHECKING:
    from interlock.store.postgres import PostgresGround
    from interlock.store.row_lease import RowLease

BOOKS_FILE: Final = "books.sqlite"
MARKET_FILE: Final = "market.sqlite"
INSTALL_ID_BYTES: Final = 8
Fence = Callable[[], None]


def open_books(  # noqa: PLR0913 - where the books are, and what they stand under
    place: Path | Secret,
    *,
    limits: Limits,
    bound: Mode,
    enabled: bool,
    install_id: str | None = None,
    fence: Fence | None = None,
) -> RowBooks:
    """The books of this folder or database, made when there are none. Without an `install_id` new books draw theirs at random.

    On PostgreSQL `fence` is asked before each change, and raises when this process may not write any more.
    """
    terms = Terms(limits, bound, enabled)
    drawn = install_id or secrets.token_hex(INSTALL_ID_BYTES)
    if isinstance(place, Secret):
        return RowBooks(database(place, BOOKS, fence), terms, drawn)
    return _stamped(place, terms, drawn)


def _stamped(folder: Path, terms: Terms, drawn: str) -> RowBooks:
    """The books of a folder, and of no other installation: neither are they made anew where they were, nor taken from elsewhere."""
    stamp = Stamp(folder)
    stamp.look_for(folder / BOOKS_FILE)
    ground = SqliteGround(folder / BOOKS_FILE, BOOKS)
    books = RowBooks(ground, terms, drawn)
    try:
        tenure = books.tenure()
    except StoreTrouble:
        # Whoever shows what is left of the books says which table it is.
        return books
    ours = stamp.agree(tenure.install_id if tenure else drawn)
    if tenure is not None and tenure.install_id != ours:
        books.close()
        raise StoreTrouble(
            f"{folder / BOOKS_FILE} belongs to the installation {tenure.install_id}, the folder to {ours}."
        )
    return RowBooks(ground, terms, ours)


def open_market(place: Path | Secret) -> RowMarket:
    """The market data of this folder or database, made when there is none."""
    if isinstance(place, Secret):
        return RowMarket(database(place, MARKET))
    return RowMarket(SqliteGround(place / MARKET_FILE, MARKET))


def database(url: Secret, chain: Chain, fence: Fence | None = None) -> "PostgresGround":
    """The tables of one chain in a PostgreSQL database; nothing is connected yet."""
    try:
        from interlock.store.postgres import (  # noqa: PLC0415 - its driver is an extra, and SQLite needs none of it
            PostgresGround,
            nobody_forbids,
        )
    except ImportError as error:
        raise BadSettings(
            "INTERLOCK__DATABASE__URL is set, and the driver of PostgreSQL is not installed: install the extra `postgres`."
        ) from error
    return PostgresGround(url, chain, fence or nobody_forbids)


def row_lease(url: Secret, name: str, holder: str) -> "RowLease":
    """A lease of this name in a PostgreSQL database, on connections of its own: no transaction of the books delays its renewal."""
    ground = database(url, BOOKS)
    from interlock.store.row_lease import (  # noqa: PLC0415 - it stands on the driver, which is an extra
        RowLease,
    )

    return RowLease(ground, name, holder)
