"""The doctor's look at this installation: ports, disk, books, the age of what it knows, switches, and why an entry would not be judged."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing
from datetime import timedelta
from typing import Final

from interlock.api.memory import Memory, Snapshot
from interlock.api.observe import observe
from interlock.cli.access import clock_of
from interlock.cli.asking import NotRunning, exchange
from interlock.errors import BadSettings, StoreTrouble
from interlock.evidence.checkup import Finding, Verdict, unknown
from interlock.health.readiness import readiness
from interlock.host.clock import StoodStill
from interlock.host.facts import port_is_free
from interlock.host.sockets import Listener, listeners
from interlock.host.vitals import disk_used_pct
from interlock.host.web import within
from interlock.ports import MarketFile
from interlock.settings import Settings
from interlock.settings.kinds import is_loopback
from interlock.store.books import RowBooks
from interlock.store.files import BOOKS_FILE
from interlock.values import Instant, Unknown
from interlock.wiring.adapters import market_of, open_books
from interlock.wiring.desk import SPAN

ANSWER: Final = timedelta(seconds=3)
DISK_USED_PCT_MAX: Final = 90
RUN: Final = "Start the platform with `interlock run`."


def premises(settings: Settings) -> Iterator[Finding]:
    """The rows about this installation; each is found whatever became of the others."""
    heard = listeners()
    yield _api(settings)
    yield _port("port of the API", settings.api.port, settings.api.bind, heard)
    yield _port("port of the dashboard", settings.dashboard.port, settings.dashboard.bind, heard)
    yield _disk(settings)
    yield from _books(settings)
    yield _telegram(settings)


def _api(settings: Settings) -> Finding:
    """Whether the platform itself answers on its port."""
    where = f"127.0.0.1:{settings.api.port}"
    found = within(ANSWER, lambda: _answering(settings, where))
    return unknown("platform", found) if isinstance(found, Unknown) else found


def _answering(settings: Settings, where: str) -> Finding:
    try:
        status, _ = exchange(settings, "GET", "/api/health")
    except NotRunning as error:
        if port_is_free("127.0.0.1", settings.api.port):
            return Finding("platform", Verdict.NOTE, str(error), RUN)
        return Finding("platform", Verdict.STOPS, str(error), "End whoever holds the port.")
    except TimeoutError as error:
        return Finding("platform", Verdict.UNKNOWN, str(error))
    return Finding("platform", Verdict.OK, f"{where} answers {status}")


def _port(fact: str, port: int, bind: str, heard: tuple[Listener, ...] | Unknown) -> Finding:
    """Who listens: only this very host may reach it, unless the owner bound it elsewhere on purpose."""
    if isinstance(heard, Unknown):
        return unknown(fact, heard)
    found = sorted({each.address for each in heard if each.port == port})
    if not found:
        return Finding(fact, Verdict.NOTE, f"nobody listens on {port}", RUN)
    said = ", ".join(f"{address}:{port}" for address in found)
    if all(each.is_loopback for each in heard if each.port == port):
        return Finding(fact, Verdict.OK, said)
    if not is_loopback(bind):
        return Finding(fact, Verdict.NOTE, f"{said}, as it is set")
    remedy = "End whoever listens there, or bind it to 127.0.0.1: others reach it."
    return Finding(fact, Verdict.STOPS, said, remedy)


def _disk(settings: Settings) -> Finding:
    standing = next(f for f in (settings.data, *settings.data.parents) if f.exists())
    used = disk_used_pct(standing)
    if isinstance(used, Unknown):
        return unknown("disk", used, needed=True)
    is_full = used >= DISK_USED_PCT_MAX
    return Finding(
        "disk",
        Verdict.STOPS if is_full else Verdict.OK,
        f"{used:.0f} % of {settings.data} is used",
        "Make room: a commit that fails ends the platform." if is_full else "",
    )


def _books(settings: Settings) -> Iterator[Finding]:
    """Database, ages, switches and readiness, from the books themselves."""
    if not settings.database.url and not (settings.data / BOOKS_FILE).exists():
        yield Finding("database", Verdict.STOPS, f"there are no books in {settings.data}", RUN)
        return
    now = clock_of(settings)()
    try:
        with ExitStack() as stack:
            books = stack.enter_context(closing(open_books(settings)))
            market = stack.enter_context(closing(market_of(settings)))
            # A transaction that writes nothing: it takes the lock that a write takes.
            books.note(now)
            yield Finding("database", Verdict.OK, "the schema is ours; it is read and written")
            yield from _known(settings, books, market, now)
    except (StoreTrouble, BadSettings) as error:
        yield Finding("database", Verdict.STOPS, str(error), error.remedy)


def _known(
    settings: Settings, books: RowBooks, market: MarketFile, now: Instant
) -> Iterator[Finding]:
    shown = Memory(books, market, StoodStill(now)).snapshot()
    yield from _ages(shown, market)
    switches = shown.picture.switches
    kill = f"engaged by {switches.kill.who}: {switches.kill.why}" if switches.kill else "clear"
    found = f"mode {switches.mode} (at most {switches.bound}), kill switch {kill}"
    is_closed = switches.closed_by() is not None
    yield Finding("switches", Verdict.NOTE if is_closed else Verdict.OK, found)
    why = readiness(observe(shown, settings), now).why
    for reason in why:
        yield Finding("ready to trade", Verdict.STOPS, f"no: {reason}")
    if not why:
        yield Finding("ready to trade", Verdict.OK, "yes")


def _ages(shown: Snapshot, market: MarketFile) -> Iterator[Finding]:
    """How old prices, bars and heartbeats are; whether that is too old, `ready to trade` says."""
    watched = [row.symbol for row in shown.picture.watchlist if not row.is_deleted]
    prices = {symbol: tick.at for symbol, tick in shown.ticks.items() if symbol in watched}
    ends = {symbol: market.window(symbol, SPAN, 1).ends() for symbol in watched}
    bars = {symbol: end for symbol, end in ends.items() if end is not None}
    yield _age("age of prices", prices, shown.as_of, "no price was read")
    yield _age("age of bars", bars, shown.as_of, "no bar was read")
    yield _age("age of heartbeats", shown.heartbeats, shown.as_of, "no loop finished a cycle")


def _age(fact: str, read_at: Mapping[str, Instant], now: Instant, none: str) -> Finding:
    if not read_at:
        return unknown(fact, Unknown(none))
    oldest = min(read_at, key=lambda name: read_at[name])
    seconds = (now - read_at[oldest]).total_seconds()
    return Finding(fact, Verdict.OK, f"at most {seconds:.0f} s ({oldest}), {len(read_at)} known")


def _telegram(settings: Settings) -> Finding:
    told = settings.telegram
    if told.can_send:
        return Finding("telegram", Verdict.OK, "enabled, with a token and a chat")
    missing = [
        name
        for name, is_there in (
            ("RUN_TELEGRAM", told.enabled),
            ("TELEGRAM_BOT_TOKEN", bool(told.bot_token)),
            ("TELEGRAM_CHAT_ID", bool(told.chat_id)),
        )
        if not is_there
    ]
    remedy = "Nobody is told of what happens: set them to be told."
    return Finding("telegram", Verdict.NOTE, f"not set: {', '.join(missing)}", remedy)
