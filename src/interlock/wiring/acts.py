"""What an owner changes, each in one short transaction: watchlist, mode, kill switch, mute."""

import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from typing import Final

from interlock.account import Mode, Switches
from interlock.errors import BadInput
from interlock.evidence.requests import Offer, OwnersRequest, What
from interlock.evidence.telling import Mute
from interlock.host.facts import this_life
from interlock.settings import Settings
from interlock.store.books import RowBooks
from interlock.store.files import row_lease
from interlock.store.lease import is_held
from interlock.strategy.watchlist import Caps, WatchlistRow, conflicts
from interlock.values import Instant
from interlock.wiring.adapters import open_books, venue_of

ENGINE: Final = "engine"


def prepare(settings: Settings, rows: Sequence[WatchlistRow], now: Instant, who: str) -> None:
    """New books with a watchlist, in the mode of their venue."""
    with closing(open_books(settings)) as books:
        venue = venue_of(settings)
        books.open(venue, now)
        books.switch(who, "first steps", now, mode=venue, kill=None)
        for row in rows:
            books.watch(row, who, now)


@contextmanager
def _edited(settings: Settings, now: Instant) -> Iterator[RowBooks]:
    """The books for a short change; made when there are none. An engine that runs keeps its tenure."""
    with closing(open_books(settings)) as books:
        if books.picture(now, limit=1).tenure is None:
            books.open(venue_of(settings), now)
        yield books


def watch_row(
    settings: Settings,
    symbol: str,
    edit: Callable[[WatchlistRow | None], WatchlistRow],
    who: str,
    now: Instant,
) -> WatchlistRow:
    """The row of a symbol after `edit`; one that could never trade is refused, and nothing is saved."""
    limits = settings.limits()
    with _edited(settings, now) as books:
        known = next((row for row in books.watchlist() if row.symbol == symbol), None)
        row = edit(known)
        found = conflicts(row, Caps(limits.usd_per_order_max, limits.max_leverage))
        if found:
            raise BadInput(f"{symbol} could never trade: {' '.join(found)}")
        return books.watch(row, who, now)


def select(settings: Settings, who: str, why: str, now: Instant, mode: Mode) -> Switches:
    """The mode, selected in one short transaction."""
    with _edited(settings, now) as books:
        return books.switch(who, why, now, mode=mode, kill=None)


def turn(settings: Settings, who: str, why: str, now: Instant) -> Switches:
    """The kill switch, engaged in one short transaction."""
    with closing(open_books(settings)) as books:
        return books.switch(who, why, now, mode=None, kill=True)


def halt(settings: Settings, who: str, why: str, now: Instant, *, on: bool) -> Switches:
    """The pause, engaged or ended in one short transaction."""
    with closing(open_books(settings)) as books:
        return books.pause(who, why, now, on=on)


def offer_arm(settings: Settings, offered: Offer) -> tuple[Mode, tuple[str, ...]]:
    """The first step of arming: the venue of the books, and what would change; nothing does."""
    with closing(open_books(settings)) as books:
        lines = books.offer_arm(offered)
        return books.switches().venue, lines


def confirm_arm(settings: Settings, code: str, wall: Instant, now: Instant) -> Switches:
    """The second step of arming, in one short transaction."""
    with closing(open_books(settings)) as books:
        return books.confirm_arm(code, wall, now)


def request_of(settings: Settings, what: What, who: str, why: str, now: Instant) -> OwnersRequest:
    """What the owner asks of the engine, written."""
    asked = OwnersRequest(secrets.token_hex(8), what, who, why, now)
    with closing(open_books(settings)) as books:
        books.request(asked)
    return asked


def is_led(settings: Settings) -> bool:
    """Whether an engine holds the account now."""
    if not settings.database.url:
        return is_held(settings.data)
    with closing(row_lease(settings.database.url, ENGINE, this_life())) as lease:
        return lease.is_held()


def forgive(settings: Settings, who: str, why: str, now: Instant) -> bool:
    """Today's daily-loss latch, cleared in one short transaction; whether there was one."""
    with closing(open_books(settings)) as books:
        return books.clear_daily_loss(who, why, now)


def hush(settings: Settings, who: str, why: str, now: Instant, *, on: bool) -> Mute | None:
    """The mute, engaged or cleared in one short transaction."""
    with closing(open_books(settings)) as books:
        return books.mute(who, why, now, on=on)
