"""The guardian: gives every lot what it still needs, and cancels legs that outlived their lot.

It decides nothing: `protection` says what a lot needs, the trader asks for it, and the exchange's own listing says it is there.
It runs whatever its siblings do, in every mode and under the kill switch. While the exchange shuts us out it waits: nothing would leave.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from interlock.account import Lot, Tenure
from interlock.desk.day import MUST_END, TROUBLE
from interlock.desk.instruments import Instruments
from interlock.desk.settler import Settler
from interlock.desk.trader import Trader
from interlock.errors import BadInput
from interlock.evidence.incident import Incident
from interlock.orders.intent import Intent
from interlock.ports import Books, Clock, MarketFile
from interlock.protection.plan import (
    BREAKERS,
    Ask,
    CancelLeg,
    Close,
    Need,
    View,
    is_protected,
    may_cancel,
    needs,
)
from interlock.risk.limits import Limits
from interlock.strategy.proposal import Purpose
from interlock.values import Instant, Unknown

SOON: Final = timedelta(seconds=1)
LAG: Final = timedelta(seconds=1)
BREAKER: Final = "breaker:protection"


@dataclass(slots=True)
class Guardian:
    """One pass over all open lots and all legs without one."""

    books: Books
    market: MarketFile
    clock: Clock
    trader: Trader
    settler: Settler
    instruments: Instruments
    limits: Limits
    tenure: Tenure
    span: timedelta
    name: str = "guardian"
    backstop: float = 5.0

    async def once(self) -> Instant:
        """Gives each lot what it needs; due soon while one is not protected, else with the next bar."""
        if self.settler.ready_at is None:
            return self.clock.now() + SOON
        shut = self.trader.exchange.shut_until()
        if shut is not None:
            return shut + SOON
        at_rest = True
        for lot, legs in self.books.open_lots():
            at_rest = await self._guard_alone(lot, legs, self.settler.ready_at) and at_rest
        at_rest = await self._cancel_orphans() and at_rest
        now = self.clock.now()
        return now.floor(self.span) + self.span + LAG if at_rest else now + SOON

    async def _guard_alone(self, lot: Lot, legs: Sequence[Intent], ready_at: Instant) -> bool:
        """A lot that raises is named by an incident, and the others are guarded all the same."""
        try:
            return await self._guard(lot, legs, ready_at)
        except MUST_END:
            raise
        except TROUBLE as error:
            text = f"The lot {lot.id} of {lot.symbol} cannot be guarded: {error}"
            now = self.clock.now()
            self.books.note(now, incidents=(Incident(f"lot:{lot.id}", "FAIL", text, now),))
            self.clock.nudge("herald").set()
            return False

    async def _guard(self, lot: Lot, legs: Sequence[Intent], ready_at: Instant) -> bool:
        """Whether the lot is at rest: protected, or too small to sell."""
        instrument = self.instruments.get(lot.symbol)
        if isinstance(instrument, Unknown):
            raise BadInput(instrument.why)
        view = View(
            lot=lot,
            legs=tuple(legs),
            instrument=instrument.value,
            tick=self.market.ticks().get(lot.symbol),
            since=max(lot.opened_at, ready_at),
            now=self.clock.now(),
            deadline=self.limits.protection_deadline,
        )
        for need in needs(view):
            await self._give(view, need)
        return lot.exit_reason is None and is_protected(view) and not needs(view)

    async def _give(self, view: View, need: Need) -> None:
        match need:
            case Ask(proposal):
                await self.trader.serve(proposal)
            case CancelLeg(intent):
                await self.trader.cancel(intent)
            case Close(reason):
                self._close(view.lot, reason)
            case _:
                pass

    def _close(self, lot: Lot, reason: str) -> None:
        now = self.clock.now()
        self.books.flag_exit(self.tenure.epoch, now, lot.id, reason)
        if reason in BREAKERS:
            text = f"{reason}: the stop of {lot.symbol} is not there, and the lot is being sold."
            self.books.note(now, incidents=(Incident(BREAKER, "FAIL", text, now),))
            self.clock.nudge("herald").set()

    async def _cancel_orphans(self) -> bool:
        """A leg whose lot is closed must go: the exchange would sell coins that serve another lot."""
        open_ids = {lot.id for lot, _ in self.books.open_lots()}
        orphans = [
            intent
            for intent, _ in self.books.live_intents()
            if intent.proposal.purpose is Purpose.PROTECT
            and intent.proposal.lot_id not in open_ids
            and may_cancel(intent, self.clock.now())
        ]
        for orphan in orphans:
            await self.trader.cancel(orphan)
        return not orphans
