"""What everything could cost at the worst, counted from scratch: all that may still be executed is, at the price that it admits (I11)."""

from collections import Counter
from collections.abc import Iterator
from decimal import Decimal

from interlock.account import Lot, Margin
from interlock.orders.intent import Intent
from interlock.orders.life import State
from interlock.rehearsal.store import Key, Row
from interlock.risk.limits import Limits
from interlock.store.intent_rows import INTENTS
from interlock.store.records import LOTS
from interlock.strategy.proposal import Purpose

MAY_BE_EXECUTED = frozenset(
    {State.SENDING, State.UNKNOWN, State.ACKED, State.WORKING, State.CANCELLING}
)
NEVER_WAS = frozenset({State.REJECTED, State.NOT_PLACED})
ZERO = Decimal(0)


def too_much(tables: dict[str, dict[Key, Row]], limits: Limits) -> Iterator[str]:
    """Every cap that what is held and what may still be executed pass together."""
    lots = [LOTS.thing(row) for row in tables.get(LOTS.name, {}).values()]
    held = [lot for lot in lots if lot.closed_at is None]
    asked = [INTENTS.thing(row) for row in tables.get(INTENTS.name, {}).values()]
    entries = [intent for intent in asked if intent.proposal.purpose is Purpose.ENTRY]
    waiting = [intent for intent in entries if intent.state in MAY_BE_EXECUTED]
    yield from _orders(waiting, limits)
    yield from _money(held, waiting, limits)
    yield from _counts(held, entries, waiting, limits)


def _orders(waiting: list[Intent], limits: Limits) -> Iterator[str]:
    for intent in waiting:
        if _value(intent) > limits.usd_per_order_max:
            yield f"I11: {intent.client_oid} may cost {_value(intent)}"


def _money(held: list[Lot], waiting: list[Intent], limits: Limits) -> Iterator[str]:
    on_margin = [lot for lot in held if isinstance(lot.funding, Margin)]
    asked = [each for each in waiting if isinstance(each.proposal.funding, Margin)]
    sums = (
        ("in all", _worst(held, waiting), limits.exposure_usd_max),
        ("on margin", _worst(on_margin, asked), limits.margin_usd_max),
    )
    for what, total, cap in sums:
        if total > cap:
            yield f"I11: {total} may be committed {what}, more than {cap}"


def _worst(held: list[Lot], waiting: list[Intent]) -> Decimal:
    cost = sum((lot.remaining * lot.cost / lot.bought for lot in held), ZERO)
    return cost + sum(map(_still, waiting), ZERO)


def _counts(
    held: list[Lot], entries: list[Intent], waiting: list[Intent], limits: Limits
) -> Iterator[str]:
    bases = {lot.id: lot.base for lot in held}
    bases |= {each.id: each.proposal.instrument.base for each in waiting}
    if len(bases) > limits.open_total_max:
        yield f"I11: {len(bases)} positions may be open"
    for base, count in Counter(bases.values()).items():
        if count > limits.open_per_base_max:
            yield f"I11: {count} positions of {base} may be open"
    made = (each for each in entries if each.state not in NEVER_WAS)
    days = Counter((each.proposal.instrument.base, each.created_at.day()) for each in made)
    for (base, day), count in days.items():
        if count > limits.orders_per_base_and_day_max:
            yield f"I11: {base} was entered {count} times on {day}"


def _value(intent: Intent) -> Decimal:
    price = intent.proposal.limit or intent.proposal.trigger
    return intent.proposal.quantity.size * price.rate if price else ZERO


def _still(intent: Intent) -> Decimal:
    """What of it is not executed yet, at its limit."""
    price = intent.proposal.limit or intent.proposal.trigger
    left = intent.proposal.quantity.size - intent.filled
    return max(left, ZERO) * price.rate if price else ZERO
