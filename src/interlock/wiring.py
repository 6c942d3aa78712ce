"""The one module that knows which adapter plays which part."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, closing, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from interlock.account import Mode, Switches
from interlock.desk.asking import Asking
from interlock.desk.auditor import Auditor
from interlock.desk.day import Day, Pass
from interlock.desk.guardian import BREAKER, Guardian
from interlock.desk.herald import Herald, Mute
from interlock.desk.instruments import Instruments
from interlock.desk.leading import Lease, keep, opened, take
from interlock.desk.monitor import Monitor
from interlock.desk.settler import Settler
from interlock.desk.trader import Trader
from interlock.desk.updater import Updater
from interlock.errors import BadInput, BadSettings
from interlock.evidence.proof import CheckRow
from interlock.exchange.aiohttp_transport import AiohttpTransport
from interlock.exchange.client import Credentials, CryptoComExchange, sleep
from interlock.exchange.fenced import Fenced
from interlock.host.clock import StoodStill, WallClock
from interlock.host.facts import this_life
from interlock.notify import TelegramNotifier
from interlock.ports import AuditRun, Books, Clock, Exchange, MarketFile, Notifier, Tenure
from interlock.risk.limits import Limits
from interlock.settings import Settings
from interlock.simulator.clock import SteppingClock, no_pause, read_time
from interlock.store.books import RowBooks
from interlock.store.files import Fence, open_market, row_lease
from interlock.store.files import open_books as books_of
from interlock.store.lease import hold
from interlock.store.market import RowMarket
from interlock.strategy.watchlist import Caps, WatchlistRow, conflicts
from interlock.values import Instant

if TYPE_CHECKING:
    from interlock.store.row_lease import RowLease

SPAN: Final = timedelta(hours=1)
ENGINE: Final = "engine"
NOTIFIER: Final = "notifier"
APART: Final = frozenset({"api", ENGINE, "updater", NOTIFIER})
LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})


@dataclass(frozen=True, slots=True)
class Terms:
    """What the desk works under: the caps, the drift that an audit still admits, and for how long an outcome may be unknown."""

    limits: Limits = Limits()  # noqa: RUF009 - frozen: safe as a default
    drift_threshold_pct: Decimal = Decimal(1)
    grace: timedelta = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Desk:
    """One engine's working day: its supervisor and its passes, in the order of the day."""

    day: Day
    passes: tuple[Pass, ...]
    instruments: Instruments


@dataclass(frozen=True, slots=True)
class Platform:
    """Everything that one process of the platform holds."""

    books: RowBooks
    market: MarketFile
    clock: Clock
    desk: Desk


def desk_of(  # noqa: PLR0913, PLR0917 - the seams and what it works under: each is another part
    books: Books,
    market: MarketFile,
    exchange: Exchange,
    clock: Clock,
    tenure: Tenure,
    terms: Terms | None = None,
    notifier: Notifier | None = None,
    pause: Pause = sleep,
) -> Desk:
    """The desk over these seams; nothing in it knows whether they are real. Without a notifier nobody drains the outbox."""
    under = terms or Terms()
    instruments = Instruments(market, clock)
    trader = Trader(books, market, exchange, clock, instruments, under.limits, tenure)
    asking = Asking(exchange, clock, swept_to=_booked_to(books, clock.now()))
    settler = Settler(exchange, books, clock, asking, trader, tenure, SPAN)
    passes: tuple[Pass, ...] = (
        Updater(exchange, books, market, clock, instruments, SPAN),
        settler,
        Monitor(books, market, clock, trader, settler, SPAN),
        Guardian(books, market, clock, trader, settler, instruments, under.limits, tenure, SPAN),
        _auditor(exchange, books, clock, tenure, under, pause),
    )
    if notifier is not None:
        passes = (*passes, Herald(books, notifier, clock, mark_of(tenure), SPAN))
    return Desk(Day(books, market, clock), passes, instruments)


def mark_of(tenure: Tenure) -> str:
    """What ends each message: whose platform speaks."""
    return f"{tenure.venue} {tenure.install_id[:6]}"


def _booked_to(books: Books, now: Instant) -> Instant:
    """Until when executions are booked: the newest of them, else the opening of the books, else now."""
    fills, entries = books.fills(), books.entries()
    return fills[-1].at if fills else entries[0].at if entries else now


def venue_of(settings: Settings) -> Mode:
    """SIM when the exchange stands on this very host, else LIVE: the venue that new books are stamped with."""
    host = urlsplit(settings.exchange.rest_url).hostname
    return Mode.SIM if host in LOOPBACK else Mode.LIVE


