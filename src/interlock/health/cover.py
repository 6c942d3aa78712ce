"""How each open lot is covered: stopped, being stopped, naked, closing, or dust; judged from the orders that serve it.

The words are those of the runbook's protection states. What is protected is said by `protection`; here it is only named.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from enum import StrEnum

from interlock.account import Lot
from interlock.orders.intent import Intent
from interlock.protection.view import View, is_protected, stop_price, target_price
from interlock.values import Instant, Instrument


class Cover(StrEnum):
    """How a lot is covered. UNKNOWN: its instrument is not at hand, so nobody can say."""

    PROTECTED = "PROTECTED"
    PLACING = "PLACING"
    UNPROTECTED = "UNPROTECTED"
    CLOSING = "CLOSING"
    DUST = "DUST"
    UNKNOWN = "UNKNOWN"


@dataclass(frozen=True, slots=True)
class Covered:
    """A lot, how it is covered, its stop and target (quote per base; None: not known), and whether the deadline has passed."""

    lot: Lot
    cover: Cover
    stop: Decimal | None
    target: Decimal | None
    overdue: bool


@dataclass(frozen=True, slots=True)
class Naked:
    """A lot without a confirmed stop past its deadline."""

    lot_id: str
    symbol: str


def covered(
    lot: Lot, intents: Iterable[Intent], began_at: Instant | None, now: Instant, deadline: timedelta
) -> Covered:
    """How one open lot is covered. `deadline` counts from its opening, or from when we were first able to act."""
    legs = tuple(i for i in intents if lot.id in (i.id, i.proposal.lot_id))
    since = max(lot.opened_at, began_at or lot.opened_at)
    instrument = next((i.proposal.instrument for i in legs), None)
    if instrument is None or not lot.bought:
        return Covered(lot, Cover.UNKNOWN, None, None, overdue=now - since > deadline)
    view = View(lot, legs, instrument, None, since, now, deadline)
    cover = _cover(view)
    late = now - _last_word(view) > deadline if cover is Cover.CLOSING else now - since > deadline
    overdue = late and cover in (Cover.UNPROTECTED, Cover.PLACING, Cover.CLOSING)
    return Covered(lot, cover, *_prices(lot, instrument), overdue=overdue)


def naked(covers: Iterable[Covered]) -> tuple[Naked, ...]:
    """The lots whose deadline has passed without a confirmed stop."""
    return tuple(Naked(c.lot.id, c.lot.symbol) for c in covers if c.overdue)


def _cover(view: View) -> Cover:
    if view.lot.is_dust(view.instrument):
        return Cover.DUST
    if view.lot.exit_reason is not None:
        return Cover.CLOSING
    if is_protected(view):
        return Cover.PROTECTED
    return Cover.PLACING if view.live_stops else Cover.UNPROTECTED


def _last_word(view: View) -> Instant:
    """When the exchange last said something of an order of this lot: an exit that moves is no naked lot."""
    return max([view.since, *(leg.updated_at for leg in view.legs)])


def _prices(lot: Lot, instrument: Instrument) -> tuple[Decimal | None, Decimal | None]:
    stop, target = stop_price(lot, instrument), target_price(lot, instrument)
    return (stop.rate if stop else None, target.rate if target else None)
