"""What a strategy says of a bar is what it said when that bar had closed, on series with holes, dead stretches and bad numbers."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typing_extensions import override

from interlock.errors import BadInput
from interlock.market import Window
from interlock.strategy import Bars, Columns, Strategy
from interlock.strategy.bars import gaps
from interlock.strategy.decide import decide, sides, signal_at
from interlock.strategy.shelf import SHELF
from interlock.strategy.signal import Decision, Signal
from interlock.strategy.watchlist import WatchlistRow
from tests.rooms.making import HOUR, START, D, row


@dataclass(frozen=True, slots=True, kw_only=True)
class TwoSpans(Strategy):
    """Looks at bars of four hours and of a day beside its own."""

    name: str = "two-spans"

    @override
    def rules(self, bars: Bars) -> Columns:
        fours, days = bars.coarser(4 * HOUR), bars.coarser(24 * HOUR)
        rising = fours.ema(5).rises(2, "rising")
        return Columns(
            buys=(rising, bars.close.above(fours.sma(10), "above")),
            sells=(bars.close.crosses_down(days.lowest(3).earlier(1), "down"),),
            shown={"four": fours.ema(5), "day": days.close, "rsi": fours.rsi()},
        )


ALL: Final[Mapping[str, Strategy]] = {**SHELF, "two-spans": TwoSpans()}
LENGTH_MAX: Final = 700


@st.composite
def windows(draw: st.DrawFn) -> Window:
    """Hourly bars of a walk that may stand still, lack bars, and hold a number that cannot be."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    bars = draw(st.integers(30, LENGTH_MAX))
    steps = rng.normal(0, 0.01, bars)
    kept, volume = np.ones(bars, dtype=np.bool_), np.abs(rng.normal(1, 0.5, bars))
    for place in draw(st.lists(st.integers(0, bars - 1), max_size=2)):
        steps[place : place + 40] = 0
        volume[place : place + 20] = 0
    for place in draw(st.lists(st.integers(0, bars - 1), max_size=5)):
        kept[place : place + draw(st.sampled_from([1, 1, 1, 2, 30, 310]))] = False
    close = np.round(100 * np.exp(np.cumsum(steps)), 2)
    if draw(st.booleans()) and draw(st.booleans()):
        volume[draw(st.integers(0, bars - 1))] = -1
        close[draw(st.integers(0, bars - 1))] = draw(st.sampled_from([0.0, np.nan, np.inf]))
    high, low = close * (1 + rng.random(bars) / 200), close * (1 - rng.random(bars) / 200)
    opens = START.ms + np.arange(bars, dtype=np.int64) * 3_600_000
    columns = (close, high, low, close, volume)
    return Window("BTC_USDT", HOUR, opens[kept], *(each[kept] for each in columns))


def said(asked: WatchlistRow, name: str, window: Window, place: int) -> Signal | str:
    try:
        return signal_at(asked, ALL[name], ALL[name].columns(window), window, place)
    except BadInput as error:
        return str(error)


def then(asked: WatchlistRow, name: str, window: Window, place: int) -> Signal | str:
    try:
        return decide(asked, ALL[name], window.head(place + 1))
    except BadInput as error:
        return str(error)


@pytest.mark.parametrize("name", ALL)
@given(window=windows(), data=st.data())
@settings(max_examples=15, deadline=None)
def test_a_bar_is_judged_as_it_was_when_it_had_closed(
    name: str, window: Window, data: st.DataObject
) -> None:
    if not len(window):
        return
    asked = row(buy_target=D("101.5")) if data.draw(st.booleans()) else row()
    for place in data.draw(st.sets(st.integers(0, len(window) - 1), max_size=8)):
        assert said(asked, name, window, place) == then(asked, name, window, place)


@pytest.mark.parametrize("name", ALL)
@given(window=windows())
@settings(max_examples=3, deadline=None)
def test_where_a_window_buys_and_sells_is_where_its_signals_do(name: str, window: Window) -> None:
    asked, columns = row(buy_target=D("101.5")), ALL[name].columns(window)
    buys, sells = sides(asked, columns, window)

    for place in np.flatnonzero(np.isfinite(window.close)).tolist():
        decision = signal_at(asked, ALL[name], columns, window, place).decision
        assert (bool(buys[place]), bool(sells[place])) == (
            decision is Decision.BUY,
            decision is Decision.SELL,
        )


@given(window=windows())
@settings(max_examples=30, deadline=None)
def test_a_gap_is_where_the_window_up_to_that_bar_has_one(window: Window) -> None:
    heads = [window.head(i + 1).has_gap() for i in range(len(window))]
    found = gaps(window)

    assert (np.zeros(len(window), dtype=np.bool_) if found is None else found).tolist() == heads


@given(window=windows(), data=st.data())
@settings(max_examples=15, deadline=None)
def test_a_live_window_differs_from_a_longer_one_in_the_last_digits_alone(
    window: Window, data: st.DataObject
) -> None:
    """Of means that remember for ever a start 400 bars back is forgotten below a millionth of a millionth."""
    if len(window) < 401 or not np.isfinite(window.close).all() or (window.close <= 0).any():
        return
    far = data.draw(st.integers(400, len(window) - 1))
    near = window.head(far + 1).tail(400)
    one = ALL["trend-dip"].columns(window).at(far)
    other = ALL["trend-dip"].columns(near).at(399)

    for name in ("rsi", "atr", "ema10", "ma50", "ma200"):
        if isinstance(one[name], float):
            assert other[name] == pytest.approx(one[name], rel=1e-8)
