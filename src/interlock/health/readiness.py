"""Whether an entry could be judged on its merit now, and if not, every reason: colour is one thing, permission another."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from interlock.account import Mode, Switches
from interlock.health.observations import (
    AccountSeen,
    GuardSeen,
    HealthLimits,
    LoopSeen,
    MarketSeen,
    Observed,
    TradeSeen,
)
from interlock.values import Instant, Known, Unknown

MODES: Final = (Mode.OFF, Mode.SIM, Mode.LIVE)


@dataclass(frozen=True, slots=True)
class Readiness:
    """Allowed only without a single reason; `blocked_symbols` are those whose own data forbids an entry."""

    why: tuple[str, ...]
    blocked_symbols: tuple[str, ...] = ()

    @property
    def allowed(self) -> bool:
        """Whether an entry of every watched row could be judged on its merit."""
        return not self.why


def readiness(observed: Observed, now: Instant) -> Readiness:
    """Every reason why an entry of some watched row could not be judged on its merit now."""
    if not observed.database_up:
        return Readiness(("the books cannot be read",))
    stale = _stale_symbols(observed.market, observed.limits, now)
    why = [
        *_switches(observed),
        *_engine(observed.monitor, observed.limits, now),
        *_account(observed.account, observed.limits, now),
        *_market(observed.market, stale),
        *_trade(observed.trade),
        *_guard(observed.guard),
    ]
    return Readiness(tuple(why), stale)


def _switches(observed: Observed) -> Iterator[str]:
    if isinstance(observed.record, Unknown):
        yield f"the switches are unknown: {observed.record.why}"
        return
    switches = observed.record.switches
    closed = switches.closed_by()
    if closed is not None:
        yield _closed(switches, closed)
    if switches.pause is not None:
        yield f"entering is paused by {switches.pause.who}: {switches.pause.why}"
    if observed.record.doubt is not None:
        yield f"LIVE has no valid certificate: {observed.record.doubt}"
    if switches.mode is Mode.OFF:
        yield "the trading mode is OFF"
    elif MODES.index(switches.mode) > MODES.index(switches.bound):
        yield f"the environment admits mode {switches.bound} at most"


def _closed(switches: Switches, closed: str) -> str:
    kill = switches.kill
    return f"{closed} is engaged by {kill.who}: {kill.why}" if kill else f"{closed} forbids trading"


def _engine(seen: LoopSeen | Unknown, limits: HealthLimits, now: Instant) -> Iterator[str]:
    if isinstance(seen, Unknown):
        yield f"the engine is unknown: {seen.why}"
    elif not seen.lease_held:
        yield "no engine holds the account"
    elif seen.last_cycle is None or abs(now - seen.last_cycle) > limits.monitor_slow:
        yield "the signal monitor finished no cycle in time"


def _account(seen: AccountSeen | Unknown, limits: HealthLimits, now: Instant) -> Iterator[str]:
    if isinstance(seen, Unknown):
        yield f"the account is unknown: {seen.why}"
    elif seen.trouble is not None or seen.last_ok is None:
        yield f"the account figures are unknown: {seen.trouble or 'never read'}"
    elif abs(now - seen.last_ok) > limits.equity_age_max:
        yield f"the account figures are older than {_seconds(limits)} s"
    if not isinstance(seen, Unknown):
        yield from _clock(seen.clock, limits, now)


def _clock(seen: Known[timedelta] | Unknown, limits: HealthLimits, now: Instant) -> Iterator[str]:
    """Every age is taken on our clock: one that is far from the exchange's, or was not compared, makes none of them known."""
    if isinstance(seen, Unknown):
        yield f"the clocks cannot be compared: {seen.why}"
    elif abs(now - seen.as_of) > limits.equity_age_max:
        yield "the clocks were compared too long ago"
    elif abs(seen.value) > limits.clock_skew_max:
        yield f"the exchange's clock is {abs(seen.value).total_seconds():g} s from ours"


def _seconds(limits: HealthLimits) -> int:
    return int(limits.equity_age_max.total_seconds())


def _market(seen: MarketSeen | Unknown, stale: tuple[str, ...]) -> Iterator[str]:
    if isinstance(seen, Unknown):
        yield f"prices are unknown: {seen.why}"
    elif not seen.priced_at:
        yield "no symbol is watched"
    elif stale:
        yield f"prices are too old for an entry: {', '.join(stale)}"


def _stale_symbols(
    seen: MarketSeen | Unknown, limits: HealthLimits, now: Instant
) -> tuple[str, ...]:
    if isinstance(seen, Unknown):
        return ()
    old = (
        s for s, at in seen.priced_at.items() if at is None or abs(now - at) > limits.price_age_max
    )
    return tuple(sorted(old))


def _trade(seen: TradeSeen | Unknown) -> Iterator[str]:
    if isinstance(seen, Unknown):
        yield f"the order tables are unknown: {seen.why}"
        return
    if not seen.intents_table:
        yield "table order_intents is missing"
    if seen.breaker is not None:
        yield f"the circuit breaker is open: {seen.breaker}"
    yield from (f"entries are frozen: {freeze}" for freeze in seen.freezes)
    yield from (f"{lot.symbol} lot {lot.lot_id} has no confirmed stop" for lot in seen.naked)
    if seen.unknown_outcomes:
        yield f"{len(seen.unknown_outcomes)} order outcomes are unknown"


def _guard(seen: GuardSeen | Unknown) -> Iterator[str]:
    if isinstance(seen, Unknown):
        yield f"the risk guard is unknown: {seen.why}"
    elif seen.daily_loss_triggered is not False:
        yield "the daily loss limit was reached today"
