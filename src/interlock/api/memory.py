"""What the API last read, kept in memory and read anew when the books' version moves: no request waits for the exchange.

Nothing here can write: the API holds the reading half of the books and nothing else.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Protocol

from interlock.account import Lot, Standing
from interlock.evidence.picture import Decided, Picture
from interlock.evidence.timeline import OrderRecord
from interlock.market import Tick
from interlock.orders.intent import Intent
from interlock.ports import Clock
from interlock.values import Instant

OpenLots = tuple[tuple[Lot, tuple[Intent, ...]], ...]

MARKET_AGE_MAX_S: Final = 0.25
STANDING_AGE_MAX: Final = timedelta(milliseconds=250)


class Readable(Protocol):
    """The reading half of `ports.Books`."""

    def picture(self, now: Instant, *, limit: int = 200) -> Picture:
        """Everything to show."""
        ...

    def standing(self, now: Instant) -> Standing:
        """The standing without a lock."""
        ...

    def open_lots(self) -> OpenLots:
        """Every open lot with all intents that serve it."""
        ...

    def decided(self, symbol: str, at: Instant | None) -> Decided | None:
        """The newest decision about a symbol, or the one in force at an instant."""
        ...

    def order_record(self, named: str) -> OrderRecord | None:
        """All that is kept of one order."""
        ...

    def version(self) -> int:
        """A number that moves when anything was committed."""
        ...

    def table_names(self) -> frozenset[str]:
        """The names of the tables that are really there; raises StoreTrouble when the database does not answer."""
        ...

    def remains(self, now: Instant) -> tuple[Picture, Standing, OpenLots]:
        """What can be read although tables are missing; the picture names those."""
        ...


class Priced(Protocol):
    """The reading half of `ports.MarketFile`."""

    def ticks(self) -> Mapping[str, Tick]:
        """The newest tick per symbol."""
        ...

    def heartbeats(self) -> Mapping[str, Instant]:
        """When each loop last finished a cycle."""
        ...


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One reading of everything, true as of `as_of`."""

    as_of: Instant
    picture: Picture
    standing: Standing
    open_lots: OpenLots
    heartbeats: Mapping[str, Instant]
    ticks: Mapping[str, Tick]
    is_led: bool = True


def always() -> bool:
    """The engine is this very process."""
    return True


class Memory:
    """The newest snapshot; as long as the version stands still it needs no reading.

    `is_led` says whether an engine holds the account now.
    """

    def __init__(
        self, books: Readable, market: Priced, clock: Clock, is_led: Callable[[], bool] = always
    ) -> None:
        self.books = books
        self.clock = clock
        self._is_led = is_led
        self._market = market
        self._books_read: tuple[int, Picture, OpenLots] | None = None
        self._standing_read: tuple[tuple[int, Instant], Standing] | None = None
        self._market_read: (
            tuple[tuple[Instant, int], Mapping[str, Instant], Mapping[str, Tick]] | None
        ) = None

    def snapshot(self) -> Snapshot:
        """The newest snapshot; raises StoreTrouble when the books cannot be read."""
        now = self.clock.now()
        picture, lots = self._of_books(now)
        beats, ticks = self._of_market(now)
        return Snapshot(now, picture, self.standing(now), lots, beats, ticks, self._is_led())

    def standing(self, now: Instant) -> Standing:
        """The standing: read anew after a commit, and four times a second, because its windows move with time."""
        read_at = (self.books.version(), now.floor(STANDING_AGE_MAX))
        if self._standing_read is None or read_at != self._standing_read[0]:
            self._standing_read = (read_at, self.books.standing(now))
        return self._standing_read[1]

    def rest(self) -> Snapshot:
        """What is left of it when a snapshot cannot be had, for health alone; raises StoreTrouble when that cannot be read either."""
        now = self.clock.now()
        picture, standing, lots = self.books.remains(now)
        beats, ticks = self._of_market(now)
        return Snapshot(now, picture, standing, lots, beats, ticks, self._is_led())

    def _of_books(self, now: Instant) -> tuple[Picture, OpenLots]:
        version = self.books.version()
        if self._books_read is None or self._books_read[0] != version:
            self._books_read = (version, self.books.picture(now), self.books.open_lots())
        return self._books_read[1], self._books_read[2]

    def _of_market(self, now: Instant) -> tuple[Mapping[str, Instant], Mapping[str, Tick]]:
        """Prices have no version: they are read again when business time moved, or a quarter of a second passed."""
        read_at = (now, int(self.clock.monotonic() / MARKET_AGE_MAX_S))
        if self._market_read is None or read_at != self._market_read[0]:
            self._market_read = (read_at, self._market.heartbeats(), self._market.ticks())
        return self._market_read[1], self._market_read[2]
