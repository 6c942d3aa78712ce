"""What a backtest promises: fills as its settings say, the whole guard, one account, and nothing that was not judged."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interlock.errors import BadInput
from interlock.research import Anchor, End, EntryAt, Fills, Inside, Lane, Setup, backtest
from interlock.research.run import ExitReason, Run
from interlock.strategy.presets import PRESETS
from interlock.values import number_text
from tests.rooms.making import BTC, LIMITS, D, row
from tests.rooms.research.staging import FREE, WARM, bars, lane, recorded, run

QUIET = (100.0, 101.0, 99.0, 100.0)
OPEN_WIDE = replace(
    LIMITS,
    orders_per_base_and_day_max=1000,
    executions_max=1000,
    entry_cooldown=timedelta(0),
    max_daily_loss_pct=D(100),
)


def one(found: Run) -> tuple[ExitReason, str, str]:
    """How the only trade of a run ended, and at what."""
    (trade,) = found.trades
    return trade.reason, number_text(trade.entry), number_text(trade.exit)


def test_an_entry_is_filled_at_the_next_open_and_its_stop_inside_the_bar() -> None:
    window = bars(QUIET, QUIET, (100.0, 101.0, 94.0, 96.0), QUIET)

    found = run(lane(window, 0))

    assert one(found) == (ExitReason.STOP, "100", "95")
    assert found.trades[0].opened_at.ms == window.opens_ms[WARM + 1]
    assert found.trades[0].closed_at.ms == window.opens_ms[WARM + 2]
    assert found.signals == 1


def test_the_stop_comes_before_the_target_unless_the_path_says_otherwise() -> None:
    both = (100.0, 111.0, 94.0, 95.0)  # it closed below its open: the path goes by the high first
    window = bars(QUIET, QUIET, both, QUIET)

    assert one(run(lane(window, 0)))[0] is ExitReason.STOP
    on_path = run(lane(window, 0), fills=replace(FREE, inside=Inside.PATH))
    assert one(on_path) == (ExitReason.TARGET, "100", "110")
    opens = window.opens_ms[WARM + 2]
    assert opens < on_path.trades[0].closed_at.ms < window.opens_ms[WARM + 3]


def test_finer_bars_say_what_came_first_inside_a_coarse_one() -> None:
    coarse = bars(QUIET, QUIET, (100.0, 111.0, 94.0, 95.0), QUIET)
    span = timedelta(minutes=30)
    opens = coarse.opens_ms[WARM + 2]
    fine = replace(
        coarse.head(2),
        span=span,
        opens_ms=coarse.opens_ms[:2] * 0 + [opens, opens + 1_800_000],
        open=coarse.open[:2] * 0 + [100.0, 105.0],
        high=coarse.high[:2] * 0 + [111.0, 105.0],
        low=coarse.low[:2] * 0 + [99.0, 94.0],
        close=coarse.close[:2] * 0 + [105.0, 95.0],
    )

    found = run(replace(lane(coarse, 0), fine=fine))

    assert one(found) == (ExitReason.TARGET, "100", "110")


def test_a_stop_that_is_jumped_over_is_filled_at_the_open_and_a_target_at_its_limit() -> None:
    below = bars(QUIET, QUIET, (90.0, 91.0, 89.0, 90.0), QUIET)
    above = bars(QUIET, QUIET, (120.0, 121.0, 119.0, 120.0), QUIET)

    assert one(run(lane(below, 0))) == (ExitReason.STOP, "100", "90")
    assert one(run(lane(above, 0))) == (ExitReason.TARGET, "100", "110")


def test_a_target_that_is_only_touched_is_not_crossed() -> None:
    window = bars(QUIET, QUIET, (100.0, 110.0, 99.0, 100.0), QUIET)

    assert one(run(lane(window, 0)))[0] is ExitReason.TARGET
    assert one(run(lane(window, 0), fills=replace(FREE, crossed=True)))[0] is ExitReason.END


def test_a_level_between_two_floats_is_met_by_the_decimals_alone() -> None:
    """0.95 times the close needs more digits than the low has: the low that equals it as a float lies above it."""
    low = 95.00000000000001  # one unit of the last place above 95
    window = bars(QUIET, QUIET, (100.0, 101.0, low, 100.0), QUIET)

    assert one(run(lane(window, 0)))[0] is ExitReason.END


def test_distances_are_frozen_with_the_signal_unless_the_settings_take_the_entry() -> None:
    window = bars(QUIET, (104.0, 105.0, 103.0, 104.0), (104.0, 104.0, 90.0, 91.0), QUIET)

    frozen = run(lane(window, 0))
    anchored = run(lane(window, 0), fills=replace(FREE, anchor=Anchor.ENTRY))

    assert frozen.trades[0].stop == D(99)
    assert anchored.trades[0].stop == D("98.8")


def test_what_is_open_ends_with_the_data_and_the_last_bar_is_not_entered() -> None:
    window = bars(QUIET, QUIET, (102.0, 103.0, 101.0, 101.5))

    assert one(run(lane(window, 0))) == (ExitReason.END, "100", "101.5")
    assert one(run(lane(window, 0), fills=replace(FREE, end=End.OPEN)))[2] == "102"
    late = run(lane(window, 1))
    assert not late.trades
    assert late.blocked == {"NO_BAR_LEFT": 1}


def test_a_signal_to_sell_closes_the_lot_at_the_next_open() -> None:
    window = bars(QUIET, QUIET, QUIET, (103.0, 104.0, 90.0, 91.0), QUIET)

    found = run(lane(window, 0, sells=(2, 4)))

    assert one(found) == (ExitReason.SIGNAL, "100", "103")
    assert found.blocked == {"NO_POSITION_TO_CLOSE": 1}


def test_fees_spread_and_slippage_are_paid_on_both_sides() -> None:
    costs = Fills(
        maker_rate=D("0.001"), taker_rate=D("0.002"), half_spread=D("0.001"), slippage=D("0.0005")
    )
    window = bars(QUIET, QUIET, (100.0, 101.0, 94.0, 96.0), QUIET)

    (trade,) = run(lane(window, 0), fills=costs).trades

    assert trade.entry == D("100.1") * D("1.0005")
    stop = trade.stop
    assert stop is not None
    assert stop < trade.entry - 5
    assert trade.exit == (stop * D("0.999")).quantize(D("0.01"), "ROUND_FLOOR") * D("0.9995")
    sold = trade.quantity - trade.quantity % D(1)  # nothing is sold that the fee in base has taken
    assert sold <= trade.quantity
    assert trade.fees > D("0.002") * trade.entry * trade.quantity


def test_an_entry_above_its_collar_is_not_filled() -> None:
    slips = replace(FREE, slippage=D("0.01"))

    found = run(lane(bars(QUIET, QUIET, QUIET), 0), fills=slips)

    assert not found.trades
    assert found.blocked == {"NOT_FILLED": 1}
    assert found.equity_end == found.equity_start


def test_no_more_than_a_share_of_a_bars_volume_is_taken_and_the_rest_at_the_next_open() -> None:
    fills = replace(FREE, volume_share=D("0.1"))
    window = bars(
        QUIET, QUIET, (100.0, 101.0, 94.0, 96.0), (92.0, 93.0, 91.0, 92.0), QUIET, volume=5.0
    )
    thin = window.volume.copy()
    thin[WARM + 2] = 3.0

    (trade,) = run(lane(replace(window, volume=thin), 0), fills=fills).trades

    assert trade.quantity == D("0.5")
    assert trade.exit == (D("0.3") * 95 + D("0.2") * 92) / D("0.5")
    assert trade.closed_at.ms == window.opens_ms[WARM + 3]


def test_latency_lets_the_path_walk_before_the_order_arrives() -> None:
    rising = (100.0, 112.0, 100.0, 112.0)
    window = bars(QUIET, rising, QUIET)

    (trade,) = run(lane(window, 0), fills=replace(FREE, latency=timedelta(seconds=1))).trades

    assert trade.opened_at.ms == window.opens_ms[WARM + 1] + 1000
    assert D(100) <= trade.entry < D(101)


def test_a_trailing_stop_follows_the_highs_of_bars_that_have_ended_and_never_falls() -> None:
    """The high of 108 takes the stop to 2 % below it; the bar after the next falls through that."""
    rising = [
        (100.0, 101.0, 99.0, 101.0),
        (101.0, 108.0, 101.0, 107.0),
        (107.0, 107.5, 106.0, 106.5),
    ]
    window = bars(QUIET, *rising, (106.5, 107.0, 105.0, 105.5), QUIET)

    (trade,) = run(lane(window, 0, trailing_pct=D(2), tp_percentage=D(50))).trades

    assert (trade.reason, trade.exit) == (ExitReason.STOP, D("105.84"))
    assert trade.stop == D(95)
    assert trade.closed_at.ms == window.opens_ms[WARM + 4]


def test_margin_owes_interest_for_every_full_hour_and_spot_owes_none() -> None:
    rate = replace(FREE, hourly_interest_rate=D("0.001"))
    limits = replace(
        LIMITS,
        usd_per_order_max=D(3000),
        max_equity_per_trade_pct=D(300),
        max_total_margin_exposure_pct=D(300),
        open_total_max=3,
    )
    window = bars(*[QUIET] * 6)
    credit: dict[str, Any] = {
        "trade_on_margin": True,
        "leverage": D(4),
        "trade_amount_usd": D(3000),
    }

    (trade,) = run(lane(window, 0, **credit), fills=rate, limits=limits, cash=1000).trades
    (spot,) = run(lane(window, 0), fills=rate, cash=1000).trades

    assert spot.interest == 0
    # Five hours begin at the entry's own; each debt is charged with what was charged before.
    debt = trade.entry * trade.quantity - 1000
    assert trade.interest == pytest.approx(debt * (D("1.001") ** 5 - 1), abs=D("1e-9"))
    assert trade.profit == (trade.exit - trade.entry) * trade.quantity - trade.interest


def test_margin_is_capped_by_the_guard_of_the_live_desk() -> None:
    credit: dict[str, Any] = {"trade_on_margin": True, "leverage": D(6), "trade_amount_usd": D(100)}

    found = run(lane(bars(QUIET, QUIET, QUIET), 0, **credit))

    assert not found.trades
    assert found.blocked == {"RISK_GUARD_BLOCKED": 1}


def test_symbols_share_one_equity_and_its_caps() -> None:
    one_, other = bars(*[QUIET] * 6), bars(*[QUIET] * 6, symbol="ETH_USDT")
    limits = replace(LIMITS, exposure_usd_max=D(150))

    both = run(lane(one_, 0), lane(other, 1))
    capped = run(lane(one_, 0), lane(other, 1), limits=limits)
    poor = run(
        lane(one_, 0),
        lane(other, 1),
        cash=1000,
        limits=replace(LIMITS, available_multiple=D("9.5")),
    )

    assert [trade.symbol for trade in both.trades] == ["BTC_USDT", "ETH_USDT"]
    assert [trade.symbol for trade in capped.trades] == ["BTC_USDT"]
    assert capped.blocked == {"GUARDRAIL_BLOCKED": 1}
    assert poor.blocked == {"INSUFFICIENT_AVAILABLE_BALANCE": 1}


def test_a_day_that_is_lost_at_a_close_is_lost_until_it_ends() -> None:
    """The market falls by a twenty-fifth and comes back before the next signal: the limit was reached all the same."""
    fallen = (100.0, 100.0, 96.0, 96.0)
    window = bars(QUIET, QUIET, fallen, QUIET, QUIET, QUIET)
    limits = replace(
        OPEN_WIDE,
        max_daily_loss_pct=D(2),
        usd_per_order_max=D(6000),
        max_equity_per_trade_pct=D(100),
        exposure_usd_max=D(99999),
        available_multiple=D("0.1"),
    )

    found = run(lane(window, 0, 3, trade_amount_usd=D(6000)), limits=limits, cash=10000)
    calm = run(
        lane(replace(window, close=window.open), 0, 3, trade_amount_usd=D(400)), limits=limits
    )

    assert len(found.trades) == 1
    assert len(calm.trades) == 2
    assert found.blocked == {"RISK_GUARD_BLOCKED": 1}


def test_a_share_of_equity_grows_with_it() -> None:
    up = (100.0, 111.0, 99.0, 110.0)
    window = bars(QUIET, QUIET, up, QUIET, QUIET, QUIET)
    limits = replace(OPEN_WIDE, usd_per_order_max=D(5000), max_equity_per_trade_pct=D(100))

    first, second = run(
        replace(lane(window, 0, 3), share_pct=D(10)),
        limits=limits,
        fills=replace(FREE, entry=EntryAt.OPEN),
    ).trades

    assert first.quantity == D(10)
    assert first.profit == D(100)
    assert second.quantity * second.entry == pytest.approx(D(1010), abs=D("0.01"))


def with_room_last(blocked: Mapping[str, int]) -> dict[str, int]:
    """While a lot is open its own target rests: the judge names it before it counts positions."""
    merged = Counter(blocked)
    merged["MAX_OPEN_TRADES_REACHED"] += merged.pop("ALREADY_HAS_OPEN_ORDER", 0)
    return dict(merged)


@pytest.mark.parametrize("name", ["scalp-aggressive", "intraday-aggressive"])
def test_settling_what_has_no_room_first_changes_no_trade_and_no_count(name: str) -> None:
    window = recorded("binance_ETH-USDT_1h", 3000)
    strategy = replace(PRESETS[name], price_change_pct_min=D("0.2"))
    book = replace(BTC, symbol="ETH_USDT", base="ETH")
    ours = Lane(row(symbol="ETH_USDT"), strategy, window, book)
    limits = replace(LIMITS, open_per_base_max=1, entry_cooldown=timedelta(hours=3))

    settled = backtest([ours], Setup(limits=limits))
    judged = backtest([ours], Setup(limits=limits, settle_first=False))

    assert len(settled.trades) > 30
    assert settled.trades == judged.trades
    assert settled.blocked == with_room_last(judged.blocked)
    assert settled.signals == len(settled.trades) + sum(settled.blocked.values()) + sum(
        trade.reason is ExitReason.SIGNAL for trade in settled.trades
    )


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 40000), st.integers(1, 3), st.sampled_from(Inside))
def test_what_was_earned_is_what_the_account_has_more(
    first: int, most: int, inside: Inside
) -> None:
    window = recorded("binance_ETH-USDT_1h", 500, first)
    strategy = replace(PRESETS["scalp-aggressive"], price_change_pct_min=D(0))
    book = replace(BTC, symbol="ETH_USDT", base="ETH")
    limits = replace(OPEN_WIDE, open_per_base_max=most)
    fills = Fills(fee_in_quote=True, inside=inside)

    found = backtest(
        [Lane(row(symbol="ETH_USDT"), strategy, window, book)], Setup(limits=limits, fills=fills)
    )

    earned = sum((trade.profit for trade in found.trades), D(0))
    assert abs(found.equity_start + earned - found.equity_end) < D("1e-9")
    assert found.curve.equity[-1] == pytest.approx(float(found.equity_end))
    assert all(trade.opened_at <= trade.closed_at for trade in found.trades)
    assert sorted(trade.closed_at for trade in found.trades) == [t.closed_at for t in found.trades]


def test_the_same_strategy_is_not_put_twice_on_one_symbol() -> None:
    window = bars(QUIET, QUIET)

    with pytest.raises(BadInput):
        run(lane(window, 0), lane(window, 0))
