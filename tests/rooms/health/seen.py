"""What a healthy platform looks like, with 23 watched symbols as in the seed's run; each test spoils one thing of it."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from interlock.account import Mode, Switches
from interlock.health.cover import Cover, Covered
from interlock.health.observations import (
    AccountSeen,
    GuardSeen,
    HealthLimits,
    LoopSeen,
    MarketSeen,
    Observed,
    RecordSeen,
    TelegramSeen,
    TradeSeen,
)
from interlock.values import Instant, Known
from tests.fakes.goods import lot

NOW = Instant.of_iso("2024-03-01T12:00:00")
MINUTE = timedelta(minutes=1)
SYMBOLS = tuple(f"C{n}_USDT" for n in range(23))
MARKET = MarketSeen(dict.fromkeys(SYMBOLS, NOW - MINUTE))
LOOP = LoopSeen(lease_held=True, last_cycle=NOW - MINUTE / 3, began_at=NOW - 60 * MINUTE)
TELEGRAM = TelegramSeen(
    run_env=True,
    chat_id_set=True,
    bot_token_set=True,
    sending_allowed=True,
    mode=Mode.SIM,
)
OVERDUE = Covered(lot(), Cover.UNPROTECTED, None, None, overdue=True, bare_since=NOW - MINUTE)
TRADE = TradeSeen(open_positions=6, intents_table=True, checked_at=NOW)
SWITCHES = Switches(Mode.SIM, Mode.SIM, Mode.SIM, None, enabled=True)
GOOD = Observed(
    limits=HealthLimits(),
    max_leverage=Decimal(5),
    market=MARKET,
    updater=LOOP,
    monitor=LOOP,
    telegram=TELEGRAM,
    trade=TRADE,
    guard=GuardSeen(Decimal(5), daily_loss_triggered=False, trading_enabled=True),
    account=AccountSeen(NOW - MINUTE / 6, None, Known(timedelta(0), NOW - MINUTE / 6)),
    record=RecordSeen(SWITCHES, 3, NOW - 60 * MINUTE),
)


def stale(count: int) -> MarketSeen:
    """So many of the 23 symbols were last priced 31 minutes ago."""
    old = dict.fromkeys(SYMBOLS[:count], NOW - 31 * MINUTE)
    return MarketSeen({**MARKET.priced_at, **old})


def last_cycle(minutes: str) -> LoopSeen:
    """The loop whose last cycle ended so many minutes ago."""
    micros = int(Decimal(minutes) * 60_000_000)
    return replace(LOOP, last_cycle=Instant(NOW.micros - micros))
