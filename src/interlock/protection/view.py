"""What the plan may look at: one lot with every order that ever served it, and what those orders cover of it.

A stop covers what it would still sell. On spot a stop leads a pair: the target beside it holds the coins back, and the first execution
of either ends the other. What is too small for any order of its own is covered by nothing and endangers nothing.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Final

from interlock.account import Lot
from interlock.market import Tick
from interlock.orders.intent import Intent
from interlock.orders.life import State
from interlock.strategy.proposal import Purpose
from interlock.values import Instant, Instrument, Price

CANCEL_RETRY: Final = timedelta(seconds=5)
ZERO: Final = Decimal(0)


@dataclass(frozen=True, slots=True)
class View:
    """What the plan may look at. `since` is when the lot was first seen without a stop by somebody who was able to act."""

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
        return tuple(i for i in self.legs if i.is_stop)

    @property
    def live_stops(self) -> tuple[Intent, ...]:
        """Stops that have not ended, of known or unknown outcome."""
        return tuple(i for i in self.stops if not i.ended)

    @property
    def targets(self) -> tuple[Intent, ...]:
        """Every target that was asked for beside a stop."""
        return tuple(i for i in self.legs if i.leader is not None)

    @property
    def live_targets(self) -> tuple[Intent, ...]:
        """Targets that have not ended, of known or unknown outcome."""
        return tuple(i for i in self.targets if not i.ended)

    @property
    def lone_targets(self) -> tuple[Intent, ...]:
        """Live targets without their stop: they hold coins back that a stop would have to sell."""
        living = {stop.id for stop in self.live_stops}
        return tuple(i for i in self.live_targets if i.leader not in living)

    @property
    def exits(self) -> tuple[Intent, ...]:
        """Every sale that was ever asked for, oldest first."""
        wanted = (Purpose.REDUCE, Purpose.FLATTEN)
        exits = (i for i in self.legs if i.proposal.purpose in wanted)
        return tuple(sorted(exits, key=lambda i: i.created_at))

    @property
    def bid(self) -> Decimal | None:
        """What a sale would get, where anybody bids."""
        return self.tick.bid if self.tick is not None else None


def stop_price(lot: Lot, instrument: Instrument) -> Price | None:
    """The price at which the lot is stopped, down to the tick: its average less the frozen distance, or what raised it since."""
    rate = max(lot.average - lot.stop_distance, lot.stop_floor or ZERO)
    if lot.trailing_pct is not None and lot.high is not None:
        rate = max(rate, trailed(lot.high, lot.trailing_pct))
    return instrument.price_down(rate)


def trailed(bid: Decimal, pct: Decimal) -> Decimal:
    """What lies so many percent below a bid, in quote per base."""
    return bid * (1 - pct / 100)


def target_price(lot: Lot, instrument: Instrument) -> Price | None:
    """The price at which the lot is taken: its average plus the frozen distance, up to the tick."""
    return instrument.price_up(lot.average + lot.target_distance)


def uncovered(view: View) -> Decimal:
    """What can be sold, is worth an order of its own, and no stop that may live would sell; in base."""
    return uncovered_by(view, view.live_stops)


def is_protected(view: View) -> bool:
    """Whether stops that the exchange itself listed cover all that can be sold; an exit under way is not protection."""
    return view.lot.is_dust(view.instrument) or not uncovered_by(view, resting_stops(view))


def resting_stops(view: View) -> tuple[Intent, ...]:
    """The stops that the exchange itself listed."""
    return tuple(stop for stop in view.live_stops if is_resting(stop))


def is_resting(leg: Intent) -> bool:
    """Whether the exchange itself listed this order as it was asked for, and nobody has asked it to go since."""
    return leg.confirmed_at is not None and leg.state in (State.ACKED, State.WORKING)


def is_within(at: Instant, now: Instant, span: timedelta) -> bool:
    """Whether it is less than `span` ago. What our clock dates in the future was dated by a clock that has been set back: long ago."""
    return timedelta() <= now - at < span


def may_cancel(leg: Intent, now: Instant) -> bool:
    """Whether to ask for its cancel: it lives, or an earlier cancel may never have left, since the exchange still lists it."""
    if leg.state is State.CANCELLING:
        return not is_within(leg.updated_at, now, CANCEL_RETRY)
    return leg.state in (State.ACKED, State.WORKING)


def owes_executions(view: View) -> bool:
    """Whether its stops, targets and exits sold more than the lot has booked: until then nobody knows what is left to sell."""
    sold = sum((i.filled for i in (*view.stops, *view.targets, *view.exits)), ZERO)
    return sold > view.lot.sold


def bare_since(view: View) -> Instant:
    """Since when a lot that is not protected is without a stop: when its last listed stop ended, or when it opened or grew."""
    ended = (stop.updated_at for stop in view.stops if stop.ended and stop.confirmed_at is not None)
    grown = (leg.updated_at for leg in view.legs if leg.proposal.purpose is Purpose.ENTRY)
    leaving = (s.updated_at for s in view.live_stops if s.state is State.CANCELLING)
    return max([view.lot.opened_at, *ended, *grown, *leaving])


def uncovered_by(view: View, stops: Iterable[Intent]) -> Decimal:
    """What these stops leave uncovered, in base; where they cover something, a remainder too small for any order is none."""
    covered = sum((_open_size(stop) for stop in stops), ZERO)
    left = max(ZERO, view.lot.sellable(view.instrument) - covered)
    stop = stop_price(view.lot, view.instrument)
    floor = view.instrument.min_notional or ZERO
    is_crumb = stop is not None and left * stop.rate < floor
    return ZERO if covered and is_crumb else left


def _open_size(stop: Intent) -> Decimal:
    return max(ZERO, stop.proposal.quantity.size - stop.filled)