def open_books(settings: Settings) -> RowBooks:
    """The books of the data folder, or of the database that the settings name."""
    return _books(settings, None)


def _books(settings: Settings, fence: Fence | None) -> RowBooks:
    return books_of(
        settings.database.url or settings.data,
        limits=settings.limits(),
        bound=settings.bound,
        enabled=settings.trading_enabled,
        fence=fence,
    )


def _market(settings: Settings) -> RowMarket:
    return open_market(settings.database.url or settings.data)


def heartbeats(settings: Settings) -> Mapping[str, Instant]:
    """When each pass of this account last came to its end."""
    with closing(_market(settings)) as market:
        return market.heartbeats()


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


def turn(settings: Settings, who: str, why: str, now: Instant, *, kill: bool) -> Switches:
    """The kill switch, engaged or cleared in one short transaction; clearing it closes the protection breaker, and arms anew."""
    with closing(open_books(settings)) as books:
        switches = books.switch(who, why, now, mode=None, kill=kill)
        if not kill:
            books.note(now, closed=(BREAKER, DISARMED))
        return switches


def hush(settings: Settings, who: str, why: str, now: Instant, *, on: bool) -> Mute | None:
    """The mute, engaged or cleared in one short transaction."""
    with closing(open_books(settings)) as books:
        return books.mute(who, why, now, on=on)


@asynccontextmanager
async def platform(settings: Settings) -> AsyncIterator[Platform]:
    """The engine of this data folder: lease, books, market, clock, client, desk. Opening it is recovery."""
    credentials = _credentials(settings)
    async with AsyncExitStack() as stack:
        lease = hold(settings.data)
        stack.callback(lease.release)
        books = stack.enter_context(closing(open_books(settings)))
        market = stack.enter_context(closing(_market(settings)))
        clock = await _clock(settings, market, stack)
        transport = await stack.enter_async_context(_transport(settings))
        pause = sleep if settings.sim.control is None else no_pause
        exchange = CryptoComExchange(transport, credentials, clock.now, pause)
        tenure = books.open(venue_of(settings), clock.now())
        notifier = await _notifier(settings, stack)
        desk = desk_of(books, market, exchange, clock, tenure, _terms(settings), notifier, pause)
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
        market = stack.enter_context(closing(_market(settings)))
        lease = row_lease(settings.database.url, ENGINE, this_life())
        stack.callback(lease.close)
        clock = WallClock()
        yield View(books, market, clock, Instruments(market, clock), lease.is_held)


async def engine(settings: Settings) -> None:
    """The role `engine`: stands by until it leads the account, then settles, decides and guards until it must not go on."""
    credentials = _credentials(settings)
    async with AsyncExitStack() as stack:
        lease = _lease(settings, ENGINE, stack)
        await take(lease, ENGINE, sleep)
        books = stack.enter_context(closing(_books(settings, lease.check)))
        market = stack.enter_context(closing(_market(settings)))
        clock = WallClock()
        transport = Fenced(await stack.enter_async_context(_transport(settings)), lease.check)
        exchange = CryptoComExchange(transport, credentials, clock.now, sleep)
        tenure = books.open(venue_of(settings), clock.now())
        terms = Terms(settings.limits(), settings.health.drift_threshold_pct)
        desk = desk_of(books, market, exchange, clock, tenure, terms)
        passes = [one for one in desk.passes if not isinstance(one, Updater)]
        await _under(lease, desk.day, passes)


async def updater(settings: Settings) -> None:
    """The role `updater`: prices, bars and instruments, whoever leads. Two of them write the same things twice."""
    async with AsyncExitStack() as stack:
        books = stack.enter_context(closing(open_books(settings)))
        market = stack.enter_context(closing(_market(settings)))
        clock = WallClock()
        transport = await stack.enter_async_context(_transport(settings))
        given = settings.exchange
        nobody = Credentials(given.api_key, given.api_secret)
        exchange = CryptoComExchange(transport, nobody, clock.now, sleep)
        one = Updater(exchange, books, market, clock, Instruments(market, clock), SPAN)
        await Day(books, market, clock).work([one])


async def notifier(settings: Settings) -> None:
    """The role `notifier`: exactly one process says what waits in the outbox."""
    async with AsyncExitStack() as stack:
        lease = _lease(settings, NOTIFIER, stack)
        books = stack.enter_context(closing(_books(settings, lease.check)))
        market = stack.enter_context(closing(_market(settings)))
        mark = mark_of(await opened(books, sleep))
        await take(lease, NOTIFIER, sleep)
        clock = WallClock()
        messenger = await _notifier(settings, stack)
        herald = Herald(books, messenger, clock, mark, SPAN) if messenger else Mute(clock)
        await _under(lease, Day(books, market, clock), [herald])


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


