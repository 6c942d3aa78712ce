"""What was seen of the platform, part by part; a part that could not be looked at is Unknown with its why.

Nothing here judges. Instants are business time, ages are judged later against one `now`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal

from interlock.account import Mode, Switches
from interlock.health.cover import Covered, Naked, naked
from interlock.orders.evidence import Listening
from interlock.values import Instant, Known, Unknown


@dataclass(frozen=True, slots=True)
class HealthLimits:
    """Ages and caps that health compares with. `max_open` is the effective cap of open positions, None when there is none."""

    market_stale: timedelta = timedelta(minutes=30)
    updater_slow: timedelta = timedelta(minutes=5)
    updater_dead: timedelta = timedelta(minutes=30)
    monitor_slow: timedelta = timedelta(minutes=3)
    monitor_dead: timedelta = timedelta(minutes=30)
    first_cycle: timedelta = timedelta(minutes=5)
    outbox_old: timedelta = timedelta(minutes=15)
    check_old: timedelta = timedelta(minutes=10)
    price_age_max: timedelta = timedelta(seconds=120)
    equity_age_max: timedelta = timedelta(seconds=120)
    clock_skew_max: timedelta = timedelta(seconds=5)
    max_open: int | None = 10


@dataclass(frozen=True, slots=True)
class MarketSeen:
    """When the exchange last priced each watched symbol; None where it never did."""

    priced_at: Mapping[str, Instant | None]


@dataclass(frozen=True, slots=True)
class LoopSeen:
    """One loop: whether the engine that runs it holds the lease, when it last finished a cycle, and since when it may."""

    lease_held: bool
    last_cycle: Instant | None
    began_at: Instant | None


@dataclass(frozen=True, slots=True)
class TelegramSeen:
    """What the messenger needs, and what became of the last messages. `sending_allowed` is false when somebody muted it."""

    run_env: bool
    chat_id_set: bool
    bot_token_set: bool
    sending_allowed: bool
    mode: Mode
    last_send_ok: bool | None = None
    failures_in_row: int = 0
    oldest_unsent: Instant | None = None


@dataclass(frozen=True, slots=True)
class TradeSeen:
    """The order tables: counts, how each open lot is covered, what is wrong, and the last consistency check (None: never made)."""

    open_positions: int
    intents_table: bool
    checked_at: Instant | None
    inconsistencies: tuple[str, ...] = ()
    covers: tuple[Covered, ...] = ()
    missing_intents: tuple[str, ...] = ()
    unknown_outcomes: tuple[str, ...] = ()
    freezes: tuple[str, ...] = ()
    breaker: str | None = None

    @property
    def naked(self) -> tuple[Naked, ...]:
        """The lots whose deadline has passed without a confirmed stop."""
        return naked(self.covers)


@dataclass(frozen=True, slots=True)
class GuardSeen:
    """The risk guard as it stands: its leverage cap, the day's latch, and rule A."""

    max_leverage: Decimal
    daily_loss_triggered: bool | None
    trading_enabled: bool


@dataclass(frozen=True, slots=True)
class AccountSeen:
    """The signed access to the exchange: when it last told our equity, and why not since (None: it still does).

    `clock` is how far its clock is ahead of ours.
    """

    last_ok: Instant | None
    trouble: str | None
    clock: Known[timedelta] | Unknown = Unknown("the exchange's clock was never read")  # noqa: RUF009 - frozen: safe as a default


@dataclass(frozen=True, slots=True)
class RecordSeen:
    """What the books say beside the components: switches, mute (who, why, at), engine, open incidents, last audit, and since when.

    `undelivered` is the newest alert of the nightly audit that nobody heard, with its time; the host keeps it, not the books.
    `stream` is how the user stream stands; None when nobody listens to it.
    """

    switches: Switches
    epoch: int | None
    began_at: Instant | None
    incidents: tuple[tuple[str, str, Instant, int], ...] = ()
    audit: tuple[bool, Instant] | None = None
    heartbeats: Mapping[str, Instant] = field(default_factory=dict)
    mute: tuple[str, str, Instant] | None = None
    undelivered: tuple[str, str] | Unknown | None = None
    doubt: str | None = None
    stream: Listening | None = None


@dataclass(frozen=True, slots=True)
class Observed:
    """All that was seen. With `database_up` false nothing else was, and every part is Unknown."""

    limits: HealthLimits
    max_leverage: Decimal
    market: MarketSeen | Unknown
    updater: LoopSeen | Unknown
    monitor: LoopSeen | Unknown
    telegram: TelegramSeen | Unknown
    trade: TradeSeen | Unknown
    guard: GuardSeen | Unknown
    account: AccountSeen | Unknown
    record: RecordSeen | Unknown
    database_up: bool = True


def nothing_seen(
    limits: HealthLimits, max_leverage: Decimal, why: str, *, database_up: bool = False
) -> Observed:
    """What is seen when the books cannot be read, or what they say cannot be understood: nothing, and why."""
    dark = Unknown(why)
    parts = (dark, dark, dark, dark, dark, dark, dark, dark)
    return Observed(limits, max_leverage, *parts, database_up=database_up)
