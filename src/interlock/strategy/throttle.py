"""The throttle: how soon, and after how large a move, a signal of one side may speak again.

It is idempotent: a suppressed signal changes nothing. Its state is committed with the emission.
"""

from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from typing import Final

from interlock.strategy.signal import Decision
from interlock.values import Instant

TIME_GATE: Final = timedelta(seconds=60)
FORCED: Final = "IMMEDIATE_ALERT_AFTER_CONFIG_CHANGE"


@dataclass(frozen=True, slots=True)
class ThrottleState:
    """What was last emitted for one symbol, strategy and side. Prices in quote per base."""

    symbol: str
    strategy: str
    side: Decision
    baseline: Decimal | None = None
    last_sent_at: Instant | None = None
    force_next: bool = False
    config_hash: str = ""


@dataclass(frozen=True, slots=True)
class Allowed:
    """The signal may speak. `forced` signals are alerts and never orders."""

    state: ThrottleState
    forced: bool = False


@dataclass(frozen=True, slots=True)
class Suppressed:
    """The signal is kept silent, and by which gate."""

    code: str


def throttle(
    state: ThrottleState, close: Decimal, now: Instant, min_change_pct: Decimal
) -> Allowed | Suppressed:
    """Whether a signal at `close` may speak `now`: force flag, first emission, time gate, price gate, in this order."""
    spoken = replace(state, baseline=close, last_sent_at=now, force_next=False)
    if state.force_next:
        return Allowed(spoken, forced=True)
    if state.last_sent_at is None or state.baseline is None:
        return Allowed(spoken)
    if now - state.last_sent_at < TIME_GATE:
        return Suppressed("THROTTLED_TIME_GATE")
    moved = abs(close - state.baseline) / state.baseline * 100
    if moved < min_change_pct:
        return Suppressed("THROTTLED_PRICE_GATE")
    return Allowed(spoken)


def reconfigured(state: ThrottleState, config_hash: str, close: Decimal) -> ThrottleState:
    """The state after the settings changed: baseline at the newest close, one alert forced; unchanged for the same settings."""
    if state.config_hash == config_hash:
        return state
    forced = bool(state.config_hash)
    return replace(state, baseline=close, force_next=forced, config_hash=config_hash)
