"""Screening: the same rules on floats, compiled, for sweeps that look at thousands of candidates. What looks good is run exactly.

Screened are the throttle, room (positions, cool-down, per day), money (amount, free cash, shares of equity, exposure, what is held),
prices that jumped, bars that are late, means that are unknown, grids, spread, slippage, fees, stop before target, gaps, and the end of
the data. Not screened: margin, latency, paths and finer bars, volume shares, the day's loss, and requests or executions per time; a
setup that asks for one of the first four is refused. Where the last three never object the trades are those of the exact run.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from decimal import Decimal
from typing import Final

import numpy as np
from numpy.typing import NDArray

from interlock.errors import BadInput
from interlock.research.engine import SETUP, Setup
from interlock.research.fills import Anchor, End, EntryAt, Inside, Onto
from interlock.research.kernel import (
    DOWN,
    NEAREST,
    UP,
    Bars,
    Floats,
    Lots,
    Signals,
    Terms,
    empty,
    loop,
    onto,
)
from interlock.research.run import ExitReason
from interlock.research.speaking import Indices
from interlock.research.track import Lane, Track, track_of
from interlock.risk.order_shape_rules import MIN_NOTIONAL
from interlock.strategy.bars import Bars as Seen
from interlock.strategy.contract import AtrStop, Percent, RiskReward, Stop, Strategy, Target
from interlock.strategy.distances import MODE_PCT
from interlock.strategy.watchlist import WatchlistRow
from interlock.values import Instrument

MICROSECOND: Final = timedelta(microseconds=1)
REASONS: Final = (ExitReason.STOP, ExitReason.TARGET, ExitReason.SIGNAL, ExitReason.END)
SIDES: Final = {Onto.DOWN: DOWN, Onto.NEAREST: NEAREST, Onto.UP: UP}


@dataclass(frozen=True, slots=True, eq=False)
class Screened:
    """What a candidate would have done: one place per trade, in order of entry. Prices and profit in quote, sizes in base."""

    trades: int
    profit: float
    wins: int
    lots: Lots

    def reasons(self) -> tuple[ExitReason, ...]:
        """Why each trade ended."""
        return tuple(REASONS[n] for n in self.lots.reason[: self.trades].tolist())


@dataclass(frozen=True, slots=True, eq=False)
class _Heard:
    """What is computed once for all candidates that differ in stop and target alone; `rows` are what no rule about prices keeps."""

    track: Track
    rows: Indices
    base: Floats
    atr: Floats


@dataclass(slots=True, eq=False)
class Screen:
    """One lane under one setup, ready for any number of strategies of its timeframe."""

    lane: Lane
    setup: Setup = SETUP
    _seen: Seen = field(init=False)
    _terms: Terms = field(init=False)
    _heard: dict[Strategy, _Heard] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._terms = _terms(self.lane, self.setup)
        self._seen = Seen(self.lane.window)

    def of(self, strategy: Strategy) -> Screened:
        """What this strategy would have done."""
        asked = replace(strategy, stop=None, target=None)
        heard = self._heard.get(asked)
        if heard is None:
            heard = self._heard[asked] = self._hear(strategy)
        row, window, track = self.lane.row, self.lane.window, heard.track
        stop = _stops(row, strategy.stop, heard)
        target = _targets(row, strategy.target, heard, stop)
        known = np.isfinite(stop) & np.isfinite(target)
        rows = heard.rows[known]
        signals = Signals(
            track.buys.bars[rows], track.buy_us[rows], stop[known], target[known], track.sells.bars
        )
        lots = empty(len(rows))
        bars = Bars(window.open, window.high, window.low, window.close)
        count = loop(bars, signals, self._terms, lots)
        profit = lots.profit[:count]
        return Screened(count, float(profit.sum()), int((profit > 0).sum()), lots)

    def sweep(self, strategies: Iterable[Strategy]) -> list[Screened]:
        """What each of them would have done."""
        return [self.of(strategy) for strategy in strategies]

    def _hear(self, strategy: Strategy) -> _Heard:
        lane = replace(self.lane, strategy=strategy)
        track = track_of(lane, self.setup.fills, self._seen)
        window, bars = lane.window, track.buys.bars
        rows = np.flatnonzero(_believed(track, self.setup, self._terms))
        values, close = track.columns.values, window.close[bars[rows]]
        following = np.minimum(bars[rows] + 1, track.last)
        ask = _asks(window.open[following], self._terms)
        is_entry = self.setup.fills.anchor is Anchor.ENTRY
        return _Heard(track, rows, ask if is_entry else close, values["atr"][bars[rows]])


def screen(lane: Lane, setup: Setup = SETUP) -> Screened:
    """What the lane's own strategy would have done."""
    return Screen(lane, setup).of(lane.strategy)


