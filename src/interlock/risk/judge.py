"""The judge: every rule is asked, and only when none objects is a proposal approved. Approved is made here and nowhere else.

An order that was not judged cannot be expressed. What could not be asked has not passed.
"""

from interlock.risk.finding import Finding, noes, objections
from interlock.risk.guard import examine_guard
from interlock.risk.order_rules import examine_order
from interlock.risk.question import GuardQuestion, Question
from interlock.risk.verdict import Approved, Blocked, Objection
from interlock.strategy.proposal import Proposal, Purpose
from interlock.strategy.sizing import Unsized


def judge(question: Question) -> Approved | Blocked:
    """The verdict on this wish at this instant: approved, or blocked with all objections, gravest first."""
    findings = examine(question)
    if isinstance(question.wish, Unsized):
        return Blocked(None, question.at, _unsized(question.wish, noes(findings)))
    found = objections(findings)
    if found:
        return Blocked(question.wish, question.at, found)
    return Approved(question.wish, question.at)


def examine(question: Question) -> tuple[Finding, ...]:
    """What every rule that binds said of it, passed or not: the order's rules, then, for an entry, the guard's."""
    wish = question.wish
    order = examine_order(question)
    if isinstance(wish, Proposal) and wish.purpose is Purpose.ENTRY:
        return order + examine_guard(question.guard(wish))
    return order


def judge_guard(question: GuardQuestion) -> tuple[Objection, ...]:
    """Every objection of the risk guard, in the order A, SIZE, EQUITY, B, C, D, E, F; none means allowed."""
    return objections(examine_guard(question))


def _unsized(wish: Unsized, found: tuple[Objection, ...]) -> tuple[Objection, ...]:
    """The objections to a wish that never became an order: what kept it from becoming one is always among them."""
    if any(objection.code == wish.code for objection in found):
        return found
    return (*found, Objection("SIZING", wish.code, wish.found, wish.limit, wish.reason))
