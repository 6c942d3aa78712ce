"""The watchlist: what the owner lets the platform watch and trade, one row per symbol, with no default for money."""

from dataclasses import dataclass
from decimal import Decimal

from interlock.values import Instant


@dataclass(frozen=True, slots=True)
class WatchlistRow:
    """Amounts in quote currency, percentages in percent. `version` and `updated_at` change with every edit."""

    symbol: str
    preset: str = "trend-dip"
    alert_enabled: bool = False
    buy_alert_enabled: bool = False
    sell_alert_enabled: bool = False
    trade_enabled: bool = False
    trade_amount_usd: Decimal | None = None
    trade_on_margin: bool = False
    leverage: Decimal | None = None
    sl_tp_mode: str = "conservative"
    sl_percentage: Decimal | None = None
    tp_percentage: Decimal | None = None
    min_price_change_pct: Decimal | None = None
    buy_target: Decimal | None = None
    is_deleted: bool = False
    version: int = 1
    updated_at: Instant = Instant(0)
