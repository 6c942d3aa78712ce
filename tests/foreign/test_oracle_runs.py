"""A strategy and settings that state an independent engine's rules give its trade lists, trade for trade, and no others do."""

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import pytest

from interlock.market import Window
from interlock.research.bars import without_holes
from interlock.simulator import recordings
from tests.foreign.oracle_runs import differences, played

LISTS: Final = Path(__file__).parent / "oracle"
ORACLE: Final = ("EmaCross", "RsiDip")
pytestmark = [pytest.mark.foreign]


def bars() -> Window:
    rows = recordings.load("binance_ETH-USDT_1h")
    arrays = (rows.open, rows.high, rows.low, rows.close, rows.volume)
    return without_holes(Window(rows.symbol, timedelta(hours=1), rows.open_time, *arrays))


def trades_of(strategy: str) -> list[dict[str, Any]]:
    told = json.loads((LISTS / f"freqtrade_ETH-USDT_1h_with_gaps_{strategy}.json").read_bytes())
    return [dict(zip(told["columns"], row, strict=True)) for row in told["trades"]]


@pytest.mark.parametrize("strategy", ORACLE)
def test_the_trades_are_those_of_an_independent_engine(strategy: str) -> None:
    run = played(bars(), f"Oracle{strategy}")

    assert differences(run, trades_of(strategy)) == []
    assert run.signals == len(run.trades) + sum(run.blocked.values())


def test_a_trade_that_is_not_the_same_is_told() -> None:
    trades = trades_of("EmaCross")
    run = played(bars().head(4000), "OracleEmaCross")
    few = trades[: len(run.trades) - 1]

    assert differences(run, few)
    assert differences(replace(run, trades=run.trades[:-1]), few) == []
    for column, wrong in (("profit_abs", 1e-3), ("amount", 1e-7), ("close_time_ms", 1)):
        spoilt = [few[0] | {column: few[0][column] + wrong}, *few[1:]]
        assert len(differences(replace(run, trades=run.trades[:-1]), spoilt)) == 1
