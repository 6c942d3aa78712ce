"""One PostgreSQL server for the session, and the shelf of the promises on databases of it."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from interlock.account import Mode
from interlock.rehearsal.store import INSTALL_ID
from interlock.risk.limits import Limits
from interlock.store import open_books, open_market
from interlock.store.books import RowBooks
from interlock.store.market import RowMarket
from interlock.values import Secret
from tests.host.postgresql import Server


@dataclass(slots=True)
class Shelf:
    """Books in a database. Opening them twice is opening the same books twice, as two processes would."""

    url: Secret
    opened: list[RowBooks | RowMarket] = field(default_factory=list)

    def books(
        self, limits: Limits | None = None, bound: Mode = Mode.LIVE, *, enabled: bool = True
    ) -> RowBooks:
        books = open_books(
            self.url,
            limits=limits or Limits(),
            bound=bound,
            enabled=enabled,
            install_id=INSTALL_ID,
        )
        self.opened.append(books)
        return books

    def market(self) -> RowMarket:
        market = open_market(self.url)
        self.opened.append(market)
        return market

    def close(self) -> None:
        for each in self.opened:
            each.close()


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    ours = Server()
    ours.create()
    yield ours
    ours.remove()


@pytest.fixture(scope="session")
def template(server: Server) -> str:
    """A database in which every table stands already, to be copied: a migration for each test would cost a second."""
    name = server.database()
    shelf = Shelf(server.url(name))
    shelf.books().tenure()
    shelf.market().ticks()
    shelf.close()
    return name


@pytest.fixture
def database(server: Server, template: str) -> Iterator[str]:
    """A database of the test's own, to be spoilt at will."""
    name = server.database(template)
    yield name
    server.say("postgres", f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def shelf(server: Server, database: str) -> Iterator[Shelf]:
    place = Shelf(server.url(database))
    yield place
    place.close()


@pytest.fixture
def books(shelf: Shelf) -> RowBooks:
    return shelf.books()
