"""The guardian: gives every lot what it still needs, and cancels legs that outlived their lot.

It decides nothing: `protection` says what a lot needs, the trader asks for it, and the exchange's own listing says it is there.
It runs whatever its siblings do, in every mode and under the kill switch. While the exchange shuts us out or does not answer it waits:
nothing would leave, and no deadline counts that time. A lot's deadline starts when it is first seen without a stop by somebody who can act.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Final

import structlog

from interlock.account import Lot, Tenure
from interlock.desk.day import MUST_END, TROUBLE
from interlock.desk.instruments import Instruments
from interlock.desk.settler import UNREADY, Settler
from interlock.desk.trader import Trader
from interlock.errors import BadInput, ExchangeTrouble
from interlock.evidence.incident import PAGED, Incident
from interlock.orders.intent import Intent
from interlock.orders.life import State
from interlock.ports import Books, Clock, MarketFile
from interlock.protection.plan import (
    BREAKERS,
    Ask,
    CancelLeg,
    Close,
    Need,
    failed_exits,
    higher_mark,
    needs,
)
from interlock.protection.view import View, is_protected, may_cancel
from interlock.risk.limits import Limits
from interlock.strategy.proposal import Purpose
from interlock.values import Instant, Unknown

_log = structlog.get_logger("guardian")

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
    _bare: dict[str, Instant] = field(default_factory=dict)
    _named: tuple[str, ...] = ()

    async def once(self) -> Instant:
        """Gives each lot what it needs; due soon while one is not protected, else with the next bar."""
        if self.settler.ready_at is None:
            return self.clock.now() + UNREADY
        shut = self.trader.exchange.shut_until()
        if shut is not None:
            return shut + SOON
        at_rest = not self._name_poison()
        able_at = self.settler.able_since()
        lots = self.books.open_lots()
        self._bare = {lot.id: self._bare[lot.id] for lot, _ in lots if lot.id in self._bare}
        for lot, legs in lots:
            at_rest = await self._guard_alone(lot, legs, able_at) and at_rest
        at_rest = await self._cancel_orphans() and at_rest
        now = self.clock.now()
        return now.floor(self.span) + self.span + LAG if at_rest else now + SOON

    def _name_poison(self) -> bool:
        """Whether rows cannot be read: each is named by an incident once, and what they belong to is left to a person."""
        found = self.books.unreadable()
        if found != self._named:
            now = self.clock.now()
            text = (
                "This row cannot be read; what it belongs to is left alone, and nothing is entered."
            )
            new = [Incident(f"poison:{name}", "FAIL", text, now) for name in found]
            over = tuple(f"poison:{name}" for name in self._named if name not in found)
            self.books.note(now, incidents=new, closed=over)
            self._named = found
            self.clock.nudge("herald").set()
        return bool(found)

    async def _guard_alone(self, lot: Lot, legs: Sequence[Intent], able_at: Instant) -> bool:
        """A lot that raises is named by an incident, and the others are guarded all the same."""
        try:
            return await self._guard(lot, legs, able_at)
        except MUST_END:
            raise
        except TROUBLE as error:
            text = f"The lot {lot.id} of {lot.symbol} cannot be guarded: {error}"
            now = self.clock.now()
            self.books.note(now, incidents=(Incident(f"lot:{lot.id}", "FAIL", text, now),))
            self.clock.nudge("herald").set()
            return False

    async def _guard(self, lot: Lot, legs: Sequence[Intent], able_at: Instant) -> bool:
        """Whether the lot is at rest: protected, or too small to sell."""
        instrument = self.instruments.get(lot.symbol)
        if isinstance(instrument, Unknown):
            raise BadInput(instrument.why)
        now = self.clock.now()
        view = View(
            lot=lot,
            legs=tuple(legs),
            instrument=instrument.value,
            tick=self.market.ticks().get(lot.symbol),
            since=max(self._bare.setdefault(lot.id, now), able_at),
            now=now,
            deadline=self.limits.protection_deadline,
        )
        if is_protected(view):
            self._bare.pop(lot.id)
        self._page(view)
        view = self._followed(view)
        for need in needs(view):
            await self._give(view, need)
        # A cancel that is not done yet may have been refused: it is asked for again, and nobody rests before.
        is_leaving = any(leg.state is State.CANCELLING for leg in legs)
        is_kept = is_protected(view) and not is_leaving
        return lot.exit_reason is None and is_kept and not needs(view)

    async def _give(self, view: View, need: Need) -> None:
        match need:
            case Ask(proposal, warning):
                self._warn(view.lot, warning)
                await self.trader.serve(proposal)
            case CancelLeg(intent):
                await self.trader.cancel(intent)
            case Close(reason):
                self._close(view.lot, reason)
            case _:
                pass

    def _followed(self, view: View) -> View:
        """The lot with its high, made durable before any stop moves after it."""
        mark = higher_mark(view)
        if mark is None:
            return view
        self.books.raise_high(self.tenure.epoch, view.now, view.lot.id, mark)
        return replace(view, lot=replace(view.lot, high=mark))

    def _page(self, view: View) -> None:
        """A sale that fails is told when it first fails and every minute until it is done: it is never given up in silence."""
        failed = failed_exits(view) if view.lot.exit_reason is not None else 0
        if failed:
            text = f"{view.lot.symbol} must be sold ({view.lot.exit_reason}) and {failed} sales failed."
            incident = Incident(f"{PAGED}:{view.lot.id}", "FAIL", text, view.now)
            self.books.note(view.now, incidents=(incident,))
            self.clock.nudge("herald").set()

    def _warn(self, lot: Lot, warning: str | None) -> None:
        if warning is not None:
            now = self.clock.now()
            self.books.note(now, incidents=(Incident(f"pair:{lot.id}", "WARN", warning, now),))
            self.clock.nudge("herald").set()

    def _close(self, lot: Lot, reason: str) -> None:
        now = self.clock.now()
        self.books.flag_exit(self.tenure.epoch, now, lot.id, reason)
        if reason in BREAKERS:
            text = f"{reason}: the stop of {lot.symbol} is not there, and the lot is being sold."
            self.books.note(now, incidents=(Incident(BREAKER, "FAIL", text, now),))
            self.clock.nudge("herald").set()

    async def _cancel_orphans(self) -> bool:
        """A leg whose lot is closed must go: the exchange would sell coins that serve another lot.

        Only what a fresh, complete list of the exchange shows is touched, and never a leg whose lot is open by then. An exchange that
        does not answer keeps no lot waiting for its stop.
        """
        if self._named:
            return False  # its lot may be one that cannot be read: no stop is taken away on that ground
        if not self._orphans():
            return True
        try:
            facts = await self.trader.exchange.open_orders(advanced=True)
        except ExchangeTrouble as error:
            _log.warning("orphans not looked for", error=str(error))
            return False
        listed = {fact.client_oid for fact in facts}
        legs = tuple(leg for leg in self._orphans() if leg.client_oid in listed)
        whole = {leg.id for leg in legs if leg.list_id is not None}
        for leg in legs:
            if leg.leader not in whole:
                await self.trader.cancel(leg)
        return False

    def _orphans(self) -> list[Intent]:
        """The live legs of lots that are closed, by our books as they stand."""
        open_ids = {lot.id for lot, _ in self.books.open_lots()}
        return [
            intent
            for intent, _ in self.books.live_intents()
            if intent.proposal.purpose is Purpose.PROTECT
            and intent.proposal.lot_id not in open_ids
            and may_cancel(intent, self.clock.now())
        ]
