"""The night's verdict: complete or the first step that is not, in the order of the runbook; a step is its script's PASS and its row."""

from itertools import product

import pytest

from interlock.evidence.nightly import WHOLE, Alert, failing_step, message, step_row, with_alert
from interlock.evidence.proof import CheckRow, joined

ALL = tuple(CheckRow(step, passed=True, compared=1, found="") for step in WHOLE)
ROW = CheckRow("health_guard", passed=True, compared=3, found="well")


def test_all_steps_made_and_passed_fail_nowhere() -> None:
    assert failing_step(ALL) is None


@pytest.mark.parametrize("step", WHOLE)
def test_a_step_that_was_not_made_is_the_one_that_failed(step: str) -> None:
    assert failing_step(ALL[: WHOLE.index(step)]) == step


def test_the_sentence_is_the_runbooks() -> None:
    said = message("portfolio_consistency_check", "abc1234")

    assert said == "Nightly integrity FAIL: portfolio_consistency_check | git: abc1234"


def test_only_pass_alone_with_exit_0_and_a_row_that_holds_is_a_pass() -> None:
    said = ("PASS\n", "PASS", "", "FAIL\n", "PASS\nPASS\n", "ok\nPASS\n")
    rows = (ROW, None, CheckRow("health_guard", passed=True, compared=0, found=""), ALL[0])

    holding = [
        (code, text, row)
        for code, text, row in product((0, 1), said, rows)
        if step_row("health_guard", code, text, row).holds
    ]

    assert holding == [(0, "PASS\n", ROW)]


def test_an_alert_that_waits_already_keeps_its_time() -> None:
    first, again, other = Alert("a", "1"), Alert("a", "2"), Alert("b", "3")

    assert with_alert(with_alert((first,), again), other) == (first, other)


def test_rows_put_together_hold_when_each_does_and_name_those_that_do_not() -> None:
    bad = CheckRow("worse", passed=False, compared=2, found="broken", code="40101")

    assert joined("all", ALL).holds
    assert joined("all", (*ALL, bad)) == CheckRow(
        "all", passed=False, compared=9, found="worse: broken", code="40101"
    )
    assert not joined("all", ()).holds
    assert joined("all", (ROW, CheckRow("none", passed=True, compared=0, found=""))).compared == 0
