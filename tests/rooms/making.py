"""Things as tests need them: sound by default, so that a test names only what it changes."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from typing import Any, Final

import numpy as np

from interlock.account import Balance, Figures, Lot, Mode, Spot, Standing, Switches
from interlock.market import Tick, Window
from interlock.risk.limits import Limits
from interlock.risk.question import Facts, Question
from interlock.strategy.bars import Bars
from interlock.strategy.columns import Column
from interlock.strategy.decide import signal_at
from interlock.strategy.presets import Preset, seen
from interlock.strategy.proposal import OrderType, Proposal, Protection, Purpose, TimeInForce
from interlock.strategy.signal import Decision, Flag, Signal
from interlock.strategy.watchlist import WatchlistRow
from interlock.values import Instant, Instrument, Known, Price, Quantity, Side, Unknown

HOUR: Final = timedelta(hours=1)
START: Final = Instant.of_iso("2024-03-01T00:00:00")
NOW: Final = Instant.of_iso("2024-03-15T12:00:10")
BAR_ENDED: Final = Instant.of_iso("2024-03-15T12:00:00")
EPOCH: Final = 7
BTC: Final = Instrument(
    symbol="BTC_USDT",
    base="BTC",
    quote="USDT",
    price_tick=Decimal("0.01"),
    lot=Decimal("0.00001"),
    tradable=True,
    margin_buy=True,
    max_leverage=Decimal(50),
    min_notional=Decimal(1),
)
SWITCHES: Final = Switches(mode=Mode.SIM, bound=Mode.SIM, venue=Mode.SIM, kill=None, enabled=True)
LIMITS: Final = Limits()


def D(text: str | int) -> Decimal:  # noqa: N802  a decimal is written as shortly as the number it is
    return Decimal(text)


def row(**changes: Any) -> WatchlistRow:  # noqa: ANN401  fields of every type
    enabled = WatchlistRow(
        symbol="BTC_USDT",
        alert_enabled=True,
        buy_alert_enabled=True,
        sell_alert_enabled=True,
        trade_enabled=True,
        trade_amount_usd=D(100),
    )
    return replace(enabled, **changes)


def signal(**changes: Any) -> Signal:  # noqa: ANN401  fields of every type
    buy = Signal(
        symbol="BTC_USDT",
        strategy="trend:dip",
        bar=BAR_ENDED - HOUR,
        ends=BAR_ENDED,
        decision=Decision.BUY,
        index=100,
        close=D(50000),
        flags=(),
        values={"ema10": 50100.0, "ma50": 49900.0},
        stop_distance=D(1500),
        target_distance=D(2250),
    )
    return replace(buy, **changes)


def tick(ask: str | None = "50000", **changes: Any) -> Tick:  # noqa: ANN401  fields of every type
    asked = None if ask is None else D(ask)
    price = asked if asked is not None else D(50000)
    return replace(Tick("BTC_USDT", price, price, asked, NOW), **changes)


def standing(**changes: Any) -> Standing:  # noqa: ANN401  fields of every type
    wallet = {"USDT": Balance("USDT", D(10000), D(10000))}
    sound = Standing(
        switches=SWITCHES,
        figures=Known(Figures(D(10000), D(0), D(0)), NOW),
        balances=Known(wallet, NOW),
        margin=Known(D(10000), NOW),
        day=None,
        epoch=EPOCH,
        clock=Known(timedelta(0), NOW),
    )
    return replace(sound, **changes)


def facts(**changes: Any) -> Facts:  # noqa: ANN401  fields of every type
    sound = Facts(
        instrument=Known(BTC, NOW),
        tick=Known(tick(), NOW),
        bar_ended=BAR_ENDED,
        indicators_known=True,
        row=row(),
        epoch=EPOCH,
        close=D(50000),
    )
    return replace(sound, **changes)


def entry(**changes: Any) -> Proposal:  # noqa: ANN401  fields of every type
    sound = Proposal(
        key="signal:abc:side:BUY",
        purpose=Purpose.ENTRY,
        instrument=BTC,
        side=Side.BUY,
        type=OrderType.LIMIT,
        tif=TimeInForce.IMMEDIATE_OR_CANCEL,
        quantity=Quantity(D("0.00199"), "BTC"),
        funding=Spot(),
        limit=Price(D(50150), "BTC", "USDT"),
        protection=Protection(D(1500), D(2250), "preset", "preset"),
    )
    return replace(sound, **changes)


def lot(**changes: Any) -> Lot:  # noqa: ANN401  fields of every type
    held = Lot(
        id="lot-1",
        symbol="BTC_USDT",
        base="BTC",
        quote="USDT",
        funding=Spot(),
        opened_at=NOW - HOUR,
        bought=D("0.002"),
        cost=D(100),
        remaining=D("0.002"),
        stop_distance=D(1500),
        target_distance=D(2250),
    )
    return replace(held, **changes)


def serving(purpose: Purpose, **changes: Any) -> Proposal:  # noqa: ANN401  fields of every type
    """An order that serves the lot of `lot()`."""
    is_stop = purpose is Purpose.PROTECT
    order = Proposal(
        key=f"{purpose}:lot-1",
        purpose=purpose,
        instrument=BTC,
        side=Side.SELL,
        type=OrderType.STOP_LOSS if is_stop else OrderType.MARKET,
        tif=TimeInForce.GOOD_TILL_CANCEL,
        quantity=Quantity(D("0.002"), "BTC"),
        funding=Spot(),
        trigger=Price(D(48500), "BTC", "USDT") if is_stop else None,
        lot_id="lot-1",
    )
    return replace(order, **changes)


def question(**changes: Any) -> Question:  # noqa: ANN401  fields of every type
    return replace(Question(entry(), standing(), facts(), LIMITS, NOW), **changes)


def window(
    closes: Iterable[float],
    *,
    volumes: Iterable[float] | None = None,
    start: Instant = START,
    skip: frozenset[int] = frozenset(),
    spread: float = 1.0,
) -> Window:
    """Hourly bars with these closes from `start` on; `skip` are the places whose bar is missing."""
    close = np.array(list(closes), dtype=np.float64)
    kept = np.array([i for i in range(len(close)) if i not in skip], dtype=np.int64)
    volume = np.ones(len(close)) if volumes is None else np.array(list(volumes), dtype=np.float64)
    opens = start.ms + np.arange(len(close), dtype=np.int64) * 3_600_000
    columns = (close, close + spread, close - spread, close, volume)
    return Window("BTC_USDT", HOUR, opens[kept], *(each[kept] for each in columns))


def value(bars: Window, name: str) -> object:
    """One indicator at the newest bar of a window."""
    return getattr(reading(bars), name)


@dataclass(frozen=True, slots=True)
class Reading:
    """The indicators at the newest bar of a window; `rsi_1` and `rsi_2` are the RSI one and two bars earlier."""

    close: float
    rsi: float | Unknown
    rsi_1: float | Unknown
    rsi_2: float | Unknown
    atr: float | Unknown
    ema10: float | Unknown
    ma50: float | Unknown
    ma200: float | Unknown
    ma10w: float | Unknown
    volume_ratio: float | Unknown


def reading(bars: Window) -> Reading:
    """What a strategy that sees these bars knows at the newest of them."""
    columns = seen(Bars(bars))
    newest = {name: column.at(len(bars) - 1) for name, column in columns.items()}
    back = {f"rsi_{n}": columns["rsi"].earlier(n).at(len(bars) - 1) for n in (1, 2)}
    return Reading(**newest, **back)  # type: ignore[arg-type]  # a close is always known


def flags_of(preset: Preset, at_bar: Reading, asked: WatchlistRow) -> tuple[Flag, ...]:
    """The flags of one bar at which exactly this is known: three bars, of which the newest is asked."""
    history = {"rsi": (at_bar.rsi_2, at_bar.rsi_1, at_bar.rsi)}
    columns = {}
    for name in ("close", "rsi", "atr", "ema10", "ma50", "ma200", "ma10w", "volume_ratio"):
        values = history.get(name, (getattr(at_bar, name),) * 3)
        columns[name] = _column(NAMES_SAID.get(name, name.upper()), values)
    three = window([at_bar.close] * 3)
    return signal_at(asked, preset, preset.judged(columns, 3), three, 2).flags


NAMES_SAID: Final = {"close": "Close", "volume_ratio": "Volume", "ma10w": "MA10w"}


def _column(name: str, values: tuple[float | Unknown, ...]) -> Column:
    whys = [each if isinstance(each, Unknown) else Unknown("KNOWN") for each in values]
    numbers = [np.nan if isinstance(each, Unknown) else each for each in values]
    return Column(name, np.array(numbers), short=whys.__getitem__)
