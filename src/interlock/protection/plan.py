"""From a lot and the orders that serve it to what it still needs: a stop, a cancel, an exit, or time.

Spot protection is a stop-loss on the exchange for all that can be sold; the target is watched here until native pairs arrive.
An exit first cancels the stops that would sell the same coins, waits until the exchange says they are gone, then sells by quantity.
The plan is a function of durable facts alone, so a restart goes on where it stood and never reads an exit as a naked lot.
"""

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Final

from interlock.account import Lot
from interlock.market import Tick
from interlock.orders.intent import Intent
from interlock.orders.life import State
from interlock.strategy.proposal import OrderType, Proposal, Purpose, TimeInForce
from interlock.values import Instant, Instrument, Price, Quantity, Side

STOP_REFUSED: Final = "STOP_REFUSED"
STOP_UNCONFIRMED: Final = "STOP_UNCONFIRMED"
STOP_PASSED: Final = "STOP_PASSED"
TARGET: Final = "TARGET"
OWNER: Final = "OWNER"
EMERGENCIES: Final = frozenset({STOP_REFUSED, STOP_UNCONFIRMED, STOP_PASSED, OWNER})
# A stop that the exchange does not give opens the breaker: no entry until a person closes it. A price that fell through does not.
BREAKERS: Final = frozenset({STOP_REFUSED, STOP_UNCONFIRMED})
CANCEL_RETRY: Final = timedelta(seconds=5)
EXIT_RETRY: Final = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Ask:
    """An order that the lot needs."""

    proposal: Proposal


@dataclass(frozen=True, slots=True)
class CancelLeg:
    """A leg that must go before the lot can be sold, or that outlived its lot."""

    intent: Intent


@dataclass(frozen=True, slots=True)
class Close:
    """The lot is to be closed, and why: to be made durable before anything is cancelled."""

    reason: str


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing can be done until the exchange has said more."""

    why: str


Need = Ask | CancelLeg | Close | Wait


@dataclass(frozen=True, slots=True)
class View:
    """What the plan may look at. `since` is the later of the lot's opening and the moment we were first able to act."""

    lot: Lot
    legs: tuple[Intent, ...]
    instrument: Instrument
    tick: Tick | None
    since: Instant
    now: Instant
    deadline: timedelta

    @property
    def stops(self) -> tuple[Intent, ...]:
        """Every stop that was ever asked for."""
        return tuple(i for i in self.legs if i.proposal.purpose is Purpose.PROTECT)

    @property
    def live_stops(self) -> tuple[Intent, ...]:
        """Stops that have not ended, of known or unknown outcome."""
        return tuple(i for i in self.stops if not i.ended)

    @property
    def exits(self) -> tuple[Intent, ...]:
        """Every sale that was ever asked for, oldest first."""
        wanted = (Purpose.REDUCE, Purpose.FLATTEN)
        exits = (i for i in self.legs if i.proposal.purpose in wanted)
        return tuple(sorted(exits, key=lambda i: i.created_at))


def stop_price(lot: Lot, instrument: Instrument) -> Price | None:
    """The price at which the lot is stopped: its average less the frozen distance, down to the tick."""
    return instrument.price_down(lot.average - lot.stop_distance)


def target_price(lot: Lot, instrument: Instrument) -> Price | None:
    """The price at which the lot is taken: its average plus the frozen distance, up to the tick."""
    return instrument.price_up(lot.average + lot.target_distance)


def uncovered(view: View) -> Decimal:
    """What can be sold and no stop that may live would sell, in base."""
    covered = sum((_open_size(stop) for stop in view.live_stops), Decimal(0))
    return max(Decimal(0), view.lot.sellable(view.instrument) - covered)


def is_protected(view: View) -> bool:
    """Whether stops that the exchange itself listed cover all that can be sold; an exit under way is not protection."""
    sure = (stop for stop in view.live_stops if is_resting(stop))
    covered = sum((_open_size(stop) for stop in sure), Decimal(0))
    return view.lot.is_dust(view.instrument) or covered >= view.lot.sellable(view.instrument)


def is_resting(stop: Intent) -> bool:
    """Whether the exchange itself listed this order as it was asked for, and nobody has asked it to go since."""
    return stop.confirmed_at is not None and stop.state in (State.ACKED, State.WORKING)


