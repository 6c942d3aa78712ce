"""The watchlist: what the owner lets the platform watch and trade, one row per symbol, with no default for money."""

from dataclasses import dataclass
from decimal import Decimal

from interlock.values import Instant


@dataclass(frozen=True, slots=True)
class WatchlistRow:
    """Amounts in quote currency, percentages in percent. `version` and `updated_at` change with every edit.

    An entry spends `trade_amount_usd`, or `trade_share_pct` of the equity; without either it spends nothing and is blocked.
    With a `trailing_pct` the stop of a lot follows the highest bid at that distance, upward alone.
    """

    symbol: str
    preset: str = "trend-dip"
    alert_enabled: bool = False
    buy_alert_enabled: bool = False
    sell_alert_enabled: bool = False
    trade_enabled: bool = False
    trade_amount_usd: Decimal | None = None
    trade_share_pct: Decimal | None = None
    trade_on_margin: bool = False
    leverage: Decimal | None = None
    sl_tp_mode: str = "conservative"
    sl_percentage: Decimal | None = None
    tp_percentage: Decimal | None = None
    trailing_pct: Decimal | None = None
    min_price_change_pct: Decimal | None = None
    buy_target: Decimal | None = None
    is_deleted: bool = False
    version: int = 1
    updated_at: Instant = Instant(0)


@dataclass(frozen=True, slots=True)
class Caps:
    """What a row is held against when it is saved: quote currency per entry, and a plain factor."""

    usd_per_order_max: Decimal
    leverage_max: Decimal


PERCENT_MAX = Decimal(50)
SHARE_MAX = Decimal(100)


def conflicts(row: WatchlistRow, caps: Caps) -> tuple[str, ...]:
    """Why this row could never trade as it stands; a row with a conflict is not saved."""
    asked = (*_of_amount(row, caps), *_of_margin(row, caps), *_of_percentages(row))
    return tuple(text for text in asked if text)


def _of_amount(row: WatchlistRow, caps: Caps) -> tuple[str, ...]:
    amount, share = row.trade_amount_usd, row.trade_share_pct
    if share is not None and not 0 < share <= SHARE_MAX:
        return (f"A share of {share} % is not in (0, {SHARE_MAX}].",)
    if share is not None and amount is not None:
        return ("An entry spends an amount or a share of the equity, not both.",)
    if not row.trade_enabled or share is not None:
        return ()
    if amount is None or amount <= 0:
        return ("Trading needs an amount above zero.",)
    if amount > caps.usd_per_order_max:
        return (f"An amount of {amount} is above MAX_USD_PER_ORDER, {caps.usd_per_order_max}.",)
    return ()


def _of_margin(row: WatchlistRow, caps: Caps) -> tuple[str, ...]:
    if not row.trade_on_margin:
        return ()
    if row.leverage is None:
        return ("Margin needs a leverage.",)
    fits = 1 <= row.leverage <= caps.leverage_max
    return () if fits else (f"A leverage of {row.leverage} is not in 1 to {caps.leverage_max}.",)


def _of_percentages(row: WatchlistRow) -> tuple[str, ...]:
    given = {
        "stop-loss": row.sl_percentage,
        "take-profit": row.tp_percentage,
        "trailing stop": row.trailing_pct,
    }
    return tuple(
        f"A {name} of {pct} % is not in (0, {PERCENT_MAX}]."
        for name, pct in given.items()
        if pct is not None and not 0 < pct <= PERCENT_MAX
    )
