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
from interlock.protection.plan import failed_exits
from interlock.protection.view import (
    View,
    bare_since,
    is_protected,
    resting_stops,
    stop_price,
    target_price,
)
from interlock.values import Instant, Instrument


class Cover(StrEnum):
    """How a lot is covered. SL_ONLY: stopped, and its target does not rest at the exchange as it should. HALF: stopped in part.

    UNKNOWN: its instrument is not at hand, so nobody can say.
    """

    PROTECTED = "PROTECTED"
    SL_ONLY = "SL_ONLY"
    HALF = "HALF"
    PLACING = "PLACING"
    UNPROTECTED = "UNPROTECTED"
    CLOSING = "CLOSING"
    DUST = "DUST"
    UNKNOWN = "UNKNOWN"


@dataclass(frozen=True, slots=True)
class Covered:
    """A lot, how it is covered, its stop and target (quote per base; None: not known), and whether the deadline has passed.

    `bare_since` is since when no listed stop covers all of it: None while one does.
    """

    lot: Lot
    cover: Cover
    stop: Decimal | None
    target: Decimal | None
    overdue: bool
    bare_since: Instant | None = None

    @property
    def is_stopped(self) -> bool:
        """Whether stops that the exchange listed cover all of it."""
        return self.cover in (Cover.PROTECTED, Cover.SL_ONLY)


@dataclass(frozen=True, slots=True)
class Naked:
    """A lot without a confirmed stop past its deadline."""

    lot_id: str
    symbol: str


def covered(
    lot: Lot, intents: Iterable[Intent], began_at: Instant | None, now: Instant, deadline: timedelta
) -> Covered:
    """How one open lot is covered. `deadline` counts from when its last stop ended or it opened, or from when we were able to act."""
    legs = tuple(i for i in intents if lot.id in (i.id, i.proposal.lot_id))
    opened = max(lot.opened_at, began_at or lot.opened_at)
    instrument = next((i.proposal.instrument for i in legs), None)
    if instrument is None or not lot.bought:
        return Covered(lot, Cover.UNKNOWN, None, None, overdue=now - opened > deadline)
    view = View(lot, legs, instrument, None, opened, now, deadline)
    cover = _cover(view)
    bare = None if is_protected(view) else bare_since(view)
    since = _last_word(view) if cover is Cover.CLOSING and not failed_exits(view) else bare
    overdue = bare is not None and now - max(since or bare, opened) > deadline
    return Covered(lot, cover, *_prices(lot, instrument), overdue=overdue, bare_since=bare)


def naked(covers: Iterable[Covered]) -> tuple[Naked, ...]:
    """The lots whose deadline has passed without a confirmed stop."""
    return tuple(Naked(c.lot.id, c.lot.symbol) for c in covers if c.overdue)


def _cover(view: View) -> Cover:
    if view.lot.is_dust(view.instrument):
        return Cover.DUST
    if view.lot.exit_reason is not None:
        return Cover.CLOSING
    if is_protected(view):
        is_half_gone = bool(view.targets) and not view.live_targets
        return Cover.SL_ONLY if is_half_gone else Cover.PROTECTED
    if resting_stops(view):
        return Cover.HALF
    return Cover.PLACING if view.live_stops else Cover.UNPROTECTED


def _last_word(view: View) -> Instant:
    """When the exchange last said something of an order of this lot: an exit that moves is no naked lot."""
    return max([view.since, *(leg.updated_at for leg in view.legs)])


def _prices(lot: Lot, instrument: Instrument) -> tuple[Decimal | None, Decimal | None]:
    stop, target = stop_price(lot, instrument), target_price(lot, instrument)
    return (stop.rate if stop else None, target.rate if target else None)