async def audit(settings: Settings) -> AuditRun:
    """One audit from a cold start: our books and the exchange's own word, and nothing else; in SIM at the exchange's time."""
    async with _cold_auditor(settings) as auditor:
        return await auditor.audit()


async def audit_portfolio(settings: Settings) -> CheckRow:
    """One row: our ledger's wallet against the exchange's. Nothing is written."""
    async with _cold_auditor(settings) as auditor:
        return await auditor.portfolio()


async def audit_orders(settings: Settings) -> tuple[CheckRow, ...]:
    """Our orders, executions and stops against the exchange's lists. Nothing is written."""
    async with _cold_auditor(settings) as auditor:
        return await auditor.orders()


def record_audit(settings: Settings, run: AuditRun) -> None:
    """Keeps an audit that was made outside, in one short transaction."""
    with closing(open_books(settings)) as books:
        books.note(run.at, audit=run)


@asynccontextmanager
async def _cold_auditor(settings: Settings) -> AsyncIterator[Auditor]:
    control = settings.sim.control
    clock = WallClock() if control is None else StoodStill(await read_time(control))
    async with AsyncExitStack() as stack:
        books = stack.enter_context(closing(open_books(settings)))
        tenure = books.picture(clock.now(), limit=1).tenure
        if tenure is None:
            raise BadSettings(f"There are no books in {settings.data} to audit.")
        transport = await stack.enter_async_context(_transport(settings))
        exchange = CryptoComExchange(transport, _credentials(settings), clock.now)
        pause = sleep if control is None else no_pause
        yield _auditor(exchange, books, clock, tenure, _terms(settings), pause)


async def read_account(settings: Settings) -> AccountReading:
    """The wallet as the exchange shows it to the configured key now; nothing else is asked, and nothing is kept."""
    async with _transport(settings) as transport:
        exchange = CryptoComExchange(transport, _credentials(settings), WallClock().now)
        return await exchange.account()


async def ask_permissions(
    settings: Settings, now: Callable[[], Instant], wait: timedelta
) -> Mapping[str, Said]:
    """What the exchange says to each private method, each asked once with the configured key."""
    async with _transport(settings, wait) as transport:
        return await permissions(transport, _credentials(settings), now)


def _credentials(settings: Settings) -> Credentials:
    given = settings.exchange
    if not given.api_key or not given.api_secret:
        raise BadSettings(
            "No key of the exchange is set (INTERLOCK__EXCHANGE__API_KEY and __API_SECRET); `interlock demo` needs none."
        )
    return Credentials(given.api_key, given.api_secret)


def _transport(settings: Settings, wait: timedelta | None = None) -> AiohttpTransport:
    given = settings.exchange
    return AiohttpTransport(
        given.rest_url,
        timeout=wait or timedelta(seconds=float(given.timeout_s)),
        source_address=given.source_address or None,
    )


async def say(settings: Settings, text: str) -> str:
    """Tells the owner at once, past the outbox, since the books may be what has failed; the messenger's id of the message."""
    if not settings.telegram.can_send:
        raise BadSettings(
            "The messenger is not configured: it needs RUN_TELEGRAM, TELEGRAM_BOT_TOKEN and TELEGRAM_CHAT_ID."
        )
    async with _telegram(settings) as telegram:
        return await telegram.send(text)


async def _notifier(settings: Settings, stack: AsyncExitStack) -> Notifier | None:
    """The messenger, when it is enabled and knows who speaks to whom."""
    if not settings.telegram.can_send:
        return None
    return await stack.enter_async_context(_telegram(settings))


def _telegram(settings: Settings) -> AbstractAsyncContextManager[Notifier]:
    from interlock.notify import TelegramNotifier  # noqa: PLC0415 - its library costs 20 MB that a platform without it never uses

    told = settings.telegram
    return TelegramNotifier(told.api_base, told.bot_token, told.chat_id)


async def _clock(settings: Settings, market: MarketFile, stack: AsyncExitStack) -> Clock:
    """The wall's clock, or the simulated exchange's when it says where to ask it."""
    if settings.sim.control is None:
        return WallClock()
    clock = SteppingClock(settings.sim.control, "settler", market)
    stack.push_async_callback(clock.close)
    await clock.start()
    return clock
