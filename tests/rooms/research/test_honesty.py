from dataclasses import dataclass

import numpy as np
import pytest
from typing_extensions import override

from interlock.research.honesty import lookahead, recursion
from interlock.strategy.bars import Bars
from interlock.strategy.columns import Columns, Condition
from interlock.strategy.contract import Strategy
from interlock.strategy.presets import PRESETS
from tests.rooms.research.candles import shipped

BARS = shipped(first=20_000, bars=3000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seer(Strategy):
    """Buys where the next bar closes 4 % higher: rare, and known to nobody."""

    name: str = "seer"

    @override
    def rules(self, bars: Bars) -> Columns:
        close = bars.window.close
        holds = np.zeros(len(bars), dtype=np.bool_)
        holds[:-1] = close[1:] > 1.04 * close[:-1]
        return Columns(buys=(Condition("knows", holds, lambda _: "It knows."),))


@dataclass(frozen=True, slots=True, kw_only=True)
class Centred(Strategy):
    """Normalises by the mean of the whole window: a look ahead in every value, in no index."""

    name: str = "centred"

    @override
    def rules(self, bars: Bars) -> Columns:
        close = bars.window.close
        score = bars.column("score", close / close.mean())
        return Columns(buys=(score.below(0.5, "cheap"),), shown={"score": score})


@pytest.mark.parametrize("name", PRESETS)
def test_no_preset_looks_ahead(name: str) -> None:
    seen = lookahead(PRESETS[name], BARS)

    assert seen.bars > 16
    assert not seen.glimpses


def test_a_strategy_that_knows_the_next_bar_is_caught() -> None:
    seen = lookahead(Seer(), BARS)

    assert {"knows", "BUY"} <= {glimpse.what for glimpse in seen.glimpses}
    first = next(glimpse for glimpse in seen.glimpses if glimpse.what == "BUY")
    assert (first.alone, first.later) == ("0", "1")


def test_a_strategy_that_measures_itself_by_the_whole_is_caught() -> None:
    assert "score" in {glimpse.what for glimpse in lookahead(Centred(), BARS).glimpses}


def test_what_hangs_on_the_beginning_of_history_is_told_and_fades_with_more_of_it() -> None:
    short, *_, longest = recursion(PRESETS["scalp-conservative"], BARS)

    assert short.deviation > 0.01
    assert short.decided_otherwise
    assert "ma200" in short.unknown
    assert longest.history == 1800
    assert longest.deviation < 1e-9
    assert not longest.decided_otherwise