def _believed(track: Track, setup: Setup, terms: Terms) -> NDArray[np.bool_]:
    """Which of what spoke is kept by no rule about its prices: late bars, unknown means, prices that jumped."""
    window, bars, limits = track.window, track.buys.bars, setup.limits
    following = np.minimum(bars + 1, track.last)
    ends_us = (window.opens_ms[bars] * 1000) + window.span // MICROSECOND
    is_young = track.buy_us - ends_us <= limits.bar_age_max // MICROSECOND
    values, close = track.columns.values, window.close[bars]
    is_known = np.isfinite(values["ema10"][bars]) & np.isfinite(values["ma50"][bars])
    ask = _asks(window.open[following], terms)
    far = np.maximum(np.abs(ask - close), np.abs(window.open[following] - close))
    return is_young & is_known & (far * 100 <= float(limits.price_jump_pct_max) * close)


def _asks(prices: Floats, terms: Terms) -> Floats:
    asked = prices * (1 + terms.half_spread)
    if not terms.half_spread:
        return asked
    return np.array([onto(price, terms.tick, terms.ticks, UP) for price in asked.tolist()])


def _stops(row: WatchlistRow, stop: Stop | None, heard: _Heard) -> Floats:
    """Stop distances in floats, as `strategy.distances` has them in decimals."""
    if row.sl_percentage is not None and row.sl_percentage > 0:
        return _share(heard.base, row.sl_percentage)
    match stop:
        case Percent(pct):
            return _share(heard.base, pct)
        case AtrStop(multiple, fallback):
            other = _of_mode(row, heard) if fallback is None else _share(heard.base, fallback)
            return np.where(np.isfinite(heard.atr), heard.atr * float(multiple), other)
        case None:
            return _of_mode(row, heard)


def _targets(row: WatchlistRow, target: Target | None, heard: _Heard, stop: Floats) -> Floats:
    if row.tp_percentage is not None and row.tp_percentage > 0:
        return _share(heard.base, row.tp_percentage)
    match target:
        case Percent(pct):
            return _share(heard.base, pct)
        case RiskReward(ratio):
            return stop * float(ratio)
        case None:
            return _of_mode(row, heard)


def _of_mode(row: WatchlistRow, heard: _Heard) -> Floats:
    pct = MODE_PCT.get(row.sl_tp_mode)
    return _share(heard.base, pct) if pct is not None else np.full(len(heard.base), np.nan)


def _share(base: Floats, pct: Decimal) -> Floats:
    return base * (float(pct) / 100)


def _terms(lane: Lane, setup: Setup) -> Terms:
    """Every number of the setup as a float; BadInput where it asks for what is not screened."""
    row, fills, limits, book = lane.row, setup.fills, setup.limits, lane.instrument
    amount = row.trade_amount_usd
    if not isinstance(book, Instrument) or lane.fine is not None or lane.share_pct is not None:
        raise BadInput("Books that change, finer bars and shares of equity are not screened.")
    if fills.inside is not Inside.STOP_FIRST or fills.latency or fills.volume_share is not None:
        raise BadInput("Paths, latency and volume shares are not screened: run it exactly.")
    if row.trade_on_margin or row.trailing_pct is not None or amount is None:
        raise BadInput("Margin, trailing stops and an absent amount are not screened.")
    is_sent = row.trade_enabled and 0 < amount <= limits.usd_per_order_max
    is_open = fills.entry is EntryAt.OPEN
    floor = book.min_notional or MIN_NOTIONAL
    return Terms(
        cash=float(setup.cash),
        amount=float(amount) if is_sent else 0.0,
        tick=float(book.price_tick),
        ticks=float(1 / book.price_tick),
        lot=float(book.lot),
        lots=float(1 / book.lot),
        floor=float(floor),
        half_spread=float(fills.half_spread),
        slippage=float(fills.slippage),
        allowed=0.0 if is_open else float(limits.entry_slippage_pct_max) / 100,
        is_collared=not is_open,
        maker=float(fills.maker_rate),
        taker=float(fills.taker_rate),
        fee_in_quote=fills.fee_in_quote,
        crossed=fills.crossed,
        ends_at_open=fills.end is End.OPEN,
        stop_onto=SIDES[fills.stop_onto],
        target_onto=SIDES[fills.target_onto],
        open_max=min(limits.open_per_base_max, limits.open_total_max),
        cooldown_us=limits.entry_cooldown // MICROSECOND,
        per_day=limits.orders_per_base_and_day_max,
        equity_share=float(limits.max_equity_per_trade_pct),
        exposure=float(limits.exposure_usd_max),
        free=float(amount * limits.available_multiple),
        held=float(amount * limits.portfolio_cap_multiple),
    )
