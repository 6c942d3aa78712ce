import json
import math
from datetime import timedelta
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interlock.research.measures import luck, returns
from interlock.research.measures.dealings import by_symbol, dealings_of
from interlock.research.measures.market import buy_and_hold, held
from interlock.research.measures.measures import figures, measure
from interlock.research.run import Run
from tests.rooms.research.candles import shipped
from tests.rooms.research.runs import DAY, START, run, trade

equities = st.lists(st.floats(1, 1e6), min_size=0, max_size=60)
profits = st.lists(st.decimals(-50, 50, places=2), max_size=30)


def test_daily_returns_and_their_ratios_are_those_of_the_paper() -> None:
    days = returns.days_of(run([110, 99, 108.9]))

    assert days is not None
    assert days.returns == pytest.approx([0.1, -0.1, 0.1])
    # What closes at midnight ends its day.
    assert days.ends_ms.tolist() == [(START + DAY * n).ms for n in (1, 2, 3)]
    mean, deviation = 0.1 / 3, math.sqrt(4 / 3) * 0.1  # of 0.1, -0.1, 0.1
    assert returns.volatility(days) == pytest.approx(deviation * math.sqrt(365))
    assert returns.sharpe(days) == pytest.approx(mean / deviation * math.sqrt(365))
    assert returns.sortino(days) == pytest.approx(mean / math.sqrt(0.01 / 3) * math.sqrt(365))
    assert returns.omega(days) == pytest.approx(2)
    assert returns.annualised_return(days) == pytest.approx(1.089 ** (365 / 3) - 1)
    assert returns.best_and_worst_day(days) == pytest.approx((0.1, -0.1))
    assert returns.monthly(days) == pytest.approx({"2024-01": 0.089})


def test_a_day_without_bars_keeps_the_equity_of_the_day_before() -> None:
    whole = run([110, 99, 108.9, 108.9])
    curve = whole.curve
    kept = np.array([0, 1, 3])
    holed = Run(
        **{name: getattr(whole, name) for name in ("trades", "blocked", "signals", "bars")},
        equity_start=whole.equity_start,
        equity_end=whole.equity_end,
        curve=type(curve)(curve.at_ms[kept], curve.equity[kept], curve.exposure[kept]),
    )

    days = returns.days_of(holed)

    assert days is not None
    assert days.returns == pytest.approx([0.1, -0.1, 0, 0.1])


def test_the_tail_is_that_of_the_worst_days() -> None:
    equity = 100 * np.cumprod(1 + np.array([-0.01 * n for n in range(1, 21)]))

    days = returns.days_of(run(equity.tolist()))

    # Of 1 to 20 percent: the 95 % quantile lies at 19.05.
    assert returns.value_at_risk(days) == pytest.approx(0.1905)
    assert returns.expected_shortfall(days) == pytest.approx(0.2)


def test_the_deepest_fall_knows_when_it_began_and_ended() -> None:
    fall = returns.max_drawdown(run([120, 90, 100, 121, 110]))

    assert fall is not None
    assert fall.size == pytest.approx(0.25)
    assert (fall.start, fall.bottom, fall.end) == (START + DAY, START + DAY * 2, START + DAY * 4)
    assert fall.duration == timedelta(days=3)


def test_a_fall_that_did_not_end_lasts_to_the_end_of_the_data() -> None:
    fall = returns.max_drawdown(run([120, 90, 100]))

    assert fall is not None
    assert fall.end is None
    assert fall.duration == timedelta(days=2)


def test_trades_are_measured_as_on_paper() -> None:
    found = dealings_of([trade("10", 1), trade("20", 2), trade("-10", 3), trade("-5", 4, hours=7)])

    assert (found.trades, found.wins, found.losses, found.profit) == (4, 2, 2, Decimal(15))
    assert found.profit_factor == pytest.approx(2)
    assert found.expectancy == Decimal("3.75")
    assert found.payoff == pytest.approx(2)
    assert found.win_rate == 0.5
    assert found.sqn == pytest.approx(2 * 3.75 / np.std([10, 20, -10, -5], ddof=1))
    assert (found.wins_in_a_row, found.losses_in_a_row) == (2, 2)
    assert (found.best_ratio, found.worst_ratio) == (0.2, -0.1)
    assert found.held_mean == timedelta(hours=5.5)
    assert found.held_median == timedelta(hours=5)
    assert found.fees == Decimal("0.4")


