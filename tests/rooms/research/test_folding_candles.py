from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interlock.errors import BadInput
from interlock.market import Bar, Window, fold, window_of
from interlock.research.candles.folding import resample
from interlock.values import Instant, decimal_of
from tests.rooms.research.candles import shipped

FIVE = timedelta(minutes=5)
HOUR = timedelta(hours=1)


def bars_of(window: Window) -> list[Bar]:
    return [
        Bar(
            window.symbol,
            Instant.of_ms(int(window.opens_ms[n])),
            window.span,
            *(decimal_of(repr(float(array[n]))) for array in window.arrays),
        )
        for n in range(len(window))
    ]


@settings(max_examples=25)
@given(st.integers(0, 3000), st.integers(1, 150), st.sets(st.integers(0, 149), max_size=4))
def test_whole_coarse_bars_are_those_that_the_market_folds(
    first: int, count: int, lost: set[int]
) -> None:
    whole = shipped("binance_ETH-USDT_5m", first, count)
    kept = np.array([n for n in range(count) if n not in lost], dtype=np.intp)
    fine = Window(whole.symbol, FIVE, whole.opens_ms[kept], *(a[kept] for a in whole.arrays))
    bars = bars_of(fine)
    parts = {
        bar.opens: sum(b.opens.floor(HOUR) == bar.opens for b in bars) for bar in fold(bars, HOUR)
    }
    expected = window_of(
        fine.symbol, HOUR, (bar for bar in fold(bars, HOUR) if parts[bar.opens] == 12)
    )

    folded = resample(fine, HOUR)

    assert folded.parted == sum(count != 12 for count in parts.values())
    assert np.array_equal(folded.window.opens_ms, expected.opens_ms)
    for ours, theirs in zip(folded.window.arrays, expected.arrays, strict=True):
        assert np.array_equal(ours, theirs)


def test_bars_that_do_not_fill_the_coarser_ones_are_refused() -> None:
    with pytest.raises(BadInput):
        resample(shipped(bars=50), FIVE)
