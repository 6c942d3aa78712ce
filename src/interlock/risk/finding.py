"""What a rule says: what it found, what it would have admitted, and, when it says no, its code and its sentence.

`found` is shown with at most four decimals, rounded away from the limit, so that it never looks equal to it; rules compare exact values.
"""

from collections.abc import Callable, Iterable
from datetime import timedelta
from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal, DivisionByZero, Inexact
from decimal import InvalidOperation as NoNumber
from functools import lru_cache
from typing import Final, NamedTuple, TypeVar

from interlock.errors import InterlockError
from interlock.risk.verdict import Objection
from interlock.values import number_text

MISSING: Final = "missing"
RAISED: Final = "raised"
NOT_ASKED: Final = "not evaluated"
PLACES: Final = Decimal("0.0001")
MICROS_SHOWN: Final = 100
_MICRO: Final = timedelta(microseconds=1)
# Products are exact or raise, and what raises says no; quotients are only shown, rounded as `shown` says.
_EXACT: Final = Context(prec=200, traps=[NoNumber, Inexact])
_UP: Final = Context(prec=200, rounding=ROUND_CEILING, traps=[NoNumber, DivisionByZero])
_DOWN: Final = Context(prec=200, rounding=ROUND_FLOOR, traps=[NoNumber, DivisionByZero])

# What a rule raises that meets what it cannot read; anything else is a defect, and ends the transaction with nothing written.
TROUBLE: Final = (
    ArithmeticError,
    AttributeError,
    InterlockError,
    LookupError,
    TypeError,
    ValueError,
)
Asked = TypeVar("Asked")


class Said(NamedTuple):
    """The answer of one rule; it objects iff there is a `reason`. One that could not be asked has not passed.

    A tuple, because every decision makes fifty of them.
    """

    found: str
    limit: str
    code: str = ""
    reason: str = ""

    @property
    def passed(self) -> bool:
        """Whether the rule was asked and admits."""
        return not self.reason and self.found != NOT_ASKED


Rule = tuple[str, str, Callable[[Asked], Said]]
"""A rule by its name, the code that is stored when it raises, and what it asks."""


class Finding(NamedTuple):
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
    return tuple([each.objection() for each in findings if each.said.reason])


def objections(findings: tuple[Finding, ...]) -> tuple[Objection, ...]:
    """Every no, in order; where none says no, whatever could not be asked: it has not passed."""
    unasked = [each.objection() for each in findings if each.said.found == NOT_ASKED]
    return noes(findings) or tuple(unasked)


def answers(rules: Iterable[Rule[Asked]], asked: Asked) -> tuple[Finding, ...]:
    """What each rule says, in order; one that raises says no, with its own code."""
    told: list[Finding] = []
    for name, code, ask in rules:
        try:
            said = ask(asked)
        except TROUBLE as error:
            reason = f"Rule {name} could not be evaluated: {type(error).__name__}."
            said = Said(RAISED, NOT_ASKED, code, reason)
        told.append(Finding(name, said))
    return tuple(told)


def shown(found: Decimal, limit: Decimal) -> str:
    """`found` as text, at most four decimals, rounded away from `limit`."""
    away = _UP if found > limit else _DOWN
    return number_text(found.quantize(PLACES, context=away))


def percent(part: Decimal, whole: Decimal, limit: Decimal) -> tuple[str, int]:
    """`part` of `whole` (above zero) in percent, as `shown`; and below (-1), at (0) or above (1) `limit`, compared exactly."""
    hundredfold = _EXACT.multiply(part, Decimal(100))
    side = int(_EXACT.compare(hundredfold, _EXACT.multiply(limit, whole)))
    away = _UP if side > 0 else _DOWN
    return number_text(away.divide(hundredfold, whole).quantize(PLACES, context=away)), side


def exact_sum(*amounts: Decimal) -> Decimal:
    """The sum to its last digit, or nothing: what cannot be held exactly raises."""
    total = Decimal(0)
    for amount in amounts:
        total = _EXACT.add(total, amount)
    return total


@lru_cache(256)
def limit_text(limit: Decimal) -> str:
    """The text of a limit: there are few of them, and each is told with every answer."""
    return number_text(limit)


@lru_cache(256)
def span_text(limit: timedelta) -> str:
    """The text of a limit of time, in seconds."""
    return number_text(seconds(limit))


def age_text(age: timedelta, limit: timedelta) -> str:
    """An age in seconds, as `shown`."""
    micros = age // _MICRO
    units = -(-micros // MICROS_SHOWN) if age > limit else micros // MICROS_SHOWN
    return number_text(Decimal(units).scaleb(-4))


def seconds(span: timedelta) -> Decimal:
    """A span of time in seconds, exact to the microsecond."""
    return Decimal(span // _MICRO).scaleb(-6)
