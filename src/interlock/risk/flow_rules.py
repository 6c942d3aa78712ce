"""Whether orders still flow as a person means them to: no wish twice, none against our own, not too often, not too much in all."""

from decimal import Decimal
from typing import Final

from interlock.account import Margin
from interlock.risk.finding import Said, limit_text, shown
from interlock.risk.guard import SPOT
from interlock.risk.question import Question
from interlock.strategy.proposal import Proposal
from interlock.values import Side, number_text

STAGE_USD: Final = Decimal(10)
STAGE_ORDERS: Final = 20
REPEATED_EXECUTION: Final = "REPEATED_EXECUTION"
BLOCKED: Final = "GUARDRAIL_BLOCKED"


def asked_once(asked: Question, proposal: Proposal) -> Said:
    """The same wish was not asked for before: its key names it for ever."""
    if proposal.key not in asked.standing.entry_keys:
        return Said("0", "0")
    reason = f"The entry {proposal.key} was asked for before."
    return Said("1", "0", "IDEMPOTENCY_BLOCKED", reason)


def no_self_cross(asked: Question, proposal: Proposal) -> Said:
    """No sell order of our own rests where this entry would meet it."""
    theirs = [
        i.limit
        for i in asked.standing.in_flight
        if i.symbol == asked.symbol and i.side is Side.SELL and i.limit is not None
    ]
    if not theirs or proposal.limit is None:
        return Said("none", "none")
    rate, lowest = proposal.limit.rate, min(theirs)
    found, limit = shown(rate, lowest), number_text(lowest)
    if rate < lowest:
        return Said(found, limit)
    reason = f"The limit {found} would meet our own sell order at {limit}."
    return Said(found, limit, "ALREADY_HAS_OPEN_ORDER", reason)


def first_stage(asked: Question, proposal: Proposal) -> Said:
    """After arming LIVE orders are small, with one position at a time, until a person widens the stage."""
    stage = asked.standing.stage
    limit = f"{STAGE_USD} and no position"
    if stage is None:
        return Said("widened", limit)
    value, held = proposal.value.amount, asked.standing.open_positions()
    found = f"{shown(value, STAGE_USD)} and {held} positions"
    if value <= STAGE_USD and held == 0:
        return Said(found, limit)
    reason = (
        f"In the first stage an order is of {STAGE_USD} at most with one position at a time; "
        f"{stage.made} of its {STAGE_ORDERS} orders were made."
    )
    return Said(found, limit, BLOCKED, reason)


def message_rate(asked: Question) -> Said:
    """The last minute has room for one more request to the exchange."""
    made, most = asked.standing.messages, asked.limits.messages_max
    if made < most:
        return Said(str(made), str(most))
    reason = f"{made} requests were made within a minute, and {most} is the most."
    return Said(str(made), str(most), BLOCKED, reason)


def few_executions(asked: Question) -> Said:
    """The last hour had few entries that bought; too many stop entering until a person arms anew."""
    made, most = asked.standing.executions, asked.limits.executions_max
    if asked.standing.disarmed is not None:
        return Said("disarmed", str(most), BLOCKED, asked.standing.disarmed)
    if made < most:
        return Said(str(made), str(most))
    reason = f"{made} entries bought within an hour: a person must arm anew."
    return Said(str(made), str(most), BLOCKED, reason)


def exposure_cap(asked: Question, proposal: Proposal) -> Said:
    """All that open lots cost, entries in flight may cost and this order would cost stays within the cap."""
    total = asked.standing.committed() + proposal.value.amount
    return _capped(total, asked.limits.exposure_usd_max, "would be committed")


def margin_cap(asked: Question, proposal: Proposal) -> Said:
    """All that is committed on margin, this order included, stays within the cap."""
    if not isinstance(proposal.funding, Margin):
        return Said(SPOT, limit_text(asked.limits.margin_usd_max))
    total = asked.standing.margin_committed() + proposal.value.amount
    return _capped(total, asked.limits.margin_usd_max, "would be committed on margin")


def _capped(total: Decimal, cap: Decimal, would: str) -> Said:
    found, limit = shown(total, cap), limit_text(cap)
    if total <= cap:
        return Said(found, limit)
    return Said(found, limit, BLOCKED, f"{found} {would}, more than {limit}.")
