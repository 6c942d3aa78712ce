"""Which adapter plays which part, as the settings say: books, market, exchange, messenger, clock."""

from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, closing
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from interlock.account import Mode
from interlock.errors import BadSettings
from interlock.exchange.aiohttp_line import dials
from interlock.exchange.aiohttp_transport import AiohttpTransport, no_fence
from interlock.exchange.budget import Budget, published, unlimited
from interlock.exchange.client import Credentials, sleep
from interlock.exchange.stream import UserStream
from interlock.host.clock import WallClock
from interlock.ports import Clock, MarketFile, Notifier
from interlock.reconcile.difference import Policy
from interlock.settings import Settings
from interlock.simulator.clock import SteppingClock, no_pause
from interlock.store.books import RowBooks
from interlock.store.files import Fence, open_market
from interlock.store.files import open_books as books_of
from interlock.store.market import RowMarket
from interlock.strategist.caller import Worker
from interlock.strategist.loading import FOLDER
from interlock.values import Instant, Secret
from interlock.wiring.certified import doubt_of
from interlock.wiring.desk import Listens, Terms

LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})

STRATEGIES: Final = FOLDER
MEGABYTE: Final = 1 << 20


def venue_of(settings: Settings) -> Mode:
    """SIM when the exchange stands on this very host, else LIVE: the venue that new books are stamped with."""
    host = urlsplit(settings.exchange.rest_url).hostname
    return Mode.SIM if host in LOOPBACK else Mode.LIVE


def open_books(settings: Settings) -> RowBooks:
    """The books of the data folder, or of the database that the settings name."""
    return fenced_books(settings, None)


def fenced_books(settings: Settings, fence: Fence | None) -> RowBooks:
    """The same books, whose every change first asks the fence."""
    return books_in(settings, settings.database.url or settings.data, fence)


def books_in(settings: Settings, place: Path | Secret, fence: Fence | None = None) -> RowBooks:
    """The books at another place, under the same settings."""
    return books_of(
        place,
        limits=settings.limits(),
        bound=settings.bound,
        enabled=settings.trading_enabled,
        fence=fence,
    )


def market_of(settings: Settings) -> RowMarket:
    """What the market said, beside the books."""
    return open_market(settings.database.url or settings.data)


def heartbeats(settings: Settings) -> Mapping[str, Instant]:
    """When each pass of this account last came to its end."""
    with closing(market_of(settings)) as market:
        return market.heartbeats()


def terms_of(settings: Settings) -> Terms:
    """The terms that the settings state."""
    health = settings.health
    grace = timedelta(minutes=1) * float(health.reconcile_grace_minutes)
    owner = settings.reconcile
    policy = Policy(owner.foreign_orders, owner.balance_changes)
    doubt = partial(doubt_of, settings)
    return Terms(settings.limits(), health.drift_threshold_pct, grace, policy, doubt)


def credentials_of(settings: Settings) -> Credentials:
    """The key and its secret; raises BadSettings when there is none."""
    given = settings.exchange
    if not given.api_key or not given.api_secret:
        raise BadSettings(
            "No key of the exchange is set (INTERLOCK__EXCHANGE__API_KEY and __API_SECRET); `interlock demo` needs none."
        )
    return Credentials(given.api_key, given.api_secret)


def transport_of(
    settings: Settings, wait: timedelta | None = None, fence: Fence = no_fence
) -> AiohttpTransport:
    """The wire to the exchange that the settings name."""
    given = settings.exchange
    return AiohttpTransport(
        given.rest_url,
        timeout=wait or timedelta(seconds=float(given.timeout_s)),
        source_address=given.source_address or None,
        fence=fence,
    )


def budget_of(settings: Settings, now: Callable[[], Instant]) -> Budget:
    """What the exchange's limits leave us; where time stands still between two steps nobody counts."""
    if settings.sim.control is not None:
        return Budget(now, no_pause, unlimited)
    return Budget(now, sleep, published)


def hears(settings: Settings) -> bool:
    """Whether there is a user stream: one that was named, or the exchange's own beside the exchange's own REST."""
    given, usual = settings.exchange, type(settings.exchange)()
    is_named = given.ws_user_url != usual.ws_user_url
    return is_named or given.rest_url == usual.rest_url


def stream_of(settings: Settings, clock: Clock, stack: AsyncExitStack) -> Listens | None:
    """The user stream that the settings name; None when they name none. Where time steps nobody is woken between two steps."""
    if not hears(settings):
        return None
    given, is_stepping = settings.exchange, settings.sim.control is not None
    dial = dials(given.ws_user_url, source_address=given.source_address or None)
    pause, wake = (no_pause, _nobody) if is_stepping else (sleep, clock.nudge("listener").set)
    stream = UserStream(dial, credentials_of(settings), clock.now, pause, wake)
    stack.push_async_callback(stream.close)
    return Listens(stream, None) if is_stepping else Listens(stream)


def _nobody() -> None:
    """Nobody is woken."""


def strategist_of(settings: Settings, stack: AsyncExitStack) -> Worker:
    """Who runs the owner's own strategies; its process starts when one of them is asked."""
    given = settings.strategy
    worker = Worker(
        settings.data / STRATEGIES, float(given.deadline_seconds), given.memory_mb * MEGABYTE
    )
    stack.push_async_callback(worker.close)
    return worker


async def messenger_of(settings: Settings, stack: AsyncExitStack) -> Notifier | None:
    """The messenger, when it is enabled and knows who speaks to whom."""
    if not settings.telegram.can_send:
        return None
    return await stack.enter_async_context(telegram_of(settings))


def telegram_of(settings: Settings) -> AbstractAsyncContextManager[Notifier]:
    """The messenger that the settings name."""
    from interlock.notify import TelegramNotifier  # noqa: PLC0415 - its library costs 20 MB that a platform without it never uses

    told = settings.telegram
    return TelegramNotifier(told.api_base, told.bot_token, told.chat_id)


async def clock_of(settings: Settings, market: MarketFile, stack: AsyncExitStack) -> Clock:
    """The wall's clock, or the simulated exchange's when it says where to ask it."""
    if settings.sim.control is None:
        return WallClock()
    stirred = "listener" if hears(settings) else "settler"
    clock = SteppingClock(settings.sim.control, stirred, market)
    stack.push_async_callback(clock.close)
    await clock.start()
    return clock
