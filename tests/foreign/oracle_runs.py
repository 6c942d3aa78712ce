"""The rules of an independent engine's runs, stated as two strategies and one set of fill settings; and how a list is compared.

Source of the rules: freqtrade 2026.9, run offline: spot, long, one position, a stake of 1,000 in quote, 0.1 % on each side, entry at the
next open, stop 3 % and target 5 % away from what was paid, the stop first, the end at the last bar's open.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from typing import Any, Final

import numpy as np
from typing_extensions import override

from interlock.market import Window
from interlock.research.engine import Setup, backtest
from interlock.research.fills import Anchor, End, EntryAt, Fills, Onto, ungridded
from interlock.research.run import ExitReason, Run
from interlock.research.track import Grids, Lane
from interlock.risk.limits import Limits
from interlock.strategy import talib
from interlock.strategy.bars import Bars
from interlock.strategy.columns import Columns, Condition
from interlock.strategy.contract import Percent, Strategy
from interlock.strategy.watchlist import WatchlistRow
from interlock.values import Instant, Instrument

WARM_UP: Final = 200
STOP: Final = Percent(Decimal(3))
TARGET: Final = Percent(Decimal(5))
NONE: Final = 10**6
AMOUNT_DIGITS: Final = Decimal("1e-10")
REASONS: Final = {
    "stop_loss": ExitReason.STOP,
    "roi": ExitReason.TARGET,
    "force_exit": ExitReason.END,
}
COLUMNS: Final = (
    "open_time_ms",
    "close_time_ms",
    "open_rate",
    "close_rate",
    "amount",
    "profit_abs",
    "exit_reason",
)
# What binds: nothing but one position at a time. A bar that follows a hole is entered too.
LIMITS: Final = Limits(
    max_equity_per_trade_pct=Decimal(100),
    max_daily_loss_pct=Decimal(100),
    usd_per_order_max=Decimal(1000),
    exposure_usd_max=Decimal(1000),
    open_per_base_max=1,
    orders_per_base_and_day_max=NONE,
    executions_max=NONE,
    messages_max=NONE,
    entry_cooldown=timedelta(0),
    bar_age_max=timedelta(days=365),
    price_jump_pct_max=Decimal(100),
)
FILLS: Final = Fills(
    entry=EntryAt.OPEN,
    anchor=Anchor.ENTRY,
    end=End.OPEN,
    maker_rate=Decimal("0.001"),
    taker_rate=Decimal("0.001"),
    fee_in_quote=True,
    half_spread=Decimal(0),
)
ON_TICK: Final = replace(FILLS, stop_onto=Onto.UP, target_onto=Onto.NEAREST)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules(Strategy):
    """What both have in common: a traded bar after the warm-up, and distances in percent."""

    stop: Percent = STOP
    target: Percent = TARGET
    price_change_pct_min: Decimal = Decimal(0)

    def traded(self, bars: Bars) -> Condition:
        holds = (np.arange(len(bars)) >= WARM_UP) & (bars.window.volume > 0)
        return Condition(
            "traded", holds, lambda _: "The bar is warm, or not, and was traded, or not."
        )

    def rsi(self, bars: Bars) -> Any:  # noqa: ANN401  a column of the house
        """TA-Lib's own, which is 0 where nothing moves."""
        return bars.column("RSI", talib.rsi(bars.window.close, 14), 15)


@dataclass(frozen=True, slots=True, kw_only=True)
class EmaCross(Rules):
    name: str = "EmaCross"

    @override
    def rules(self, bars: Bars) -> Columns:
        return Columns(
            (
                self.traded(bars),
                bars.ema(10).crosses_up(bars.sma(50), "cross"),
                bars.close.above(bars.sma(200), "trend"),
                self.rsi(bars).below(70, "rsi"),
            )
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class RsiDip(Rules):
    name: str = "RsiDip"

    @override
    def rules(self, bars: Bars) -> Columns:
        return Columns((self.traded(bars), self.rsi(bars).crosses_up(30, "rsi")))


STRATEGIES: Final = {"OracleEmaCross": EmaCross, "OracleRsiDip": RsiDip}


def row_of(symbol: str, amount: int = 1000) -> WatchlistRow:
    return WatchlistRow(
        symbol,
        alert_enabled=True,
        buy_alert_enabled=True,
        sell_alert_enabled=True,
        trade_enabled=True,
        trade_amount_usd=Decimal(amount),
    )


def book_of(symbol: str, ticks: Mapping[str, float] | None) -> Instrument | Grids:
    """The book of a run: no grid but the digits of the amount, or the tick of each month."""
    book = ungridded(symbol, AMOUNT_DIGITS)
    if not ticks:
        return book
    return tuple(
        (Instant.of_iso(f"{month}-01"), replace(book, price_tick=Decimal(repr(tick))))
        for month, tick in sorted(ticks.items())
    )


def played(window: Window, strategy: str, ticks: Mapping[str, float] | None = None) -> Run:
    """Our run under these rules."""
    rules = STRATEGIES[strategy](timeframe=window.span)
    lane = Lane(row_of(window.symbol), rules, window, book_of(window.symbol, ticks))
    return backtest([lane], Setup(limits=LIMITS, fills=ON_TICK if ticks else FILLS))


def differences(run: Run, trades: Sequence[Mapping[str, Any]]) -> list[str]:
    """Every way in which a run is not this list of trades."""
    found = [] if len(run.trades) == len(trades) else [f"{len(run.trades)} of {len(trades)} trades"]
    for number, (ours, theirs) in enumerate(zip(run.trades, trades, strict=False)):
        same = {
            "opened": ours.opened_at.ms == theirs["open_time_ms"],
            "closed": ours.closed_at.ms == theirs["close_time_ms"],
            "reason": ours.reason is REASONS[theirs["exit_reason"]],
            "entry": _near(ours.entry, theirs["open_rate"], rel=1e-8),
            "exit": _near(ours.exit, theirs["close_rate"], rel=1e-8),
            "amount": _near(ours.quantity, theirs["amount"], away=2e-8),
            "profit": _near(ours.profit, theirs["profit_abs"], away=1e-4),
        }
        found += [f"trade {number}: {what} of {ours}" for what, is_so in same.items() if not is_so]
    return found


def _near(ours: Decimal, theirs: float, *, rel: float = 0.0, away: float = 0.0) -> bool:
    return abs(float(ours) - theirs) <= max(rel * abs(theirs), away)
