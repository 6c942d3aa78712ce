"""Whether a kill is done: what our books and the exchange's own complete lists say of entries, stops and lots after it.

Nothing that may still buy is left; every lot has its stop on the list, or is gone when it was asked to go.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from interlock.account import Lot
from interlock.evidence.proof import CheckRow
from interlock.orders.evidence import OrderFact
from interlock.orders.intent import Intent
from interlock.strategy.proposal import Purpose
from interlock.values import Side


@dataclass(frozen=True, slots=True)
class Stood:
    """What was read after the kill: our live intents, our open lots with their legs, and both complete lists."""

    live: tuple[Intent, ...]
    lots: tuple[tuple[Lot, tuple[Intent, ...]], ...]
    listed: tuple[OrderFact, ...]
    ours: frozenset[str]


def end_state(stood: Stood, *, is_flat: bool) -> tuple[CheckRow, ...]:
    """A row for each promise of a kill; with `is_flat` no lot and no order of ours is left."""
    rows = (_entries(stood), _flat(stood) if is_flat else _protected(stood))
    return (*rows, _others(stood))


def _entries(stood: Stood) -> CheckRow:
    """No entry of ours lives, here or there."""
    live = [i for i in stood.live if i.proposal.purpose is Purpose.ENTRY and not i.ended]
    listed = [f for f in stood.listed if f.client_oid in stood.ours and f.side is Side.BUY]
    found = f"live={len(live)} listed={len(listed)}"
    if live:
        found += f" {live[0].client_oid} is {live[0].state}"
    count = len(stood.listed) + len(stood.live) + 1
    return CheckRow("entries", passed=not live and not listed, compared=count, found=found)


def _protected(stood: Stood) -> CheckRow:
    """Every lot has stops on the list for all that can be sold of it."""
    naked = [lot for lot, legs in stood.lots if _covered(stood, legs) < _sellable(lot, legs)]
    found = f"lots={len(stood.lots)} unprotected={len(naked)}"
    return CheckRow("protection", passed=not naked, compared=len(stood.lots) + 1, found=found)


def _flat(stood: Stood) -> CheckRow:
    """No lot that can be sold is left, and no order of ours."""
    left = [lot for lot, legs in stood.lots if _sellable(lot, legs) > 0]
    listed = [fact for fact in stood.listed if fact.client_oid in stood.ours]
    found = f"lots={len(left)} listed={len(listed)}"
    count = len(stood.lots) + len(stood.listed) + 1
    return CheckRow("flat", passed=not left and not listed, compared=count, found=found)


def _others(stood: Stood) -> CheckRow:
    """What is listed and not ours is told; it is the owner's."""
    others = [fact for fact in stood.listed if fact.client_oid not in stood.ours]
    found = f"listed={len(stood.listed)} not_ours={len(others)}"
    return CheckRow("others", passed=True, compared=len(stood.listed) + 1, found=found)


def _covered(stood: Stood, legs: Sequence[Intent]) -> Decimal:
    there = {fact.client_oid: fact.quantity - fact.filled for fact in stood.listed}
    stops = (leg.client_oid for leg in legs if leg.is_stop)
    return sum((there.get(oid, Decimal(0)) for oid in stops), Decimal(0))


def _sellable(lot: Lot, legs: Sequence[Intent]) -> Decimal:
    instrument = legs[0].proposal.instrument
    return Decimal(0) if lot.is_dust(instrument) else lot.sellable(instrument)
