"""NautilusTrader on the bench's series: its own indicators, market entries, and a pair of stop and target orders at the venue."""

import sys
from decimal import Decimal

import nautilus_trader
import pandas as pd
from measured import WARM_UP, bars, measure, tell
from nautilus_trader.backtest.engine import BacktestEngine
from nautilus_trader.config import BacktestEngineConfig, LoggingConfig, StrategyConfig
from nautilus_trader.indicators import (
    ExponentialMovingAverage,
    RelativeStrengthIndex,
    SimpleMovingAverage,
)
from nautilus_trader.model.currencies import USDT
from nautilus_trader.model.data import Bar, BarType
from nautilus_trader.model.enums import AccountType, OmsType, OrderSide, OrderType
from nautilus_trader.model.identifiers import Venue
from nautilus_trader.model.objects import Money
from nautilus_trader.persistence.wranglers import BarDataWrangler
from nautilus_trader.test_kit.providers import TestInstrumentProvider
from nautilus_trader.trading.strategy import Strategy

BOOK = TestInstrumentProvider.ethusdt_binance()
KIND = BarType.from_str(f"{BOOK.id}-5-MINUTE-LAST-EXTERNAL")


class Cross(Strategy):
    """The peers' strategy."""

    def __init__(self) -> None:
        super().__init__(StrategyConfig(strategy_id="CROSS-1"))
        self.ema, self.mid = ExponentialMovingAverage(10), SimpleMovingAverage(50)
        self.slow, self.rsi = SimpleMovingAverage(200), RelativeStrengthIndex(14)
        self.was_below, self.count = False, 0

    def on_start(self) -> None:
        """Subscribes."""
        for each in (self.ema, self.mid, self.slow, self.rsi):
            self.register_indicator_for_bars(KIND, each)
        self.subscribe_bars(KIND)

    def on_bar(self, bar: Bar) -> None:
        """One bar."""
        self.count += 1
        is_below = self.ema.value <= self.mid.value
        crossed, self.was_below = self.was_below and not is_below, is_below
        if self.count <= WARM_UP or not crossed or not self.portfolio.is_flat(BOOK.id):
            return
        close = bar.close.as_double()
        if close <= self.slow.value or self.rsi.value >= 0.7 or self.cache.orders_open():  # noqa: PLR2004 - the rule
            return
        bracket = self.order_factory.bracket(
            instrument_id=BOOK.id,
            order_side=OrderSide.BUY,
            quantity=BOOK.make_qty(Decimal(1000) / Decimal(str(close))),
            sl_trigger_price=BOOK.make_price(close * 0.97),
            tp_price=BOOK.make_price(close * 1.05),
            tp_order_type=OrderType.LIMIT,
        )
        self.submit_order_list(bracket)


rows = bars(sys.argv[1])
frame = pd.DataFrame(
    {name: rows[name] for name in ("open", "high", "low", "close", "volume")},
    index=pd.to_datetime(rows["opens_ms"], unit="ms", utc=True),
)
frame.index.name = "timestamp"
made = BarDataWrangler(KIND, BOOK).process(frame)


def played() -> int:
    """How many positions were closed."""
    engine = BacktestEngine(
        BacktestEngineConfig(logging=LoggingConfig(bypass_logging=True), run_analysis=False)
    )
    engine.add_venue(
        Venue("BINANCE"), OmsType.NETTING, AccountType.MARGIN, [Money(10_000, USDT)], USDT
    )
    engine.add_instrument(BOOK)
    engine.add_data(made)
    engine.add_strategy(Cross())
    engine.run()
    count = engine.cache.positions_total_count()
    count += sum(len(engine.cache.position_snapshots(p.id)) for p in engine.cache.positions())
    engine.dispose()
    return count


tell("NautilusTrader", nautilus_trader.__version__, len(frame), measure(played, times=1))
