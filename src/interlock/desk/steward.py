"""The steward: does what the owner asked for and answers, and reconciles books and exchange: as it begins, hourly, and when money moved.

A request that cannot be done is answered with why, and keeps no other from being done.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Final

from interlock.account import Tenure
from interlock.desk.auditor import LOOK_BACK
from interlock.desk.day import MUST_END, TROUBLE
from interlock.desk.reconciling import Reconciling
from interlock.desk.settler import UNREADY, Settler
from interlock.desk.trader import Trader
from interlock.errors import ExchangeTrouble
from interlock.evidence.end_state import Stood, end_state
from interlock.evidence.proof import CheckRow
from interlock.evidence.requests import OwnersRequest, What
from interlock.ports import Books, Clock
from interlock.protection.plan import OWNER
from interlock.protection.view import may_cancel
from interlock.reconcile.difference import Plan
from interlock.reconcile.plan import MISMATCH
from interlock.strategy.proposal import Purpose
from interlock.values import Instant

SOON: Final = timedelta(seconds=1)
MINUTE: Final = timedelta(minutes=1)
HALF: Final = 2


@dataclass(slots=True)
class Steward:
    """One pass: every open request, then the reconciliation when it is due or was asked for."""

    books: Books
    clock: Clock
    reconciling: Reconciling
    trader: Trader
    settler: Settler
    tenure: Tenure
    span: timedelta
    name: str = "steward"
    backstop: float = 0.5
    _due_at: Instant = field(default_factory=lambda: Instant(0))

    async def once(self) -> Instant:
        """Serves what was asked for; reconciles as a life begins, in the middle of each bar, when all rests, and when money moved."""
        if self.settler.ready_at is None:
            return self.clock.now() + UNREADY
        await self._keep_killed()
        for asked in self.books.requests():
            await self._serve_alone(asked)
        now = self.clock.now()
        if now >= self._due_at or self.settler.takes_moved():
            # Due until it was done: one that raises is made up for with the next turn.
            self._due_at = now
            await self.reconciling.once()
            self._due_at = self._next(now)
        return min(now + SOON, self._due_at) if self.books.requests() else self._due_at

    async def _keep_killed(self) -> None:
        """Under an engaged kill switch no entry goes on working, whoever engaged it and whenever; what protects is left alone."""
        if self.books.switches().kill is None:
            return
        now = self.clock.now()
        for intent, _ in self.books.live_intents():
            is_entry = intent.proposal.purpose is Purpose.ENTRY
            if is_entry and not intent.ended and may_cancel(intent, now):
                await self.trader.cancel(intent)

    def _next(self, now: Instant) -> Instant:
        """In the middle of the next bar; in a minute while a balance is frozen that the exchange may explain by then."""
        if any(mark.startswith(MISMATCH) for mark in self.books.open_marks()):
            return now + MINUTE
        middle = now.floor(self.span) + self.span / HALF
        return middle if now < middle else middle + self.span

    async def _serve_alone(self, asked: OwnersRequest) -> None:
        """A request that raises is answered with what it raised."""
        try:
            rows = await self._serve(asked)
        except MUST_END:
            raise
        except ExchangeTrouble:
            return  # nobody could say how it stands: it is asked again
        except TROUBLE as error:
            found = f"{type(error).__name__}: {error}"
            rows = (CheckRow(asked.what, passed=False, compared=0, found=found),)
        if rows is not None:
            now, passed = self.clock.now(), all(row.holds for row in rows)
            done = replace(asked, answered_at=now, passed=passed, rows=tuple(rows))
            self.books.answer_request(self.tenure.epoch, done)

    async def _serve(self, asked: OwnersRequest) -> Sequence[CheckRow] | None:
        """What became of it; None while it is still being done."""
        match asked.what:
            case What.RECONCILE:
                return rows_of(await self.reconciling.once(LOOK_BACK))
            case What.KILL:
                return await self._killed(is_flat=False)
            case What.FLATTEN:
                self._close_lots()
                return await self._killed(is_flat=True)

    def _close_lots(self) -> None:
        """The closing of each lot is a durable plan, which the guardian goes on with whatever happens to this process."""
        for lot, _ in self.books.open_lots():
            if lot.exit_reason is None:
                self.books.flag_exit(self.tenure.epoch, self.clock.now(), lot.id, OWNER)
        self.clock.nudge("guardian").set()

    async def _killed(self, *, is_flat: bool) -> Sequence[CheckRow] | None:
        """The end state, read back from the exchange; None as long as it is not reached."""
        exchange = self.trader.exchange
        listed = (
            *await exchange.open_orders(advanced=False),
            *await exchange.open_orders(advanced=True),
        )
        intents = self.books.intents()
        stood = Stood(
            tuple(intent for intent, _ in self.books.live_intents()),
            self.books.open_lots(),
            listed,
            frozenset(intent.client_oid for intent in intents),
        )
        rows = end_state(stood, is_flat=is_flat)
        return rows if all(row.holds for row in rows) else None


def rows_of(made: Plan) -> tuple[CheckRow, ...]:
    """A plan as rows, for whoever asked for it."""
    return tuple(
        CheckRow(
            each.kind, passed=True, compared=1, found=f"{each.action}: {each.name}: {each.reason}"
        )
        for each in made.differences
    )
