"""What a strategy says about open lots, made durable: an exit is flagged and a stop is raised in the books; the guardian does the rest."""

from collections.abc import Sequence
from dataclasses import dataclass

from interlock.account import Lot, Tenure
from interlock.orders.intent import Intent
from interlock.ports import Books, Clock
from interlock.protection.view import stop_price, target_price
from interlock.strategy.contract import Declares
from interlock.strategy.manage import Answer, Exit, Held, MoveStop
from interlock.values import Instant


@dataclass(frozen=True, slots=True)
class Managed:
    """An open lot and how a strategy sees it."""

    lot_id: str
    held: Held


@dataclass(slots=True)
class Managing:
    """Between a strategy and its lots: those whose entry was made by a strategy that has a word about them."""

    books: Books
    clock: Clock
    tenure: Tenure

    def lots(self, symbol: str, strategy: Declares, ends: Instant) -> tuple[Managed, ...]:
        """The lots of a symbol that this strategy is asked about at a bar that ended then; one that opened later is not its matter."""
        if not strategy.manages:
            return ()
        return tuple(
            _managed(lot, legs)
            for lot, legs in self.books.open_lots()
            if lot.symbol == symbol and _is_open(lot) and lot.opened_at < ends
        )

    def settle(self, lots: Sequence[Managed], answers: Sequence[Answer]) -> None:
        """Writes what was answered, and wakes the guardian where that is something."""
        now, epoch, done = self.clock.now(), self.tenure.epoch, False
        for each, answer in zip(lots, answers, strict=True):
            match answer:
                case Exit(why):
                    self.books.flag_exit(epoch, now, each.lot_id, f"MANAGE:{why}")
                    done = True
                case MoveStop(level, why):
                    self.books.raise_stop(epoch, now, each.lot_id, level, why)
                    done = True
                case _:
                    pass
        if done:
            self.clock.nudge("guardian").set()


def _is_open(lot: Lot) -> bool:
    return lot.stop_floor is not None and lot.exit_reason is None and lot.closed_at is None


def _managed(lot: Lot, legs: Sequence[Intent]) -> Managed:
    instrument = legs[0].proposal.instrument
    stop, target = stop_price(lot, instrument), target_price(lot, instrument)
    held = Held(
        lot.symbol,
        lot.opened_at,
        lot.average,
        lot.remaining,
        None if stop is None else stop.rate,
        None if target is None else target.rate,
    )
    return Managed(lot.id, held)
