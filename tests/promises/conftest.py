"""The back ends on which every promise is kept: the dictionary and a real SQLite file."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from interlock.account import Mode
from interlock.rehearsal.store import INSTALL_ID, DictGround, DictMarket, dict_books
from interlock.risk.limits import Limits
from interlock.store import open_books, open_market
from interlock.store.books import RowBooks
from interlock.store.market import RowMarket


@dataclass(slots=True)
class Shelf:
    """A place where books lie. Opening them twice is opening the same books twice, as two processes would."""

    folder: Path | None
    ground: DictGround = field(default_factory=DictGround)
    opened: list[RowBooks | RowMarket] = field(default_factory=list)
    market_kept: DictMarket = field(default_factory=DictMarket)

    def books(
        self, limits: Limits | None = None, bound: Mode = Mode.LIVE, *, enabled: bool = True
    ) -> RowBooks:
        limits = limits or Limits()
        if self.folder is None:
            return dict_books(self.ground, limits=limits, bound=bound, enabled=enabled)
        books = open_books(
            self.folder, limits=limits, bound=bound, enabled=enabled, install_id=INSTALL_ID
        )
        self.opened.append(books)
        return books

    def market(self) -> RowMarket | DictMarket:
        if self.folder is None:
            return self.market_kept
        market = open_market(self.folder)
        self.opened.append(market)
        return market

    def close(self) -> None:
        for each in self.opened:
            each.close()


@pytest.fixture(params=["dictionary", "sqlite"])
def shelf(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Shelf]:
    place = Shelf(tmp_path / "data" if request.param == "sqlite" else None)
    yield place
    place.close()


@pytest.fixture
def books(shelf: Shelf) -> RowBooks:
    return shelf.books()
