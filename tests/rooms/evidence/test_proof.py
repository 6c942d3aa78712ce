"""A proof is complete only when every step was made and passed."""

from interlock.evidence.proof import CheckRow, Complete, Incomplete, proof

STEPS = ("first", "second")


def row(step: str, *, passed: bool = True, compared: int = 1) -> CheckRow:
    return CheckRow(step, passed=passed, compared=compared, found="")


def test_all_steps_made_and_passed_are_complete() -> None:
    assert isinstance(proof((row("first"), row("second")), STEPS), Complete)


def test_the_first_step_that_fails_is_named_in_the_order_of_the_steps() -> None:
    rows = (row("second", passed=False), row("first", passed=False))
    found = proof(rows, STEPS)

    assert isinstance(found, Incomplete)
    assert found.step == "first"


def test_a_step_that_was_not_made_or_compared_nothing_has_failed() -> None:
    assert isinstance(proof((row("first"),), STEPS), Incomplete)
    assert isinstance(proof((row("first"), row("second", compared=0)), STEPS), Incomplete)
