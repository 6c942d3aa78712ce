"""What the comparison page says of both bots, as promises: its figures are not luck of one table."""

from decimal import Decimal

import pytest

from interlock.rehearsal.script import WHOLE, Script
from tests.rehearsal.comparison import FALLS, TRIALS, Trial, lost, naive, ours
from tests.rehearsal.sweep import quietly


@pytest.fixture(autouse=True)
def _quiet() -> None:
    quietly()


@pytest.mark.parametrize("trial", TRIALS, ids=lambda trial: trial.title)
def test_ours_knows_each_order_books_each_fill_and_buys_once_in_every_trial(trial: Trial) -> None:
    found = ours(trial)

    assert found.known == found.accepted <= 1
    assert found.duplicates == found.wrong_fills == 0


@pytest.mark.parametrize("script", [WHOLE, FALLS], ids=lambda script: script.name)
def test_the_baseline_is_a_fair_one_when_nothing_goes_wrong(script: Script) -> None:
    found = naive(Trial("nothing", script=script))

    assert (found.accepted, found.known, found.duplicates, found.wrong_fills) == (1, 1, 0, 0)
    assert (found.naked, found.at_risk) == (0, Decimal(0))


@pytest.mark.parametrize("count", [1, 3, 7])
def test_so_many_lost_acknowledgements_cost_the_baseline_as_many_orders_more(count: int) -> None:
    assert naive(lost(count, WHOLE)).accepted == count + 1
