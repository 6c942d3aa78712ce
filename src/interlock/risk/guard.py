"""The risk guard: rules A, SIZE, EQUITY, B, C, D, E, F, in this order. Each is pure and answers alone.

They bind entries, spot and margin. What cannot be known is blocked: unknown figures are a reason, never a zero, and B to F are
not asked without them. Percentages are compared as exact fractions; every rule is written "allowed iff x <= limit".
"""

from collections.abc import Callable
from decimal import Decimal
from typing import Final

from interlock.account import Margin
from interlock.market import Stale, freshness
from interlock.risk.finding import (
    MISSING,
    NOT_ASKED,
    Finding,
    Said,
    age_text,
    answers,
    exact_sum,
    limit_text,
    percent,
    shown,
    span_text,
)
from interlock.risk.question import GuardQuestion
from interlock.values import Unknown, number_text

CODE: Final = "RISK_GUARD_BLOCKED"
CLEAR: Final = "clear"
SPOT: Final = "spot"
LATCHED: Final = "latched"

Ask = Callable[[GuardQuestion], Said]


def trading_is_on(asked: GuardQuestion) -> Said:
    """No kill switch is engaged or unreadable, and the environment lets us trade."""
    switch = asked.switches.closed_by()
    if switch is None:
        return Said(CLEAR, CLEAR)
    return _no(switch, CLEAR, f"Trading is off: {switch.replace('_', ' ')}.")


def size_is_sane(asked: GuardQuestion) -> Said:
    """No order is worth more than the largest that can be meant."""
    most = asked.limits.max_order_notional_usd
    found, limit = shown(asked.value, most), limit_text(most)
    if asked.value <= most:
        return Said(found, limit)
    return _no(found, limit, f"The order is worth {found}, more than {limit}.")


def figures_are_known(asked: GuardQuestion) -> Said:
    """Equity, exposure and daily loss are known, and young."""
    most = asked.limits.equity_age_max
    limit = span_text(most)
    if isinstance(asked.figures, Unknown):
        return _no(MISSING, limit, f"The account's figures are unknown: {asked.figures.why}.")
    age = freshness(asked.figures.as_of, asked.at, most)
    found = age_text(age.age, most)
    if isinstance(age, Stale):
        return _no(found, limit, f"The account's figures are {found} s old.")
    return Said(found, limit)


def leverage_is_capped(asked: GuardQuestion) -> Said:
    """Margin may reach the leverage cap, never pass it, and names its leverage; spot has none."""
    cap = asked.limits.max_leverage
    limit = limit_text(cap)
    match asked.funding:
        case Margin(None):
            return _no(MISSING, limit, "A margin order names no leverage.")
        case Margin(Decimal() as leverage) if leverage < 1:
            found = shown(leverage, cap)
            return _no(found, "1", f"Leverage {found} is below 1.")
        case Margin(Decimal() as leverage):
            found = shown(leverage, cap)
            if leverage <= cap:
                return Said(found, limit)
            return _no(found, limit, f"Leverage {found} is above {limit}.")
        case _:
            return Said(SPOT, limit)


def share_of_equity_is_small(asked: GuardQuestion) -> Said:
    """One trade risks at most its share of equity; without equity there is no trade."""
    cap = asked.limits.max_equity_per_trade_pct
    limit = limit_text(cap)
    if not asked.known.equity > 0:
        found = number_text(asked.known.equity)
        return _no(found, limit, f"Equity is {found}: nothing may be risked.")
    found, side = percent(asked.value, asked.known.equity, cap)
    if side <= 0:
        return Said(found, limit)
    return _no(found, limit, f"The order is {found} % of equity, more than {limit} %.")


def margin_exposure_is_capped(asked: GuardQuestion) -> Said:
    """All margin exposure, this order and those in flight included, stays within its share of equity."""
    cap = asked.limits.max_total_margin_exposure_pct
    limit = limit_text(cap)
    if not asked.known.equity > 0:
        return Said(NOT_ASKED, limit)
    own = asked.value if isinstance(asked.funding, Margin) else Decimal(0)
    total = exact_sum(asked.known.exposure, own, asked.margin_in_flight)
    found, side = percent(total, asked.known.equity, cap)
    if side <= 0:
        return Said(found, limit)
    return _no(found, limit, f"Margin exposure would be {found} % of equity, more than {limit} %.")


def liquidation_is_far(asked: GuardQuestion) -> Said:
    """The price may move by the buffer before a margin position is liquidated: 100 / leverage, in percent."""
    least = asked.limits.min_liquidation_buffer_pct
    limit = limit_text(least)
    match asked.funding:
        case Margin(None):
            return Said(NOT_ASKED, limit)
        case Margin(Decimal() as leverage) if leverage < 1:
            return Said(NOT_ASKED, limit)
        case Margin(Decimal() as leverage):
            found, side = percent(Decimal(1), leverage, least)
            if side >= 0:
                return Said(found, limit)
            return _no(found, limit, f"The liquidation buffer is {found} %, less than {limit} %.")
        case _:
            return Said(SPOT, limit)


def day_is_not_lost(asked: GuardQuestion) -> Said:
    """The day's loss is below its limit, and was all day."""
    cap = asked.limits.max_daily_loss_pct
    limit = limit_text(cap)
    if asked.latched:
        return _no(LATCHED, limit, f"The daily loss limit of {limit} % was reached today.")
    found = shown(asked.known.daily_loss_pct, cap)
    if asked.known.daily_loss_pct < cap:
        return Said(found, limit)
    return _no(found, limit, f"Today's loss is {found} %, the limit is {limit} %.")


BEFORE: Final[tuple[tuple[str, Ask], ...]] = (
    ("A", trading_is_on),
    ("SIZE", size_is_sane),
    ("EQUITY", figures_are_known),
)
WITH_FIGURES: Final[tuple[tuple[str, Ask], ...]] = (
    ("B", leverage_is_capped),
    ("C", share_of_equity_is_small),
    ("D", margin_exposure_is_capped),
    ("E", liquidation_is_far),
    ("F", day_is_not_lost),
)
RULES: Final = BEFORE + WITH_FIGURES
_FIRST: Final = tuple((name, CODE, ask) for name, ask in BEFORE)
_THEN: Final = tuple((name, CODE, ask) for name, ask in WITH_FIGURES)


def examine_guard(asked: GuardQuestion) -> tuple[Finding, ...]:
    """What every rule of the guard says of this question; B to F are asked once the figures are known."""
    first = answers(_FIRST, asked)
    if first[-1].objects:
        not_asked = Said(NOT_ASKED, NOT_ASKED)
        return first + tuple(Finding(name, not_asked) for name, _ in WITH_FIGURES)
    return first + answers(_THEN, asked)


def _no(found: str, limit: str, reason: str) -> Said:
    return Said(found, limit, CODE, reason)
