"""A proof is made of rows; it is complete only when every row was made and passed. A row that could not look has failed."""

from dataclasses import dataclass

from interlock.values import Instant


@dataclass(frozen=True, slots=True)
class CheckRow:
    """One check: what was compared, how many things, and what was found. Nothing compared is not a pass.

    `threshold` is what the finding is held against, `code` the reason by which others refused or kept silent, where there is one.
    """

    step: str
    passed: bool
    compared: int
    found: str
    threshold: str = ""
    code: str = ""

    @property
    def holds(self) -> bool:
        """Whether it was made and passed."""
        return self.passed and self.compared > 0


@dataclass(frozen=True, slots=True)
class Complete:
    """Every step was made and passed."""

    rows: tuple[CheckRow, ...]


@dataclass(frozen=True, slots=True)
class Incomplete:
    """The first step that does not hold."""

    step: str
    rows: tuple[CheckRow, ...]


def proof(rows: tuple[CheckRow, ...], steps: tuple[str, ...]) -> Complete | Incomplete:
    """Complete iff every named step has a row, and every row holds; else the first step that does not, in the order given."""
    found = {row.step: row for row in rows}
    for step in steps:
        row = found.get(step)
        if row is None or not row.holds:
            return Incomplete(step, rows)
    return Complete(rows)


def joined(step: str, rows: tuple[CheckRow, ...]) -> CheckRow:
    """One row that holds when all of these do, and says what each of those that do not has found; all of them when all do."""
    bad = tuple(row for row in rows if not row.holds)
    shown = "; ".join(f"{row.step}: {row.found}" for row in bad or rows)
    compared = (
        0 if not rows or any(row.compared == 0 for row in rows) else sum(r.compared for r in rows)
    )
    code = next((row.code for row in bad if row.code), "")
    return CheckRow(step, passed=not bad, compared=compared, found=shown, code=code)


@dataclass(frozen=True, slots=True)
class AuditRun:
    """One audit: every check with what it found, and how long they took; PASS only when each was made and passed."""

    at: Instant
    passed: bool
    rows: tuple[CheckRow, ...]
    took_ms: int = 0
