"""A proof is made of rows; it is complete only when every row was made and passed. A row that could not look has failed."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CheckRow:
    """One check: what was compared, how many things, and what was found. Nothing compared is not a pass."""

    step: str
    passed: bool
    compared: int
    found: str

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
