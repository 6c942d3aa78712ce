"""The desk put together over its seams; nothing in it knows whether they are real."""

from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from typing import Final

from interlock.account import Tenure
from interlock.desk.adopting import Adopting
from interlock.desk.asking import Asking
from interlock.desk.auditor import Auditor
from interlock.desk.day import Day, Pass
from interlock.desk.guardian import Guardian
from interlock.desk.hearing import Hearing
from interlock.desk.herald import Herald
from interlock.desk.instruments import Instruments
from interlock.desk.listener import PROBE, Listener
from interlock.desk.managing import Managing
from interlock.desk.monitor import Monitor
from interlock.desk.reconciling import Looking, Reconciling
from interlock.desk.sealer import Keep, Sealer, nowhere
from interlock.desk.settler import Settler
from interlock.desk.steward import Steward
from interlock.desk.trader import Doubt, Trader, unread
from interlock.desk.transfers import Journal
from interlock.desk.updater import Updater
from interlock.exchange.client import sleep
from interlock.exchange.windows import Pause
from interlock.ports import Books, Clock, Exchange, MarketFile, Notifier, Strategist, Stream
from interlock.reconcile.difference import Policy
from interlock.risk.limits import Limits
from interlock.values import Instant

SPAN: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Terms:
    """What the desk works under: caps, drift that an audit still admits, for how long an outcome may be unknown, and the owner's policy."""

    limits: Limits = Limits()  # noqa: RUF009 - frozen: safe as a default
    drift_threshold_pct: Decimal = Decimal(1)
    grace: timedelta = timedelta(minutes=5)
    policy: Policy = Policy()  # noqa: RUF009 - frozen: safe as a default
    doubt: Doubt = unread


@dataclass(frozen=True, slots=True)
class Desk:
    """One engine's working day: its supervisor and its passes, in the order of the day."""

    day: Day
    passes: tuple[Pass, ...]
    instruments: Instruments


@dataclass(frozen=True, slots=True)
class Listens:
    """The user stream, and how often its line is proven while nothing is said; None: at every turn, as where time steps."""

    stream: Stream
    probe: timedelta | None = PROBE


def desk_of(  # noqa: PLR0913, PLR0917 - the seams and what it works under: each is another part
    books: Books,
    market: MarketFile,
    exchange: Exchange,
    clock: Clock,
    tenure: Tenure,
    terms: Terms | None = None,
    notifier: Notifier | None = None,
    pause: Pause = sleep,
    listens: Listens | None = None,
    heads: Keep = nowhere,
    strategist: Strategist | None = None,
) -> Desk:
    """The desk over these seams; nothing in it knows whether they are real.

    Without a notifier nobody drains the outbox, without a stream everything is asked for. `heads` keeps the head of each seal.
    Without a strategist an owner's own strategies only wait.
    """
    under = terms or Terms()
    instruments = Instruments(market, clock)
    trader = Trader(books, market, exchange, clock, instruments, under.limits, tenure, under.doubt)
    asking = Asking(exchange, clock, swept_to=_booked_to(books, clock.now()))
    told = Journal(exchange, books, clock, tenure)
    hearing = Hearing(books, tenure.epoch)
    adopting = Adopting(exchange, books, clock, tenure)
    settler = Settler(exchange, books, clock, asking, told, trader, tenure, SPAN, hearing, adopting)
    managing = Managing(books, clock, tenure)
    ears: tuple[Pass, ...] = ()
    if listens is not None:
        stream, probe = listens.stream, listens.probe
        hearing.broke("not listening yet", clock.now(), is_open=False)
        ears = (Listener(stream, exchange, books, clock, hearing, tenure, SPAN, probe),)
    passes: tuple[Pass, ...] = (
        Updater(exchange, books, market, clock, instruments, SPAN),
        *ears,
        settler,
        Monitor(books, market, clock, trader, settler, managing, SPAN, strategist),
        Guardian(books, market, clock, trader, settler, instruments, under.limits, tenure, SPAN),
        auditor_of(exchange, books, clock, tenure, under, pause),
    )
    looking = looking_of(exchange, books, clock, tenure, under, pause)
    reconciling = Reconciling(looking, asking, told, trader)
    steward = Steward(books, clock, reconciling, trader, settler, tenure, SPAN)
    passes = (*passes, steward, Sealer(books, clock, heads, SPAN))
    if notifier is not None:
        passes = (*passes, Herald(books, notifier, clock, mark_of(tenure), SPAN))
    return Desk(Day(books, market, clock), passes, instruments)


def auditor_of(  # noqa: PLR0913, PLR0917 - the seams and what it works under: each is another part
    exchange: Exchange, books: Books, clock: Clock, tenure: Tenure, terms: Terms, pause: Pause
) -> Auditor:
    """The auditor, who compares with the exchange and repairs nothing."""
    threshold, grace = terms.drift_threshold_pct, terms.grace
    return Auditor(exchange, books, clock, threshold, tenure.install_id, pause, grace)


def looking_of(  # noqa: PLR0913, PLR0917 - the seams and what it works under: each is another part
    exchange: Exchange, books: Books, clock: Clock, tenure: Tenure, terms: Terms, pause: Pause
) -> Looking:
    """Who reads both sides and says how they differ; it writes nothing."""
    policy = replace(
        terms.policy, grace=terms.grace, deadline=terms.limits.protection_deadline + terms.grace
    )
    return Looking(exchange, books, clock, policy, pause, tenure.install_id)


def mark_of(tenure: Tenure) -> str:
    """What ends each message: whose platform speaks."""
    return f"{tenure.venue} {tenure.install_id[:6]}"


def _booked_to(books: Books, now: Instant) -> Instant:
    """Until when executions are booked: the newest of them, else the opening of the books, else now."""
    fills, entries = books.fills(), books.entries()
    return fills[-1].at if fills else entries[0].at if entries else now
