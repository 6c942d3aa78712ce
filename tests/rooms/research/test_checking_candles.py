from dataclasses import replace
from decimal import Decimal

import numpy as np

from interlock.market import Window
from interlock.research.candles.checking import check, halts
from tests.rooms.research.candles import HOUR, shipped

HOUR_MS = 3_600_000


def without(window: Window, start: int, end: int) -> Window:
    kept = np.r_[0:start, end : len(window)]
    return Window(
        window.symbol, window.span, window.opens_ms[kept], *(a[kept] for a in window.arrays)
    )


def test_the_outages_of_a_real_exchange_are_reported_and_halt_nothing() -> None:
    found = check(shipped())

    assert (found.bars, len(found.holes), found.missing) == (58_419, 28, 128)
    assert (found.zero_volume, found.flat) == (4, 4)
    assert max(hole.bars for hole in found.holes) == 33
    assert not found.halts
    assert not found.bad_ticks


def test_a_change_of_the_tick_is_dated() -> None:
    ticks = check(shipped("binance_SOL-USDT_1h")).ticks

    assert [(each.month, each.tick) for each in ticks] == [
        ("2020-09", Decimal("0.0001")),
        ("2021-05", Decimal("0.001")),
        ("2021-09", Decimal("0.01")),
    ]


def test_a_price_that_nothing_around_it_knows_is_a_bad_tick() -> None:
    window = shipped(first=1000, bars=50)
    low, opens = window.low.copy(), window.open.copy()
    low[20] = opens[20] = 0.06

    ticks = check(replace(window, low=low, open=opens)).bad_ticks

    assert [(tick.place, tick.price) for tick in ticks] == [("open", 0.06), ("low", 0.06)]
    assert not check(window).bad_ticks


def test_a_week_without_bars_is_a_halt_and_a_day_is_none() -> None:
    window = shipped(first=1000, bars=500)

    assert not halts(without(window, 100, 124))
    assert [halt.bars for halt in halts(without(window, 100, 268))] == [168]


def test_a_week_in_which_nothing_was_traded_is_a_halt_too() -> None:
    window = shipped(first=1000, bars=500)
    dead = slice(100, 100 + 168)
    arrays = [array.copy() for array in window.arrays]
    for price in arrays[:4]:
        price[dead] = arrays[3][99]
    arrays[4][dead] = 0

    found = check(Window(window.symbol, HOUR, window.opens_ms, *arrays))

    assert [halt.bars for halt in found.halts] == [168]
    assert [stretch.bars for stretch in found.dead] == [168]
