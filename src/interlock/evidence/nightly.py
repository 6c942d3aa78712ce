"""The nightly audit as a whole: its steps in their order, its verdict, and the one sentence that the owner hears of a failure.

The account stands before the orders, so that an authentication failure bears the name that the runbook gives it.
"""

from dataclasses import dataclass, replace
from typing import Final

from interlock.evidence.proof import CheckRow, Incomplete, proof

STACK_UP: Final = "ensure_stack_up"
BACKEND_READY: Final = "backend_ready"
STEPS: Final = (
    "verify_no_public_ports",
    "health_guard",
    "stability_check",
    "portfolio_consistency_check",
    "reconcile_order_intents",
)
WHOLE: Final = (STACK_UP, BACKEND_READY, *STEPS)


@dataclass(frozen=True, slots=True)
class Alert:
    """What the owner must hear of, and since when (ISO 8601)."""

    message: str
    at: str


def failing_step(rows: tuple[CheckRow, ...]) -> str | None:
    """The first step that does not hold; None when all were made and passed."""
    found = proof(rows, WHOLE)
    return found.step if isinstance(found, Incomplete) else None


def message(step: str, git: str) -> str:
    """The one sentence; `git` is the short hash of what is deployed."""
    return f"Nightly integrity FAIL: {step} | git: {git}"


def with_alert(pending: tuple[Alert, ...], alert: Alert) -> tuple[Alert, ...]:
    """The alerts that nobody heard, with one more; one that waits already keeps its time."""
    known = any(each.message == alert.message for each in pending)
    return pending if known else (*pending, alert)


def step_row(step: str, exit_code: int, said: str, row: CheckRow | None) -> CheckRow:
    """What a step's script proved. It says PASS and nothing else, ends with 0, and hands over the row that says what it compared."""
    if row is None or row.step != step:
        found = f"exit {exit_code}, and it does not tell what it compared"
        return CheckRow(step, passed=False, compared=0, found=found)
    if (exit_code, said) == (0, "PASS\n") and row.holds:
        return row
    return replace(row, passed=False)
