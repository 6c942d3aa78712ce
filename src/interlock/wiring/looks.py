"""What is asked once from a cold start: audits, the account, permissions; and one message past the outbox."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, closing
from dataclasses import replace
from datetime import timedelta

from interlock.account import AccountReading, Tenure
from interlock.desk.auditor import LOOK_BACK, Auditor
from interlock.errors import BadSettings
from interlock.evidence.proof import AuditRun, CheckRow
from interlock.exchange.client import CryptoComExchange, sleep
from interlock.exchange.permissions import Said, permissions
from interlock.exchange.windows import Pause
from interlock.host.clock import StoodStill, WallClock
from interlock.ports import Clock
from interlock.reconcile.difference import Plan
from interlock.settings import Settings
from interlock.simulator.clock import no_pause, read_time
from interlock.store.books import RowBooks
from interlock.values import Instant
from interlock.wiring.adapters import (
    budget_of,
    credentials_of,
    open_books,
    telegram_of,
    terms_of,
    transport_of,
)
from interlock.wiring.desk import auditor_of, looking_of
from interlock.wiring.keeping import journal_row


async def audit(settings: Settings) -> AuditRun:
    """One audit from a cold start: our books, their sealed journal, and the exchange's own word; in SIM at the exchange's time."""
    async with _cold_auditor(settings) as auditor:
        run = await auditor.audit()
    row = journal_row(settings)
    whole = replace(run, passed=run.passed and row.holds, rows=(*run.rows, row))
    record_audit(settings, whole)
    return whole


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


async def differences(settings: Settings) -> Plan:
    """How books and exchange differ, from a cold start; nothing is written."""
    async with _cold(settings) as (exchange, books, clock, tenure, pause):
        looking = looking_of(exchange, books, clock, tenure, terms_of(settings), pause)
        made, _reading = await looking.plan(LOOK_BACK)
        return made


@asynccontextmanager
async def _cold_auditor(settings: Settings) -> AsyncIterator[Auditor]:
    async with _cold(settings) as (exchange, books, clock, tenure, pause):
        yield auditor_of(exchange, books, clock, tenure, terms_of(settings), pause)


@asynccontextmanager
async def _cold(
    settings: Settings,
) -> AsyncIterator[tuple[CryptoComExchange, RowBooks, Clock, Tenure, Pause]]:
    """Exchange, books, clock, tenure and pause of whoever only looks."""
    control = settings.sim.control
    clock: Clock = WallClock() if control is None else StoodStill(await read_time(control))
    async with AsyncExitStack() as stack:
        books = stack.enter_context(closing(open_books(settings)))
        tenure = books.picture(clock.now(), limit=1).tenure
        if tenure is None:
            raise BadSettings(f"There are no books in {settings.data} to compare.")
        transport = await stack.enter_async_context(transport_of(settings))
        pause = sleep if control is None else no_pause
        budget = budget_of(settings)
        exchange = CryptoComExchange(transport, credentials_of(settings), clock.now, pause, budget)
        yield exchange, books, clock, tenure, pause


async def read_account(settings: Settings) -> AccountReading:
    """The wallet as the exchange shows it to the configured key now; nothing else is asked, and nothing is kept."""
    async with transport_of(settings) as transport:
        exchange = CryptoComExchange(transport, credentials_of(settings), WallClock().now)
        return await exchange.account()


async def ask_permissions(
    settings: Settings, now: Callable[[], Instant], wait: timedelta
) -> Mapping[str, Said]:
    """What the exchange says to each private method, each asked once with the configured key."""
    async with transport_of(settings, wait) as transport:
        return await permissions(transport, credentials_of(settings), now)


async def say(settings: Settings, text: str) -> str:
    """Tells the owner at once, past the outbox, since the books may be what has failed; the messenger's id of the message."""
    if not settings.telegram.can_send:
        raise BadSettings(
            "The messenger is not configured: it needs RUN_TELEGRAM, TELEGRAM_BOT_TOKEN and TELEGRAM_CHAT_ID."
        )
    async with telegram_of(settings) as telegram:
        return await telegram.send(text)
