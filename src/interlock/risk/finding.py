"""What a rule says: what it found, what it would have admitted, and, when it says no, its code and its sentence.

`found` is shown with at most four decimals, rounded away from the limit, so that it never looks equal to it; rules compare exact values.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Final, TypeVar

from interlock.errors import InterlockError
from interlock.risk.verdict import Objection
from interlock.values import number_text

MISSING: Final = "missing"
RAISED: Final = "raised"
NOT_ASKED: Final = "not evaluated"
PLACES: Final = 10_000

Asked = TypeVar("Asked")


@dataclass(frozen=True, slots=True)
class Said:
    """The answer of one rule; it objects iff there is a `reason`. One that could not be asked has not passed."""

    found: str
    limit: str
    code: str = ""
    reason: str = ""

    @property
    def passed(self) -> bool:
        """Whether the rule was asked and admits."""
        return not self.reason and self.found != NOT_ASKED


@dataclass(frozen=True, slots=True)
class Finding:
    """One row of a decision record: a rule by its name, and what it said."""

    rule: str
    said: Said

    @property
    def objects(self) -> bool:
        """Whether this rule says no."""
        return bool(self.said.reason)

    def objection(self) -> Objection:
        """The no of this rule, as a verdict keeps it."""
        said = self.said
        code = said.code or "GUARDRAIL_BLOCKED"
        reason = said.reason or f"Rule {self.rule} could not be asked."
        return Objection(self.rule, code, said.found, said.limit, reason)


def noes(findings: tuple[Finding, ...]) -> tuple[Objection, ...]:
    """Every no among the findings, in their order."""
    return tuple(each.objection() for each in findings if each.objects)


def objections(findings: tuple[Finding, ...]) -> tuple[Objection, ...]:
    """Every no, in order; where none says no, whatever could not be asked: it has not passed."""
    unasked = (each.objection() for each in findings if not each.said.passed)
    return noes(findings) or tuple(unasked)


def answer(name: str, code: str, rule: Callable[[Asked], Said], asked: Asked) -> Finding:
    """What a rule says; one that raises says no. `code` is the stored reason code of a rule that raises."""
    try:
        return Finding(name, rule(asked))
    except (
        ArithmeticError,
        AttributeError,
        InterlockError,
        LookupError,
        TypeError,
        ValueError,
    ) as error:
        reason = f"Rule {name} could not be evaluated: {type(error).__name__}."
        return Finding(name, Said(RAISED, NOT_ASKED, code, reason))


def shown(found: Decimal | Fraction, limit: Decimal | Fraction) -> str:
    """`found` as text, at most four decimals, rounded away from `limit`."""
    exact = Fraction(found)
    scaled = exact * PLACES
    away = math.ceil(scaled) if exact > Fraction(limit) else math.floor(scaled)
    return number_text(Decimal(away) / PLACES)


def seconds(span: timedelta) -> Decimal:
    """A span of time in seconds, exact to the microsecond."""
    return Decimal(span // timedelta(microseconds=1)) / 1_000_000
