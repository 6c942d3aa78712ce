"""The verdicts: five lights and the global one, each a pure function of what was seen and now.

The table is the seed's. A worse input never gives a better light, what could not be looked at is FAIL,
and a time from the future is as far from now as one from the past.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from enum import StrEnum

from interlock.account import Mode
from interlock.health.observations import (
    GuardSeen,
    HealthLimits,
    LoopSeen,
    MarketSeen,
    Observed,
    TelegramSeen,
    TradeSeen,
)
from interlock.health.readiness import Readiness, readiness
from interlock.values import Instant, Unknown

FAILURES_MAX = 3


class Light(StrEnum):
    """What a component shows."""

    PASS = "PASS"  # noqa: S105 (a light that shows PASS is no password)
    WARN = "WARN"
    FAIL = "FAIL"

    @property
    def rank(self) -> int:
        """0 for PASS, 1 for WARN, 2 for FAIL."""
        return (Light.PASS, Light.WARN, Light.FAIL).index(self)


@dataclass(frozen=True, slots=True)
class MarketHealth:
    """How many watched symbols are fresh; the age of the oldest price, None only when nothing has one."""

    status: Light
    fresh: int = 0
    stale: int = 0
    age_max: timedelta | None = None


@dataclass(frozen=True, slots=True)
class LoopHealth:
    """Whether a loop runs, and the age of its last finished cycle."""

    status: Light
    is_running: bool = False
    age: timedelta | None = None


@dataclass(frozen=True, slots=True)
class TelegramHealth:
    """The messenger. `sending_allowed` is the mute seen from the other side; the trading kill switch is something else."""

    status: Light
    enabled: bool = False
    chat_id_set: bool = False
    bot_token_set: bool = False
    run_env: bool = False
    sending_allowed: bool = False
    last_send_ok: bool | None = None


@dataclass(frozen=True, slots=True)
class TradeHealth:
    """The order tables. `max_open` is None only when no cap is configured."""

    status: Light
    open_positions: int = 0
    max_open: int | None = None
    intents_table: bool = False
    last_check_ok: bool = False
    why: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SystemHealth:
    """Whether we are well, as of `at`, with what was observed to say so."""

    at: Instant
    status: Light
    database_up: bool
    market: MarketHealth
    updater: LoopHealth
    monitor: LoopHealth
    telegram: TelegramHealth
    trade: TradeHealth
    guard: GuardSeen
    readiness: Readiness
    observed: Observed


def assess(observed: Observed, now: Instant) -> SystemHealth:
    """The verdicts about what was observed, as of `now`."""
    limits = observed.limits
    market = _market(observed.market, limits, now)
    updater = _updater(observed.updater, limits, now)
    monitor = _monitor(observed.monitor, limits, now)
    telegram = _telegram(observed.telegram, limits, now)
    trade = _trade(observed.trade, limits, now)
    grave = (monitor.status, telegram.status, trade.status)
    return SystemHealth(
        at=now,
        status=_global(observed.database_up, grave, (market.status, updater.status)),
        database_up=observed.database_up,
        market=market,
        updater=updater,
        monitor=monitor,
        telegram=telegram,
        trade=trade,
        guard=_guard(observed),
        readiness=readiness(observed, now),
        observed=observed,
    )


def worst(lights: Iterable[Light]) -> Light:
    """The worst of them; of none it is FAIL, because nothing was looked at."""
    return max(lights, key=lambda light: light.rank, default=Light.FAIL)


def _global(database_up: bool, grave: Iterable[Light], mild: Iterable[Light]) -> Light:  # noqa: FBT001 (a fact, not a switch)
    """The grave components can fail the whole; the mild ones (market data, updater) can only warn."""
    capped = [Light.WARN if light is Light.FAIL else light for light in mild]
    return worst([*grave, *capped]) if database_up else Light.FAIL


def _market(seen: MarketSeen | Unknown, limits: HealthLimits, now: Instant) -> MarketHealth:
    if isinstance(seen, Unknown):
        return MarketHealth(Light.FAIL)
    ages = [abs(now - at) for at in seen.priced_at.values() if at is not None]
    fresh = sum(age <= limits.market_stale for age in ages)
    stale = len(seen.priced_at) - fresh
    if not seen.priced_at:
        status = Light.WARN
    elif fresh == 0:
        status = Light.FAIL
    else:
        status = Light.WARN if stale else Light.PASS
    return MarketHealth(status, fresh, stale, max(ages, default=None))


def _updater(seen: LoopSeen | Unknown, limits: HealthLimits, now: Instant) -> LoopHealth:
    if isinstance(seen, Unknown) or seen.last_cycle is None:
        return LoopHealth(Light.FAIL)
    age = abs(now - seen.last_cycle)
    if age >= limits.updater_dead:
        return LoopHealth(Light.FAIL, is_running=False, age=age)
    status = Light.WARN if age >= limits.updater_slow else Light.PASS
    return LoopHealth(status, is_running=True, age=age)


def _monitor(seen: LoopSeen | Unknown, limits: HealthLimits, now: Instant) -> LoopHealth:
    if isinstance(seen, Unknown):
        return LoopHealth(Light.FAIL)
    age = abs(now - seen.last_cycle) if seen.last_cycle is not None else None
    if not seen.lease_held or seen.began_at is None:
        return LoopHealth(Light.FAIL, is_running=False, age=age)
    if age is None:
        is_young = abs(now - seen.began_at) <= limits.first_cycle
        return LoopHealth(Light.WARN if is_young else Light.FAIL, is_running=is_young)
    if age > limits.monitor_dead:
        return LoopHealth(Light.FAIL, is_running=False, age=age)
    status = Light.WARN if age > limits.monitor_slow else Light.PASS
    return LoopHealth(status, is_running=True, age=age)


def _telegram(seen: TelegramSeen | Unknown, limits: HealthLimits, now: Instant) -> TelegramHealth:
    if isinstance(seen, Unknown):
        return TelegramHealth(Light.FAIL)
    has_credentials = seen.chat_id_set and seen.bot_token_set
    return TelegramHealth(
        status=_telegram_light(seen, limits, now, has_credentials=has_credentials),
        enabled=seen.run_env and seen.sending_allowed and has_credentials,
        chat_id_set=seen.chat_id_set,
        bot_token_set=seen.bot_token_set,
        run_env=seen.run_env,
        sending_allowed=seen.sending_allowed,
        last_send_ok=seen.last_send_ok,
    )


def _telegram_light(
    seen: TelegramSeen, limits: HealthLimits, now: Instant, *, has_credentials: bool
) -> Light:
    unsent = seen.oldest_unsent
    is_old = unsent is not None and abs(now - unsent) > limits.outbox_old
    is_incomplete = seen.run_env and not has_credentials
    if is_incomplete or is_old or seen.failures_in_row >= FAILURES_MAX:
        return Light.FAIL
    is_off_in_live = not seen.run_env and seen.mode is Mode.LIVE
    if seen.last_send_ok is False or not seen.sending_allowed or is_off_in_live:
        return Light.WARN
    return Light.PASS


def _trade(seen: TradeSeen | Unknown, limits: HealthLimits, now: Instant) -> TradeHealth:
    if isinstance(seen, Unknown):
        return TradeHealth(Light.FAIL, max_open=limits.max_open, why=(seen.why,))
    checked = seen.checked_at is not None and abs(now - seen.checked_at) < limits.check_old
    check_ok = checked and not seen.inconsistencies
    grave = tuple(_grave(seen, check_ok=check_ok))
    mild = tuple(_mild(seen, limits))
    status = Light.FAIL if grave else Light.WARN if mild else Light.PASS
    return TradeHealth(
        status, seen.open_positions, limits.max_open, seen.intents_table, check_ok, (*grave, *mild)
    )


def _grave(seen: TradeSeen, *, check_ok: bool) -> Iterable[str]:
    if not seen.intents_table:
        yield "table order_intents is missing"
    if not check_ok:
        yield "the consistency check did not pass in the last 10 minutes"
    yield from seen.inconsistencies
    yield from (f"{lot.symbol} lot {lot.lot_id} has no confirmed stop" for lot in seen.naked)
    yield from (f"MISSING_ORDER_INTENT of signal {signal}" for signal in seen.missing_intents)


def _mild(seen: TradeSeen, limits: HealthLimits) -> Iterable[str]:
    if limits.max_open is not None and seen.open_positions > limits.max_open:
        yield f"{seen.open_positions} positions are open of {limits.max_open}"
    yield from (f"the outcome of {intent} is unknown" for intent in seen.unknown_outcomes)
    yield from (f"entries are frozen: {freeze}" for freeze in seen.freezes)
    if seen.breaker is not None:
        yield f"the circuit breaker is open: {seen.breaker}"


def _guard(observed: Observed) -> GuardSeen:
    """Rule A's view; unread, the cap is that of the settings, the latch is not known, and nothing is enabled."""
    if isinstance(observed.guard, Unknown):
        return GuardSeen(observed.max_leverage, None, trading_enabled=False)
    return observed.guard


def minutes(age: timedelta | None) -> Decimal | None:
    """An age in minutes, rounded to 2 decimals."""
    if age is None:
        return None
    micros = Decimal(age // timedelta(microseconds=1))
    return round(micros / 60_000_000, 2)
