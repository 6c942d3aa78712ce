"""The screen and the exact run agree: the same trades, and profits to a millionth of themselves."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from interlock.errors import BadInput
from interlock.research import Anchor, End, EntryAt, Fills, Inside, Lane, Onto, Setup, backtest
from interlock.research.screen import Screen, screen
from interlock.strategy.contract import Percent
from interlock.strategy.presets import PRESETS
from tests.rooms.making import BTC, LIMITS, D, row
from tests.rooms.research.staging import FREE, bars, lane, recorded

BOUND = 1e-6
TIGHT = replace(
    LIMITS, open_per_base_max=1, entry_cooldown=timedelta(hours=5), bar_age_max=timedelta(days=1)
)
SETUPS = (
    Setup(),
    Setup(
        limits=replace(TIGHT, orders_per_base_and_day_max=5),
        fills=Fills(
            entry=EntryAt.OPEN,
            anchor=Anchor.ENTRY,
            end=End.OPEN,
            fee_in_quote=True,
            slippage=D("0.001"),
            crossed=True,
            stop_onto=Onto.UP,
            target_onto=Onto.NEAREST,
        ),
    ),
    Setup(
        cash=D(320),
        limits=replace(
            LIMITS,
            max_equity_per_trade_pct=D("31.5"),
            max_daily_loss_pct=D(100),
            exposure_usd_max=D(250),
        ),
    ),
)


def assert_the_same(lane_: Lane, setup: Setup) -> int:
    exact, quick = backtest([lane_], setup), screen(lane_, setup)
    trades = sorted(exact.trades, key=lambda trade: trade.opened_at)

    assert quick.trades == len(trades)
    assert quick.reasons() == tuple(trade.reason for trade in trades)
    opens = lane_.window.opens_ms
    for n, trade in enumerate(trades):
        assert opens[quick.lots.entered[n]] == trade.opened_at.ms
        assert float(trade.profit) == pytest.approx(quick.lots.profit[n], rel=BOUND)
    return quick.trades


@pytest.mark.parametrize("setup", SETUPS)
def test_every_preset_gives_the_same_trades_and_profits(setup: Setup) -> None:
    window = recorded("binance_ETH-USDT_1h", 4000, 20000)
    book = replace(BTC, symbol="ETH_USDT", base="ETH")
    owner = row(symbol="ETH_USDT", buy_target=D(100000))

    played = sum(
        assert_the_same(Lane(owner, preset, window, book), setup) for preset in PRESETS.values()
    )

    assert played > 20


def test_candidates_that_differ_in_stop_and_target_alone_are_each_their_own() -> None:
    window = recorded("binance_BTC-USDT_1h", 4000, 30000)
    scalp = PRESETS["scalp-aggressive"]
    stops = [replace(scalp, stop=Percent(D(n)), target=Percent(D(2 * n))) for n in (1, 3)]
    ours = Lane(row(), scalp, window, BTC)

    swept = Screen(ours).sweep([scalp, *stops])

    for strategy, found in zip([scalp, *stops], swept, strict=True):
        alone = screen(replace(ours, strategy=strategy))
        assert (found.trades, found.profit, found.wins) == (alone.trades, alone.profit, alone.wins)
    assert len({found.profit for found in swept}) == 3


QUIET = (100.0, 101.0, 99.0, 100.0)


@pytest.mark.parametrize(
    "last",
    [
        (100.0, 111.0, 94.0, 95.0),
        (90.0, 91.0, 89.0, 90.0),
        (120.0, 121.0, 119.0, 120.0),
        (100.0, 110.0, 99.0, 100.0),
        (100.0, 101.0, 95.0, 100.0),
        (100.0, 101.0, 95.00000000000001, 100.0),
        (102.0, 103.0, 101.0, 102.5),
    ],
)
def test_both_meet_a_level_in_the_same_bar_at_the_same_price(last: tuple[float, ...]) -> None:
    window = bars(QUIET, QUIET, last, QUIET, QUIET)  # type: ignore[arg-type]  # four prices

    for buys, sells in (((0,), ()), ((0, 1, 2), (3,)), ((0,), (1,))):
        assert assert_the_same(lane(window, *buys, sells=sells), Setup(fills=FREE)) > 0


@pytest.mark.parametrize(
    ("owner", "fills"),
    [
        ({"trade_on_margin": True, "leverage": D(2)}, FREE),
        ({"trailing_pct": D(2)}, FREE),
        ({"trade_amount_usd": None}, FREE),
        ({}, replace(FREE, inside=Inside.PATH)),
        ({}, replace(FREE, latency=timedelta(seconds=1))),
        ({}, replace(FREE, volume_share=D("0.1"))),
    ],
)
def test_what_is_not_screened_is_refused(owner: dict[str, Any], fills: Fills) -> None:
    window = bars(QUIET, QUIET, QUIET)

    with pytest.raises(BadInput):
        screen(lane(window, 0, **owner), Setup(fills=fills))