def test_the_probability_behind_a_sharpe_ratio_is_that_of_its_authors() -> None:
    days = returns.days_of(run(np.cumprod(np.tile([1.02, 0.99], 50)).tolist(), start="1"))
    assert days is not None
    ratio = days.returns.mean() / days.returns.std(ddof=1)
    # Two values, equally often: no skewness, a kurtosis of one.
    assert luck.probabilistic_sharpe(days) == pytest.approx(luck.NORMAL.cdf(ratio * math.sqrt(99)))


def test_the_published_example_of_the_deflated_sharpe_ratio() -> None:
    """Bailey and Lopez de Prado (2014): 100 trials of variance 1/2 (yearly), 5 years of daily returns, SR* = 0.1132 a day."""
    spread = math.sqrt(0.5 / 250)
    trials = np.array([-1.0, 1.0] * 50)
    trials *= spread / trials.std(ddof=1)

    best = luck.expected_best_sharpe(trials.tolist())

    assert best == pytest.approx(0.1132, abs=5e-5)
    sample = luck.Sample(2.5 / math.sqrt(250), 1250, skewness=-3, kurtosis=10)
    assert luck.credibility(sample, best) == pytest.approx(0.9004, abs=5e-5)


@given(st.floats(0, 0.2), st.floats(0.01, 0.1))
def test_trying_more_never_makes_the_best_of_it_more_credible(drift: float, spread: float) -> None:
    days = returns.days_of(
        run(np.cumprod(1 + drift + np.tile([spread, -spread], 20)).tolist(), start="1")
    )

    credible = [luck.deflated_sharpe(days, [0.0, 0.1] * n) for n in (0, 1, 10, 100)]

    assert None not in credible
    assert credible == sorted(credible, reverse=True, key=lambda each: each or 0)


def test_the_same_seed_redraws_the_same_and_another_differs() -> None:
    made = run([100], [trade(str(n % 7 - 3), n + 1) for n in range(40)])

    assert luck.redraw(made, 200, seed=1) == luck.redraw(made, 200, seed=1)
    assert luck.redraw(made, 200, seed=1) != luck.redraw(made, 200, seed=2)


def test_buying_and_holding_is_the_mean_of_what_the_symbols_did() -> None:
    one, other = shipped(first=1000, bars=50), shipped("binance_SOL-USDT_1h", 1000, 50)
    expected = (one.close[-1] / one.open[0] + other.close[-1] / other.open[0]) / 2 - 1

    assert buy_and_hold([one, other]) == pytest.approx(expected)
    curve = run([100] * 3).curve
    assert held([one], type(curve)(one.opens_ms + 3_600_000, curve.equity, curve.exposure), 100)[
        -1
    ] == pytest.approx(100 * one.close[-1] / one.open[0])


@settings(max_examples=60, deadline=None)
@given(equities, profits)
def test_what_is_undefined_is_none_and_never_a_number_that_is_none(
    equity: list[float], won: list[Decimal]
) -> None:
    made = run(equity, [trade(str(p), n + 1) for n, p in enumerate(won)])

    told = figures(measure(made, []))

    json.dumps(told, allow_nan=False, default=float)
    assert told["trades"] == len(won)
    assert told["wins"] + told["losses"] + sum(p == 0 for p in won) == len(won)
    assert sum(each["profit"] for each in told["by_symbol"].values()) == sum(won)


def test_a_run_without_trades_or_days_has_no_ratio() -> None:
    told = figures(measure(run([]), []))

    for name in (
        "sharpe",
        "sortino",
        "calmar",
        "omega",
        "max_drawdown",
        "win_rate",
        "profit_factor",
    ):
        assert told[name] is None
    assert told["by_symbol"] == {}
    assert by_symbol([]) == {}