def may_cancel(stop: Intent, now: Instant) -> bool:
    """Whether to ask for its cancel: it lives, or an earlier cancel may never have left, since the exchange still lists it."""
    if stop.state is State.CANCELLING:
        return now - stop.updated_at >= CANCEL_RETRY
    return stop.state in (State.ACKED, State.WORKING)


def needs(view: View) -> tuple[Need, ...]:
    """What the lot needs now, in order; empty when it is protected, or too small to be sold."""
    if view.lot.is_dust(view.instrument):
        return ()
    if _owes_executions(view):
        return (Wait("executions that the exchange told of are not booked yet"),)
    if view.lot.exit_reason is not None:
        return _exit(view, view.lot.exit_reason)
    return _guard(view)


def _guard(view: View) -> tuple[Need, ...]:
    if is_protected(view):
        return (Close(TARGET),) if _target_reached(view) else ()
    if any(stop.state is State.REJECTED for stop in view.stops):
        return (Close(STOP_REFUSED),)
    if view.now - view.since > view.deadline:
        return (Close(STOP_UNCONFIRMED),)
    if view.stops and not uncovered(view):
        return (Wait("the stop is not listed yet"),)
    return _stop(view)


def _stop(view: View) -> tuple[Need, ...]:
    trigger = stop_price(view.lot, view.instrument)
    passed = view.tick is not None and view.tick.bid is not None and trigger is not None
    if trigger is None or (passed and _bid(view) <= trigger.rate):
        return (Close(STOP_PASSED),)
    return (Ask(_order(view, Purpose.PROTECT, trigger, uncovered(view))),)


def _exit(view: View, reason: str) -> tuple[Need, ...]:
    last = view.exits[-1] if view.exits else None
    if last is not None and not last.ended:
        return (Wait("the sale is not settled yet"),)
    if (
        last is not None
        and last.state is State.REJECTED
        and view.now - last.updated_at < EXIT_RETRY
    ):
        may_stop = uncovered(view) and not _refused_lately(view)
        return _stop(view) if may_stop else (Wait("the sale was refused"),)
    if view.live_stops:
        return _cancel_stops(view)
    purpose = Purpose.FLATTEN if reason in EMERGENCIES else Purpose.REDUCE
    return (Ask(_order(view, purpose, None, view.lot.sellable(view.instrument))),)


def _refused_lately(view: View) -> bool:
    """Whether a stop was refused so short ago that the next would be too."""
    refused = (stop for stop in view.stops if stop.state is State.REJECTED)
    return any(view.now - stop.updated_at < EXIT_RETRY for stop in refused)


def _cancel_stops(view: View) -> tuple[Need, ...]:
    cancels = tuple(CancelLeg(stop) for stop in view.live_stops if may_cancel(stop, view.now))
    return cancels or (Wait("the stop is being cancelled, or its outcome is unknown"),)


def _order(view: View, purpose: Purpose, trigger: Price | None, size: Decimal) -> Proposal:
    lot, count = view.lot, len(view.stops if purpose is Purpose.PROTECT else view.exits)
    word = "protect" if purpose is Purpose.PROTECT else "exit"
    return Proposal(
        key=f"{word}:{lot.id}:{count}",
        purpose=purpose,
        instrument=view.instrument,
        side=Side.SELL,
        type=OrderType.STOP_LOSS if trigger else OrderType.MARKET,
        tif=TimeInForce.GOOD_TILL_CANCEL,
        quantity=Quantity(size, lot.base),
        funding=lot.funding,
        trigger=trigger,
        lot_id=lot.id,
    )


def _owes_executions(view: View) -> bool:
    """Whether its stops and exits sold more than the lot has booked: until then nobody knows what is left to sell."""
    sold = sum((i.filled for i in (*view.stops, *view.exits)), Decimal(0))
    return sold > view.lot.sold


def _target_reached(view: View) -> bool:
    target = target_price(view.lot, view.instrument)
    return target is not None and _bid(view) >= target.rate


def _bid(view: View) -> Decimal:
    return view.tick.bid if view.tick is not None and view.tick.bid is not None else Decimal(0)


def _open_size(stop: Intent) -> Decimal:
    return max(Decimal(0), stop.proposal.quantity.size - stop.filled)
