"""From a lot and the orders that serve it to what it still needs: a stop, a cancel, an exit, or time.

Spot protection is a pair at the exchange: a stop-loss for all that can be sold, and beside it the target as a limit sale. Where the
exchange refuses the pair the stop stands alone, and the target is watched here.
A stop that follows the price stands alone too: a pair cannot be replaced without a moment with none or with both. The higher stop is
placed and listed before the lower one is cancelled, and no stop is ever lowered.
An exit first cancels the legs that would sell the same coins, waits until the exchange says they are gone, then sells by quantity.
The plan is a function of durable facts alone, so a restart goes on where it stood and never reads an exit as a naked lot.
"""

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Final

from interlock.account import Spot
from interlock.orders.intent import Intent
from interlock.orders.life import State
from interlock.protection.view import (
    View,
    is_protected,
    is_resting,
    is_within,
    may_cancel,
    owes_executions,
    stop_price,
    target_price,
    trailed,
    uncovered,
    uncovered_by,
)
from interlock.strategy.proposal import OrderType, Proposal, Purpose, TimeInForce
from interlock.values import Price, Quantity, Side

STOP_REFUSED: Final = "STOP_REFUSED"
STOP_UNCONFIRMED: Final = "STOP_UNCONFIRMED"
STOP_PASSED: Final = "STOP_PASSED"
TARGET: Final = "TARGET"
OWNER: Final = "OWNER"
EMERGENCIES: Final = frozenset({STOP_REFUSED, STOP_UNCONFIRMED, STOP_PASSED, OWNER})
# A stop that the exchange does not give opens the breaker: no entry until a person closes it. A price that fell through does not.
BREAKERS: Final = frozenset({STOP_REFUSED, STOP_UNCONFIRMED})
EXIT_RETRY: Final = timedelta(seconds=60)
FLATTEN_RETRY: Final = timedelta(seconds=1)
# A stop moves by a tick and by this share of its price at least, which bounds how often it is replaced.
STEP: Final = Decimal("0.002")
# A wait shorter than this is not worth a stop that would have to be cancelled again.
PUT_BACK: Final = timedelta(seconds=8)


@dataclass(frozen=True, slots=True)
class Ask:
    """An order that the lot needs, and what the owner must know about it (None: nothing)."""

    proposal: Proposal
    warning: str | None = None


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


def needs(view: View) -> tuple[Need, ...]:
    """What the lot needs now, in order; empty when it is protected, or too small to be sold."""
    if view.lot.is_dust(view.instrument):
        return ()
    if owes_executions(view):
        return (Wait("executions that the exchange told of are not booked yet"),)
    if view.lot.exit_reason is not None:
        return _exit(view, view.lot.exit_reason)
    return _guard(view)


def failed_exits(view: View) -> int:
    """How many sales in a row, the last one included, sold nothing."""
    count = 0
    for sale in reversed(view.exits):
        if not sale.ended or sale.filled:
            break
        count += 1
    return count


def _guard(view: View) -> tuple[Need, ...]:
    over = _ended_by_a_leg(view)
    if over is not None:
        return (Close(over),)
    if is_protected(view):
        is_watched_here = not view.live_targets and _is_target_reached(view)
        return (Close(TARGET),) if is_watched_here else (*_lone_targets(view), *_follow(view))
    if view.now - view.since > view.deadline:
        return (Close(STOP_UNCONFIRMED),)
    if view.stops and (not uncovered(view) or _did_not_leave(view)):
        return (Wait("the stop is not listed yet, or did not leave a moment ago"),)
    return (*_stop(view), *_lone_targets(view))


def higher_mark(view: View) -> Decimal | None:
    """The bid, when the stop that follows it would stand a whole step above the one that protects the lot now; else None."""
    lot, bid, standing = view.lot, view.bid, stop_price(view.lot, view.instrument)
    is_still = lot.exit_reason is not None or not is_protected(view)
    if lot.trailing_pct is None or bid is None or standing is None or is_still:
        return None
    step = max(view.instrument.price_tick, standing.rate * STEP)
    moved = view.instrument.price_down(trailed(bid, lot.trailing_pct))
    return bid if moved is not None and moved.rate >= standing.rate + step else None


def _follow(view: View) -> tuple[Need, ...]:
    """A stop below where it belongs is replaced: the higher one is asked for, and only once it is listed does the lower one go."""
    wanted = stop_price(view.lot, view.instrument)
    if not view.lot.may_follow or wanted is None:
        return ()
    low = tuple(s for s in view.live_stops if s.proposal.trigger and s.proposal.trigger < wanted)
    high = tuple(stop for stop in view.live_stops if stop not in low)
    if not low:
        return ()
    if _is_passed(view, wanted):
        return (Close(STOP_PASSED),)
    if high:
        is_listed = not uncovered_by(view, [stop for stop in high if is_resting(stop)])
        cancels = tuple(CancelLeg(stop) for stop in low if may_cancel(stop, view.now))
        return cancels if is_listed else (Wait("the higher stop is not listed yet"),)
    if _refused_lately(view):
        return ()
    return (Ask(_order(view, Purpose.PROTECT, view.lot.sellable(view.instrument), wanted)),)


