"""One life of the real engine in a forked process: real wiring, lease, file, sockets and client, and signals that are offered to it."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Final

from interlock.desk.day import Pass
from interlock.desk.monitor import Monitor
from interlock.errors import Misuse
from interlock.rehearsal.offers import Offering
from interlock.settings import Settings, read
from interlock.strategy.watchlist import WatchlistRow
from interlock.values import Instant
from interlock.wiring.acts import prepare
from interlock.wiring.roles import Platform, platform

SYMBOLS: Final = ("BTC_USDT", "ETH_USDT", "SOL_USDT", "XRP_USDT")
PRESET: Final = "intraday-aggressive"
AMOUNT: Final = Decimal(20)
# Caps so wide that no signal is kept back: here orders must flow, and what keeps them back is proven elsewhere.
WIDE: Final[Mapping[str, str]] = {
    "INTERLOCK__RISK__MAX_DAILY_LOSS_PCT": "100",
    "INTERLOCK__TRADING__MAX_OPEN_ORDERS_TOTAL": "1000000",
    "INTERLOCK__TRADING__MAX_OPEN_PER_BASE": "1000000",
    "INTERLOCK__TRADING__MAX_ORDERS_PER_SYMBOL_PER_DAY": "1000000",
    "INTERLOCK__TRADING__ENTRY_COOLDOWN_SECONDS": "0",
    "INTERLOCK__TRADING__PORTFOLIO_CAP_MULTIPLE": "1000",
    "INTERLOCK__TRADING__MAX_MESSAGES_PER_MINUTE": "1000000",
    "INTERLOCK__TRADING__MAX_EXECUTIONS_PER_HOUR": "1000000",
}


def settings_of(folder: Path, at: Mapping[str, str], *, listens: bool) -> Settings:
    """The settings of a platform on this folder and exchange, which listens to its news or asks for everything."""
    told = {
        **WIDE,
        "INTERLOCK__DATA": str(folder),
        "INTERLOCK__MODE": "SIM",
        "INTERLOCK__EXCHANGE__REST_URL": at["rest"],
        "INTERLOCK__EXCHANGE__API_KEY": at["api_key"],
        "INTERLOCK__EXCHANGE__API_SECRET": at["api_secret"],
        "INTERLOCK__SIM__CONTROL": at["control"],
    }
    if listens:
        told["INTERLOCK__EXCHANGE__WS_USER_URL"] = at["ws_user"]
    return read(told)


def founded(settings: Settings, start: Instant) -> None:
    """New books with a watchlist of every symbol."""
    rows = [
        WatchlistRow(
            symbol=symbol,
            preset=PRESET,
            alert_enabled=True,
            buy_alert_enabled=True,
            sell_alert_enabled=True,
            trade_enabled=True,
            trade_amount_usd=AMOUNT,
            sl_percentage=Decimal("0.4"),
            tp_percentage=Decimal("0.6"),
            min_price_change_pct=Decimal(0),
        )
        for symbol in SYMBOLS
    ]
    prepare(settings, rows, start - timedelta(hours=1), who="rehearsal")


async def live(settings: Settings, seed: int, told: int, *, is_last: bool) -> None:
    """Works until it is killed, or, in an undisturbed life, until it is told to end. Opening is recovery."""
    async with platform(settings) as ours:
        passes: Sequence[Pass] = (*ours.desk.passes, _offering(ours, seed, told, is_last=is_last))
        await ours.desk.day.work(passes)


def _offering(ours: Platform, seed: int, told: int, *, is_last: bool) -> Offering:
    for one in ours.desk.passes:
        if isinstance(one, Monitor):
            return Offering(
                ours.books, ours.market, ours.clock, one.trader, one.settler, seed, told, is_last
            )
    raise Misuse("This desk has no monitor.")
