"""The files of a data folder: books that must not lose a commit, and market data that may be lost whole."""

import secrets
from pathlib import Path
from typing import Final

from interlock.account import Mode
from interlock.risk.limits import Limits
from interlock.store.books import RowBooks
from interlock.store.market import RowMarket
from interlock.store.sqlite import BOOKS, MARKET, SqliteGround
from interlock.store.standing import Terms

BOOKS_FILE: Final = "books.sqlite"
MARKET_FILE: Final = "market.sqlite"
INSTALL_ID_BYTES: Final = 8


def open_books(
    folder: Path, *, limits: Limits, bound: Mode, enabled: bool, install_id: str | None = None
) -> RowBooks:
    """The books of this folder, made when there are none. Without an `install_id` new books draw theirs at random."""
    ground = SqliteGround(folder / BOOKS_FILE, BOOKS)
    drawn = install_id or secrets.token_hex(INSTALL_ID_BYTES)
    return RowBooks(ground, Terms(limits, bound, enabled), drawn)


def open_market(folder: Path) -> RowMarket:
    """The market file of this folder, made when there is none."""
    return RowMarket(SqliteGround(folder / MARKET_FILE, MARKET))
