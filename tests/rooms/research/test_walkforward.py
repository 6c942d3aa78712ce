"""Walk-forward: what is searched ends before what is judged, and what is judged is one account."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.errors import BadInput
from interlock.market import Window
from interlock.research import Fills, Setup, ungridded
from interlock.research.candidates import Candidate, Goal, Grid, Metrics, Result
from interlock.research.pool import tried
from interlock.research.results import EXACT, UNSEEN, Study, continued
from interlock.research.screening import InFloats
from interlock.research.space import space_of
from interlock.research.trial import Account, Exact, Subject, Trial, deflated, figures_of
from interlock.research.walkforward import Walk, Walked, subjects_of, walked
from interlock.risk.limits import Limits
from interlock.strategy.classics import CLASSICS
from interlock.strategy.watchlist import WatchlistRow
from interlock.values import Instant
from tests.rooms.research.toy import MANIFEST, series

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
BARS = series(1, 1920)
SINCE = Instant.of_ms(int(BARS[0].opens_ms[0]))
UNTIL = SINCE + len(BARS[0]) * HOUR
WALK = Walk(20 * DAY, 20 * DAY)
SYMBOL = "C0_USDT"
LOOSE = Limits(
    max_equity_per_trade_pct=Decimal(100),
    max_daily_loss_pct=Decimal(100),
    usd_per_order_max=Decimal(5000),
    exposure_usd_max=Decimal(50000),
    open_per_base_max=1,
    orders_per_base_and_day_max=1000,
    entry_cooldown=timedelta(0),
)
ROW = WatchlistRow(
    SYMBOL,
    alert_enabled=True,
    buy_alert_enabled=True,
    sell_alert_enabled=True,
    trade_enabled=True,
    trade_amount_usd=Decimal(1000),
)
ACCOUNT = Account(
    Setup(limits=LOOSE, fills=Fills(taker_rate=Decimal("0.0005"), maker_rate=Decimal("0.0005"))),
    ROW,
    {SYMBOL: ungridded(SYMBOL, Decimal("1e-8"))},
)
WHOLE = Subject(space_of(CLASSICS["ema-cross"], ["fast=4:12:8", "slow=20:40:20"]), (SYMBOL,))


def walk(study: Study, bars: list[Window]) -> Walked:
    folds = WALK.folds(SINCE, UNTIL)
    trial = Trial(subjects_of({"cross": WHOLE}, folds), ACCOUNT)
    exact = Exact(trial, bars)
    study.keep(EXACT, [tried(exact, each) for each in next(Grid(trial.spaces).batches())])
    return walked(study, (EXACT, EXACT), Goal("sharpe"), folds, exact)


@given(
    st.integers(1, 400),
    st.integers(1, 90),
    st.integers(1, 30),
    st.sampled_from(("rolling", "anchored")),
    st.integers(0, 50),
)
def test_every_fold_is_judged_after_what_it_searched_and_no_bar_is_judged_twice(
    days: int, train: int, test: int, way: str, start: int
) -> None:
    is_anchored, since = way == "anchored", Instant(0) + start * DAY
    walk = Walk(train * DAY, test * DAY, is_anchored)
    if days < train + test:
        with pytest.raises(BadInput, match="no room"):
            walk.folds(since, since + days * DAY)
        return

    folds = walk.folds(since, since + days * DAY)

    assert len(folds) == (days - train) // test
    assert folds[0].train == (since, since + train * DAY)
    for before, fold in pairwise(folds):
        assert fold.test[0] == before.test[1]
    for fold in folds:
        assert fold.train[1] == fold.test[0]
        assert fold.test[1] <= since + days * DAY
        assert fold.train[0] == (since if is_anchored else fold.test[0] - train * DAY)


def test_a_part_decides_nothing_before_it_begins_and_nothing_after_it_ends() -> None:
    part = replace(WHOLE, since=SINCE + 30 * DAY, until=SINCE + 60 * DAY)
    exact = Exact(Trial({"part": part}, ACCOUNT), BARS)

    run = exact.run(Candidate(0, "part", {"fast": 4, "slow": 20}), ACCOUNT.setup)

    assert run.trades
    assert all(
        SINCE + 30 * DAY <= t.opened_at < t.closed_at <= SINCE + 60 * DAY for t in run.trades
    )
    assert len(run.curve.at_ms) == 30 * 24
    assert run.curve.equity[-1] == pytest.approx(float(run.equity_end))


def test_what_comes_later_changes_nothing_of_what_was_searched(tmp_path: Path) -> None:
    folds = WALK.folds(SINCE, UNTIL)
    bent = [_from(BARS[0], folds[0].test[0], 1.7)]

    with continued(tmp_path / "one.sqlite", MANIFEST) as study:
        one = walk(study, BARS)
        searched = [row for row in study.rows(EXACT) if row.subject.endswith("fold 1")]
    with continued(tmp_path / "other.sqlite", MANIFEST) as study:
        other = walk(study, bent)
        again = [row for row in study.rows(EXACT) if row.subject.endswith("fold 1")]

    assert [(r.params, r.metrics) for r in searched] == [(r.params, r.metrics) for r in again]
    assert one.steps[0].chosen == other.steps[0].chosen
    assert one.steps[0].unseen != other.steps[0].unseen


def test_the_unseen_parts_are_one_account_and_their_figures_are_kept(tmp_path: Path) -> None:
    with continued(tmp_path / "one.sqlite", MANIFEST) as study:
        found = walk(study, BARS)
        kept = study.rows(UNSEEN)
        again = walked(
            study, (EXACT, EXACT), Goal("sharpe"), WALK.folds(SINCE, UNTIL), _exact(BARS)
        )

    curve = found.run.curve
    assert len(found.steps) == 3
    assert (np.diff(curve.at_ms) == 3_600_000).all()
    assert curve.at_ms[0] == found.steps[0].fold.test[0].ms + 3_600_000
    gained = sum(float(trade.profit) for trade in found.run.trades)
    assert float(found.run.equity_end) - 10000 == pytest.approx(gained)
    assert curve.equity[-1] == pytest.approx(float(found.run.equity_end))
    assert found.tried == 4 * len(found.steps)
    assert [row.figures for row in kept] == [_plain(step.unseen) for step in found.steps]
    assert again.figures == found.figures


def test_a_parameter_that_moves_is_told_with_how_far_it_moves(tmp_path: Path) -> None:
    with continued(tmp_path / "one.sqlite", MANIFEST) as study:
        found = walk(study, BARS)

    for name, width in (("fast", 8), ("slow", 20)):
        steady = next(each for each in found.steady if each.name == name)
        values = [float(step.chosen.params[name]) for step in found.steps]
        assert steady.values == tuple(values)
        assert steady.covered == (max(values) - min(values)) / width
        assert steady.mean == pytest.approx(np.mean(values))


def test_a_fold_in_which_nothing_has_the_figure_is_told(tmp_path: Path) -> None:
    folds = WALK.folds(SINCE, UNTIL)
    with continued(tmp_path / "one.sqlite", MANIFEST) as study:
        study.keep(EXACT, [Result(Candidate(0, "cross | fold 1", {"fast": 4}), {}, "no", 0.0)])
        with pytest.raises(BadInput, match="Of 1 candidates none has sharpe in fold 1"):
            walked(study, (EXACT, EXACT), Goal("sharpe"), folds, _exact(BARS))


def test_screened_figures_are_those_of_the_exact_run_as_far_as_trades_go() -> None:
    part = replace(WHOLE, since=SINCE + 30 * DAY, until=SINCE + 75 * DAY)
    trial = Trial({"whole": WHOLE, "part": part}, ACCOUNT)
    exact, screened = Exact(trial, BARS), InFloats(trial)(BARS)

    for candidate in next(Grid(trial.spaces).batches()):
        one, other = exact(candidate), screened(candidate)
        assert one["trades"] == other["trades"]
        assert one["trades"]
        for name in ("profit", "win_rate", "profit_factor", "total_return", "days"):
            assert other[name] == pytest.approx(one[name], abs=1e-6), name


def test_the_more_was_tried_the_less_the_best_is_believed() -> None:
    figures = figures_of(
        Exact(Trial({"whole": WHOLE}, ACCOUNT), BARS).run(
            Candidate(0, "whole", {"fast": 4, "slow": 20}), ACCOUNT.setup
        )
    )
    few, many = (
        deflated(figures, np.linspace(-0.1, 0.1, count).tolist() * 10) for count in (2, 200)
    )

    assert few is not None
    assert many is not None
    assert many < few <= 1
    assert deflated({**figures, "sharpe_daily": None}, [0.1]) is None


def _exact(bars: list[Window]) -> Exact:
    trial = Trial(subjects_of({"cross": WHOLE}, WALK.folds(SINCE, UNTIL)), ACCOUNT)
    return Exact(trial, bars)


def _from(window: Window, at: Instant, factor: float) -> Window:
    """The bars, other ones from an instant on."""
    later = window.opens_ms >= at.ms
    wave = np.where(later, factor + np.sin(np.arange(len(window)) / 5) / 10, 1.0)
    prices = {name: getattr(window, name) * wave for name in ("open", "high", "low", "close")}
    return replace(window, **prices)


def _plain(figures: Metrics) -> Mapping[str, object]:
    return dict(figures)
