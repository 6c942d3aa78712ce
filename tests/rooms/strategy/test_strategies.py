"""A strategy is a dataclass with one method: what the classics say, what its parameters may be, and how it looks at coarser bars."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

import numpy as np
import pytest
from typing_extensions import override

from interlock.errors import BadInput
from interlock.strategy import HOUR, Bars, Columns, Strategy, not_asked
from interlock.strategy.bars import coarse_window
from interlock.strategy.classics import CLASSICS, EmaCross
from interlock.strategy.decide import decide, signal_at
from interlock.strategy.shelf import SHELF
from interlock.strategy.signal import Decision
from interlock.values import Unknown
from tests.rooms.making import START, row, window

WAVE: Final = [100 + 6 * float(np.sin(i / 8)) + i / 8 for i in range(600)]


@pytest.mark.parametrize("name", SHELF)
def test_every_strategy_says_so_with_a_sentence_for_every_flag(name: str) -> None:
    bars = window(WAVE)
    told = decide(row(), SHELF[name], bars)

    assert all(flag.because for flag in told.flags)
    assert {"ema10", "ma50", "atr"} <= told.values.keys()


@pytest.mark.parametrize("name", CLASSICS)
def test_every_classic_buys_and_sells_on_a_wave(name: str) -> None:
    columns = CLASSICS[name].columns(window(WAVE, spread=0.1))

    assert columns.entry.any()
    assert columns.exit.any()
    assert not (columns.entry & columns.exit).any()


def test_a_cross_is_told_with_both_lines() -> None:
    bars = window([*[100.0] * 60, 101.0])
    told = decide(row(), EmaCross(), bars)

    assert told.decision is Decision.BUY
    assert told.because()[0] == "EMA12 crossed up through EMA26 100.074: 100, then 100.154."


def test_a_breakout_is_above_the_highs_before_it_and_not_above_its_own() -> None:
    rises = window([*[100.0 + i % 3 for i in range(60)], 104.0], spread=1.0)
    stays = window([*[100.0 + i % 3 for i in range(60)], 103.0], spread=1.0)

    said = [decide(row(), CLASSICS["donchian-breakout"], each).decision for each in (rises, stays)]
    assert said == [Decision.BUY, Decision.WAIT]


def test_a_parameter_outside_its_range_is_no_strategy() -> None:
    assert EmaCross().ranges()["fast"].low == 2
    with pytest.raises(BadInput, match="slow is 1, not in 3 to 400"):
        EmaCross(slow=1)
    assert replace(EmaCross(), slow=50).bars_needed == 51


@dataclass(frozen=True, slots=True, kw_only=True)
class Said(Strategy):
    """Says what it is given to say."""

    name: str = "said"
    said: Callable[[Bars], Columns]

    @override
    def rules(self, bars: Bars) -> Columns:
        return self.said(bars)


def test_a_strategy_that_names_no_exit_never_sells() -> None:
    quiet = Said(said=lambda bars: Columns((bars.close.above(1e9, "never"),)))

    assert not quiet.columns(window(WAVE)).exit.any()
    assert decide(row(), quiet, window(WAVE)).decision is Decision.WAIT


def test_a_strategy_that_asks_nothing_is_refused() -> None:
    with pytest.raises(BadInput, match="decides nothing"):
        Said(said=lambda _: Columns((not_asked("never", "It is not asked."),))).columns(
            window(WAVE)
        )


def test_a_column_of_another_length_is_refused() -> None:
    short = Said(said=lambda bars: Columns((Bars(bars.window.head(9)).close.above(1, "x"),)))
    with pytest.raises(BadInput, match="has 9 values for 600 bars"):
        short.columns(window(WAVE))
    with pytest.raises(BadInput, match="not one value per bar"):
        Bars(window(WAVE)).column("Mine", np.ones(3))


def test_only_coarse_bars_that_closed_are_seen() -> None:
    bars = Bars(window(range(100, 112), start=START))
    four = bars.coarser(4 * HOUR).close

    assert [four.at(i) for i in (0, 2, 3, 6, 7, 11)] == [
        Unknown("TOO_FEW_BARS"),
        Unknown("TOO_FEW_BARS"),
        103.0,
        103.0,
        107.0,
        111.0,
    ]


def test_coarse_bars_begin_on_their_own_grid_and_what_began_before_is_not_whole() -> None:
    coarse, onto, _ = coarse_window(window(range(100, 112), start=START + 2 * HOUR), 4 * HOUR)

    assert coarse.opens_ms.tolist() == [(START + 4 * HOUR).ms, (START + 8 * HOUR).ms]
    assert coarse.close.tolist() == [105.0, 109.0]
    assert coarse.high.tolist() == [106.0, 110.0]
    assert coarse.volume.tolist() == [4.0, 4.0]
    assert onto.tolist() == [-1] * 5 + [0] * 4 + [1] * 3


def test_a_coarse_bar_that_lacks_a_part_is_missing_and_older_ones_do_not_stand_in() -> None:
    holed = window([100.0 + i for i in range(16)], skip=frozenset({8}))
    four = Bars(holed).coarser(4 * HOUR).close

    assert four.at(holed.opens_ms.tolist().index((START + 7 * HOUR).ms)) == 107.0
    assert four.at(holed.opens_ms.tolist().index((START + 11 * HOUR).ms)) == Unknown("GAP")


def test_what_is_earlier_among_coarse_bars_is_a_coarse_bar_earlier() -> None:
    before = Bars(window(range(100, 112))).coarser(4 * HOUR).close.earlier(1)

    assert [before.at(i) for i in (7, 8, 11)] == [103.0, 103.0, 107.0]


def test_a_span_that_does_not_divide_is_refused() -> None:
    with pytest.raises(BadInput, match="no multiple"):
        Bars(window(WAVE)).coarser(timedelta(minutes=90))
    with pytest.raises(BadInput, match="no multiple"):
        Bars(window(WAVE)).coarser(HOUR)


def test_what_was_computed_of_bars_is_computed_once() -> None:
    bars = Bars(window(WAVE))

    assert bars.ema(12) is bars.ema(12)
    assert EmaCross().columns(bars).shown["fast"] is bars.ema(12)


def test_one_bar_of_whole_columns_is_decided_like_the_newest() -> None:
    bars, strategy = window(WAVE), CLASSICS["rsi-dip"]

    assert signal_at(row(), strategy, strategy.columns(bars), bars, 400) == decide(
        row(), strategy, bars.head(401)
    )
