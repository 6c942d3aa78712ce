"""The two lines that a validation may end with. The line of completion exists in this file alone, and costs a complete proof.

A proof of something else does not buy it: the rows must stand for every phase of the verification or every step of the closeout.
"""

from typing import Final

from interlock.errors import BrokenInvariant
from interlock.evidence.proof import Complete

COMPLETION: Final = "PHASE 6 — EC2 VALIDATION COMPLETE"
BLOCKED: Final = "VALIDATION BLOCKED — "
UNHANDLED: Final = "UNHANDLED_ERROR"
STACK_UP_FAILED: Final = "STACK_UP_FAILED"

CHECKS: Final = ("B", "C.1", "C.2", "D.1", "D.2", "D.3", "E", "F")
PHASES: Final = frozenset(f"PHASE {each}" for each in CHECKS)
STEPS: Final = frozenset(f"STEP {n}" for n in range(1, 8))


def declare(proof: Complete) -> str:
    """The line of completion; raises BrokenInvariant when the proof is not of all phases or all steps."""
    heads = {row.step.partition(":")[0] for row in proof.rows}
    if not all(row.holds for row in proof.rows) or not (heads >= PHASES or heads >= STEPS):
        raise BrokenInvariant("Completion was to be declared without a proof of it.")
    return COMPLETION


def block(step: str) -> str:
    """The line that names the first step that does not hold."""
    return f"{BLOCKED}{step}"
