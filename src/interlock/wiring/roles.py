"""What one process of the platform is: all of it on SQLite, or one role beside others on PostgreSQL. Opening is recovery."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, closing, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

import structlog

from interlock.desk.day import Day, Pass
from interlock.desk.herald import Herald, Silent
from interlock.desk.instruments import Instruments
from interlock.desk.leading import Lease, keep, opened, take
from interlock.desk.sealer import Keep, seal_all
from interlock.desk.updater import Updater
from interlock.errors import BadSettings, StoreTrouble
from interlock.exchange.client import Credentials, CryptoComExchange, sleep
from interlock.host.clock import WallClock
from interlock.host.facts import this_life
from interlock.ports import Clock, MarketFile
from interlock.settings import Settings
from interlock.simulator.clock import no_pause
from interlock.store.books import RowBooks
from interlock.store.files import row_lease
from interlock.store.heads import keep_head
from interlock.store.lease import FolderLease
from interlock.wiring.adapters import (
    budget_of,
    clock_of,
    credentials_of,
    fenced_books,
    market_of,
    messenger_of,
    open_books,
    strategist_of,
    stream_of,
    terms_of,
    transport_of,
    venue_of,
)
from interlock.wiring.desk import SPAN, Desk, desk_of, mark_of

if TYPE_CHECKING:
    from interlock.store.row_lease import RowLease

_log = structlog.get_logger("roles")

Begun = Callable[[Day, Sequence[Pass]], None]
"""Is told of a day that begins in this process, with its passes."""
ENGINE: Final = "engine"
NOTIFIER: Final = "notifier"
APART: Final = frozenset({"api", ENGINE, "updater", NOTIFIER})


@dataclass(frozen=True, slots=True)
class Platform:
    """Everything that one process of the platform holds."""

    books: RowBooks
    market: MarketFile
    clock: Clock
    desk: Desk


@asynccontextmanager
async def platform(
    settings: Settings, waits: Callable[[], None] = lambda: None
) -> AsyncIterator[Platform]:
    """The engine of this data folder: lease, books, market, clock, client, desk. Opening it is recovery.

    While another engine holds the folder it stands by, says for whom, and tells `waits`.
    """
    credentials = credentials_of(settings)
    async with AsyncExitStack() as stack:
        lease = FolderLease(settings.data)
        stack.callback(lease.release)
        await take(lease, ENGINE, sleep, waits)
        books = stack.enter_context(closing(open_books(settings)))
        market = stack.enter_context(closing(market_of(settings)))
        clock = await clock_of(settings, market, stack)
        transport = await stack.enter_async_context(transport_of(settings))
        pause = sleep if settings.sim.control is None else no_pause
        budget = budget_of(settings, clock.now)
        exchange = CryptoComExchange(transport, credentials, clock.now, pause, budget)
        tenure = books.open(venue_of(settings), clock.now())
        notifier = await messenger_of(settings, stack)
        listens = stream_of(settings, clock, stack)
        terms = terms_of(settings)
        heads = partial(keep_head, settings.data)
        own = strategist_of(settings, stack)
        desk = desk_of(
            books, market, exchange, clock, tenure, terms, notifier, pause, listens, heads, own
        )
        stack.callback(seal_last, books, clock, heads)
        yield Platform(books, market, clock, desk)


def check_role(settings: Settings, role: str) -> None:
    """Refuses what the place of the books does not admit."""
    if role in APART and not settings.database.url:
        raise BadSettings(
            f"The role {role} is a process of its own on PostgreSQL alone: set INTERLOCK__DATABASE__URL, "
            "or run them all in one process with `interlock run`."
        )
    if settings.database.url and settings.sim.control:
        raise BadSettings(
            "INTERLOCK__SIM__CONTROL steps one process whose books are in SQLite: unset INTERLOCK__DATABASE__URL."
        )


@dataclass(frozen=True, slots=True)
class View:
    """What a process holds that only shows: nothing in it asks the exchange or writes the books."""

    books: RowBooks
    market: MarketFile
    clock: Clock
    instruments: Instruments
    is_led: Callable[[], bool]


@contextmanager
def view(settings: Settings) -> Iterator[View]:
    """The role `api`: the database may be down when it starts, and come back while it runs."""
    with ExitStack() as stack:
        books = stack.enter_context(closing(open_books(settings)))
        market = stack.enter_context(closing(market_of(settings)))
        lease = row_lease(settings.database.url, ENGINE, this_life())
        stack.callback(lease.close)
        clock = WallClock()
        yield View(books, market, clock, Instruments(market, clock), lease.is_held)


async def engine(settings: Settings, begun: Begun) -> None:
    """The role `engine`: stands by until it leads the account, then settles, decides and guards until it must not go on."""
    credentials = credentials_of(settings)
    async with AsyncExitStack() as stack:
        lease = _lease(settings, ENGINE, stack)
        await take(lease, ENGINE, sleep)
        books = stack.enter_context(closing(fenced_books(settings, lease.check)))
        market = stack.enter_context(closing(market_of(settings)))
        clock = WallClock()
        transport = await stack.enter_async_context(transport_of(settings, fence=lease.check))
        exchange = CryptoComExchange(transport, credentials, clock.now, sleep)
        tenure = books.open(venue_of(settings), clock.now())
        listens = stream_of(settings, clock, stack)
        terms = terms_of(settings)
        heads = partial(keep_head, settings.data)
        desk = desk_of(
            books,
            market,
            exchange,
            clock,
            tenure,
            terms,
            listens=listens,
            heads=heads,
            strategist=strategist_of(settings, stack),
        )
        stack.callback(seal_last, books, clock, heads)
        passes = [one for one in desk.passes if not isinstance(one, Updater)]
        begun(desk.day, passes)
        await _under(lease, desk.day, passes)


async def updater(settings: Settings, begun: Begun) -> None:
    """The role `updater`: prices, bars and instruments, whoever leads. Two of them write the same things twice."""
    async with AsyncExitStack() as stack:
        books = stack.enter_context(closing(open_books(settings)))
        market = stack.enter_context(closing(market_of(settings)))
        clock = WallClock()
        transport = await stack.enter_async_context(transport_of(settings))
        given = settings.exchange
        nobody = Credentials(given.api_key, given.api_secret)
        exchange = CryptoComExchange(transport, nobody, clock.now, sleep)
        one = Updater(exchange, books, market, clock, Instruments(market, clock), SPAN)
        day = Day(books, market, clock)
        begun(day, [one])
        await day.work([one])


async def notifier(settings: Settings, begun: Begun) -> None:
    """The role `notifier`: exactly one process says what waits in the outbox."""
    async with AsyncExitStack() as stack:
        lease = _lease(settings, NOTIFIER, stack)
        books = stack.enter_context(closing(fenced_books(settings, lease.check)))
        market = stack.enter_context(closing(market_of(settings)))
        mark = mark_of(await opened(books, sleep))
        await take(lease, NOTIFIER, sleep)
        clock = WallClock()
        messenger = await messenger_of(settings, stack)
        herald = Herald(books, messenger, clock, mark, SPAN) if messenger else Silent(clock)
        day = Day(books, market, clock)
        begun(day, [herald])
        await _under(lease, day, [herald])


def seal_last(books: RowBooks, clock: Clock, heads: Keep) -> None:
    """At shutdown the journal is sealed to its end; books that cannot be written are no reason not to end."""
    try:
        seal_all(books, clock.now(), heads)
    except StoreTrouble as trouble:
        _log.warning("not sealed", error=type(trouble).__name__, text=str(trouble))


def _lease(settings: Settings, name: str, stack: AsyncExitStack) -> "RowLease":
    """The lease of this name, still to be taken; it is let go when everything else is."""
    lease = row_lease(settings.database.url, name, this_life())
    stack.callback(lease.close)
    stack.callback(lease.release)
    return lease


async def _under(lease: Lease, day: Day, passes: Sequence[Pass]) -> None:
    """The day, for as long as the lease is renewed."""
    async with asyncio.TaskGroup() as group:
        group.create_task(keep(lease, sleep))
        group.create_task(day.work(passes))
