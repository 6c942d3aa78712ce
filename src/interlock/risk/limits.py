"""The caps, as settings made them. Percentages are in percent, money in quote (USD), ages in time."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Final


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
    exposure_usd_max: Decimal = Decimal(10000)
    margin_usd_max: Decimal = Decimal(5000)
    messages_max: int = 60
    message_window: timedelta = timedelta(minutes=1)
    executions_max: int = 20
    execution_window: timedelta = timedelta(hours=1)
    price_jump_pct_max: Decimal = Decimal(10)
    clock_skew_max: timedelta = timedelta(seconds=5)
    allowlist: frozenset[str] = frozenset()


# What each rule compares with, by the rule's name; a rule that is not here has no number of its own.
BOUNDS: Final[Mapping[str, str]] = {
    "SIZE": "max_order_notional_usd",
    "EQUITY": "equity_age_max",
    "B": "max_leverage",
    "C": "max_equity_per_trade_pct",
    "D": "max_total_margin_exposure_pct",
    "E": "min_liquidation_buffer_pct",
    "F": "max_daily_loss_pct",
    "ALLOWLIST": "allowlist",
    "ORDER_VALUE": "usd_per_order_max",
    "ORDER_QUANTITY": "usd_per_order_max",
    "PRICE_AGE": "price_age_max",
    "BAR_AGE": "bar_age_max",
    "PRICE_COLLAR": "entry_slippage_pct_max",
    "DATA_JUMP": "price_jump_pct_max",
    "CLOCK_SKEW": "clock_skew_max",
    "OPEN_PER_BASE": "open_per_base_max",
    "OPEN_TOTAL": "open_total_max",
    "COOLDOWN": "entry_cooldown",
    "PER_DAY": "orders_per_base_and_day_max",
    "MESSAGE_RATE": "messages_max",
    "REPEATED_EXECUTION": "executions_max",
    "PORTFOLIO_CAP": "portfolio_cap_multiple",
    "CAP_EXPOSURE": "exposure_usd_max",
    "CAP_MARGIN": "margin_usd_max",
    "NAKED_LOT": "protection_deadline",
    "AVAILABLE": "available_multiple",
}
