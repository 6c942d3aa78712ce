"""Whether the market's word is known, young, believable, and what the owner wants to pay; and whether clocks agree on what is young."""

from datetime import timedelta
from decimal import Decimal
from typing import Final

from interlock.market import Stale, freshness
from interlock.risk.finding import (
    MISSING,
    NOT_ASKED,
    Said,
    age_text,
    limit_text,
    percent,
    shown,
    span_text,
)
from interlock.risk.guard import CODE
from interlock.risk.question import Question
from interlock.strategy.proposal import Proposal
from interlock.strategy.sizing import collar
from interlock.values import Unknown, number_text

STALE: Final = "MARKET_DATA_STALE"
ABSENT: Final = "DATA_MISSING"


def price_age(asked: Question) -> Said:
    """The live price is young; one from the future is not."""
    most = asked.limits.price_age_max
    limit = span_text(most)
    tick = asked.facts.tick
    if isinstance(tick, Unknown):
        return Said(MISSING, limit, STALE, f"The price of {asked.symbol} is unknown: {tick.why}.")
    if tick.value.symbol != asked.symbol:
        return Said(MISSING, limit, STALE, f"The price is that of {tick.value.symbol}.")
    age = freshness(tick.value.at, asked.at, most)
    found = age_text(age.age, most)
    if isinstance(age, Stale):
        return Said(found, limit, STALE, f"The price of {asked.symbol} is {found} s old.")
    return Said(found, limit)


def bar_age(asked: Question) -> Said:
    """The bar that was decided is closed, and ended just now."""
    most = asked.limits.bar_age_max
    limit = span_text(most)
    ended = asked.facts.bar_ended
    if isinstance(ended, Unknown):
        return Said(MISSING, limit, STALE, f"The newest bar is unknown: {ended.why}.")
    age = asked.at - ended
    found = age_text(age, most)
    if timedelta(0) <= age <= most:
        return Said(found, limit)
    return Said(found, limit, STALE, f"The bar that was decided ended {found} s ago.")


def indicators(asked: Question) -> Said:
    """EMA10 and MA50 of the decided bar are numbers."""
    if asked.facts.indicators_known:
        return Said("known", "known")
    return Said(MISSING, "known", ABSENT, "EMA10 and MA50 of the decided bar are not both known.")


def ask_price(asked: Question) -> Said:
    """The ask is known and not above the owner's buy target."""
    tick, row = asked.facts.tick, asked.facts.row
    ask = None if isinstance(tick, Unknown) else tick.value.ask
    target = None if row is None else row.buy_target
    limit = "none" if target is None else number_text(target)
    if ask is None:
        return Said(MISSING, limit, ABSENT, f"The ask of {asked.symbol} is not known.")
    found = number_text(ask)
    if target is None or ask <= target:
        return Said(found, limit)
    reason = f"The ask {found} is above the buy target {limit}."
    return Said(found, limit, "PRICE_ABOVE_BUY_TARGET", reason)


def no_jump(asked: Question) -> Said:
    """Last price and ask are near the close of the bar that was decided: a price that jumped is not believed."""
    most = asked.limits.price_jump_pct_max
    limit = limit_text(most)
    tick, close = asked.facts.tick, asked.facts.close
    if isinstance(tick, Unknown) or isinstance(close, Unknown) or not close > 0:
        reason = f"The price of {asked.symbol} cannot be compared with the decided bar."
        return Said(MISSING, limit, ABSENT, reason)
    prices = (price for price in (tick.value.last, tick.value.ask) if price is not None)
    found, side = percent(max(abs(price - close) for price in prices), close, most)
    if side <= 0:
        return Said(found, limit)
    reason = f"The price is {found} % away from the close {number_text(close)} of its bar."
    return Said(found, limit, "SAFETY_GUARD", reason)


def clocks_agree(asked: Question) -> Said:
    """The exchange's clock is near ours, since every age is taken on them; one that was not read lately is `RISK_GUARD_BLOCKED`."""
    most, known = asked.limits.clock_skew_max, asked.standing.clock
    limit = span_text(most)
    if isinstance(known, Unknown):
        return Said(MISSING, limit, CODE, f"The clocks cannot be compared: {known.why}.")
    if isinstance(freshness(known.as_of, asked.at, asked.limits.equity_age_max), Stale):
        return Said(MISSING, limit, CODE, "The clocks were compared too long ago.")
    skew = abs(known.value)
    found = age_text(skew, most)
    if skew <= most:
        return Said(found, limit)
    return Said(found, limit, "SAFETY_GUARD", f"The exchange's clock is {found} s from ours.")


def inside_collar(asked: Question, proposal: Proposal) -> Said:
    """The limit is at most the ask with its slippage, and never above the buy target."""
    tick, row = asked.facts.tick, asked.facts.row
    if isinstance(tick, Unknown) or tick.value.ask is None or proposal.limit is None:
        return Said(NOT_ASKED, NOT_ASKED)
    tops: list[Decimal] = [collar(tick.value.ask, asked.limits.entry_slippage_pct_max)]
    if row is not None and row.buy_target is not None:
        tops.append(row.buy_target)
    found, limit = shown(proposal.limit.rate, min(tops)), number_text(min(tops))
    if proposal.limit.rate <= min(tops):
        return Said(found, limit)
    reason = f"The limit {found} is above the collar {limit}."
    return Said(found, limit, "PRICE_NOT_IN_RANGE", reason)
