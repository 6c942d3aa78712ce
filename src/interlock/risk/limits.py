"""The caps, as settings made them. Percentages are in percent, money in quote (USD), ages in time."""

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Limits:
    """Every number that a rule compares with. Lowering one never admits more."""

    max_leverage: Decimal = Decimal(5)
    max_equity_per_trade_pct: Decimal = Decimal(10)
    max_total_margin_exposure_pct: Decimal = Decimal(40)
    min_liquidation_buffer_pct: Decimal = Decimal(15)
    max_daily_loss_pct: Decimal = Decimal(5)
    max_order_notional_usd: Decimal = Decimal(1000000)
    equity_age_max: timedelta = timedelta(seconds=120)
    price_age_max: timedelta = timedelta(seconds=120)
    bar_age_max: timedelta = timedelta(seconds=120)
    usd_per_order_max: Decimal = Decimal(100)
    open_per_base_max: int = 3
    open_total_max: int = 10
    orders_per_base_and_day_max: int = 2
    entry_cooldown: timedelta = timedelta(seconds=300)
    entry_slippage_pct_max: Decimal = Decimal("0.3")
    portfolio_cap_multiple: Decimal = Decimal(3)
    available_multiple: Decimal = Decimal("1.1")
    protection_deadline: timedelta = timedelta(seconds=30)
    allowlist: frozenset[str] = frozenset()
