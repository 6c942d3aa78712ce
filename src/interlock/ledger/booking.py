"""What one booked execution does to its lot, from first fill to the last crumb: a lot is closed when nothing sellable is left.

A late fill of the entry opens a closed lot again, because what is held must be guarded.
"""

from dataclasses import replace

from interlock.account import Lot
from interlock.ledger.book import close_if_done, lot_after
from interlock.orders.evidence import Fill
from interlock.orders.intent import Intent
from interlock.strategy.proposal import Purpose
from interlock.values import Instant


def lot_id_of(intent: Intent) -> str | None:
    """The lot that the fills of this intent move: its own for an entry, else the one it names."""
    return intent.id if intent.proposal.purpose is Purpose.ENTRY else intent.proposal.lot_id


def booked(fill: Fill, intent: Intent, lot: Lot | None) -> Lot | None:
    """The lot after this fill; None when there is none to move."""
    moved = lot_after(fill, intent, lot)
    if moved is None:
        return None
    if moved.closed_at is not None and not moved.is_dust(intent.proposal.instrument):
        moved = replace(moved, closed_at=None)
    return close_if_done(moved, intent, fill.at)


def without_crumbs(lot: Lot, intent: Intent, now: Instant) -> Lot:
    """The lot of an entry that ended with less than anybody can sell: closed, since no stop and no exit could ever serve it."""
    is_over = intent.ended and intent.proposal.purpose is Purpose.ENTRY
    if is_over and lot.closed_at is None and lot.is_dust(intent.proposal.instrument):
        return replace(lot, closed_at=now)
    return lot