def _ended_by_a_leg(view: View) -> str | None:
    """Why a leg ends the lot: its first execution ended the other leg, so what remains is sold; or the exchange does not give a stop."""
    if any(target.filled for target in view.targets):
        return TARGET
    if any(stop.ended and stop.filled for stop in view.stops):
        return STOP_PASSED
    refused = (stop for stop in view.stops if stop.state is State.REJECTED)
    is_refused = not is_protected(view) and not all(map(_is_refused_pair, refused))
    return STOP_REFUSED if is_refused else None


def _did_not_leave(view: View) -> bool:
    """Whether the last stops did not leave this host, so short ago that the next one would hardly leave either."""
    unsent = 0
    for stop in reversed(view.stops):
        if stop.state is not State.NOT_PLACED:
            break
        unsent += 1
    pause = FLATTEN_RETRY * 2 ** min(unsent, 5)
    return unsent > 0 and is_within(view.stops[-1].updated_at, view.now, pause)


def _is_refused_pair(stop: Intent) -> bool:
    """Whether the exchange took neither leg; a stop that it took and could not execute is something else."""
    return stop.is_pair and stop.state is State.REJECTED and stop.list_id is None


def _stop(view: View) -> tuple[Need, ...]:
    """A pair for what is uncovered, or, where none can be had, the stop alone."""
    trigger = stop_price(view.lot, view.instrument)
    if trigger is None or _is_passed(view, trigger):
        return (Close(STOP_PASSED),)
    if _is_target_reached(view):
        return (Close(TARGET),)
    refused = [stop for stop in view.stops if _is_refused_pair(stop)]
    target = target_price(view.lot, view.instrument)
    is_bound = view.lot.funding != Spot() or view.lot.may_follow
    if is_bound or target is None or refused or view.lone_targets:
        why = f"the pair was refused ({refused[-1].refusal})" if refused else None
        warning = f"The stop of {view.lot.symbol} stands alone: {why}." if why else None
        return (Ask(_order(view, Purpose.PROTECT, uncovered(view), trigger), warning),)
    return (Ask(_order(view, Purpose.PROTECT, uncovered(view), trigger, target)),)


def _lone_targets(view: View) -> tuple[Need, ...]:
    lone = (target for target in view.lone_targets if may_cancel(target, view.now))
    return tuple(CancelLeg(target) for target in lone)


def _exit(view: View, reason: str) -> tuple[Need, ...]:
    last = view.exits[-1] if view.exits else None
    if last is not None and not last.ended:
        return (Wait("the sale is not settled yet"),)
    pause = _pause(view, reason)
    if last is not None and pause and is_within(last.updated_at, view.now, pause):
        return _put_back(view, pause)
    if view.live_stops or view.live_targets:
        return _cancel_legs(view)
    purpose = Purpose.FLATTEN if reason in EMERGENCIES else Purpose.REDUCE
    return (Ask(_order(view, purpose, view.lot.sellable(view.instrument))),)


def _pause(view: View, reason: str) -> timedelta:
    """How long to wait after sales that sold nothing: an emergency doubles a second up to a minute, any other exit waits a minute."""
    failed = failed_exits(view)
    if not failed:
        return timedelta(0)
    is_emergency = reason in EMERGENCIES
    return min(EXIT_RETRY, FLATTEN_RETRY * 2 ** min(failed, 6)) if is_emergency else EXIT_RETRY


def _put_back(view: View, pause: timedelta) -> tuple[Need, ...]:
    """The stop alone, while a sale that was not accepted waits for its next try: a target would hold the coins back."""
    trigger = stop_price(view.lot, view.instrument)
    size = uncovered(view)
    may_stop = size and pause >= PUT_BACK and not _refused_lately(view)
    if trigger is None or not may_stop or _is_passed(view, trigger):
        return (Wait("the sale was refused"),)
    return (Ask(_order(view, Purpose.PROTECT, size, trigger)),)


def _refused_lately(view: View) -> bool:
    """Whether a stop was refused, or did not leave, so short ago that the next would not either."""
    refused = (stop for stop in view.stops if stop.state in (State.REJECTED, State.NOT_PLACED))
    return any(is_within(stop.updated_at, view.now, EXIT_RETRY) for stop in refused)


def _cancel_legs(view: View) -> tuple[Need, ...]:
    """A pair is cancelled as a whole, by its stop, once its list is known."""
    listed = {stop.id for stop in view.live_stops if stop.list_id is not None}
    legs = (*view.live_stops, *(t for t in view.live_targets if t.leader not in listed))
    cancels = tuple(CancelLeg(leg) for leg in legs if may_cancel(leg, view.now))
    return cancels or (Wait("the stop is being cancelled, or its outcome is unknown"),)


def _order(
    view: View,
    purpose: Purpose,
    size: Decimal,
    trigger: Price | None = None,
    target: Price | None = None,
) -> Proposal:
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
        target=target,
    )


def _is_passed(view: View, trigger: Price) -> bool:
    return view.bid is not None and view.bid <= trigger.rate


def _is_target_reached(view: View) -> bool:
    target = target_price(view.lot, view.instrument)
    return target is not None and view.bid is not None and view.bid >= target.rate
