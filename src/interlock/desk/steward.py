"""The steward: does what the owner asked for and answers, and keeps books and exchange reconciled, every hour and when money moved.

A request that cannot be done is answered with why, and keeps no other from being done.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from interlock.account import Tenure
from interlock.desk.auditor import LOOK_BACK
from interlock.desk.day import MUST_END, TROUBLE
from interlock.desk.reconciling import Reconciling
from interlock.desk.settler import Settler
from interlock.evidence.proof import CheckRow
from interlock.evidence.requests import OwnersRequest, What
from interlock.ports import Books, Clock
from interlock.reconcile.difference import Plan
from interlock.values import Instant

SOON: Final = timedelta(seconds=1)
HALF: Final = 2


@dataclass(slots=True)
class Steward:
    """One pass: every open request, then the reconciliation when it is due or was asked for."""

    books: Books
    clock: Clock
    reconciling: Reconciling
    settler: Settler
    tenure: Tenure
    span: timedelta
    name: str = "steward"
    backstop: float = 0.5
    _due_at: Instant | None = None

    async def once(self) -> Instant:
        """Serves what was asked for; reconciles in the middle of each bar, when everything rests, and when money moved."""
        if self.settler.ready_at is None:
            return self.clock.now() + SOON
        for asked in self.books.requests():
            await self._serve_alone(asked)
        now = self.clock.now()
        if self._due_at is None:
            self._due_at = self._next(now)
        if now >= self._due_at or self.settler.takes_moved():
            self._due_at = self._next(now)
            await self.reconciling.once()
        return self._due_at

    def _next(self, now: Instant) -> Instant:
        middle = now.floor(self.span) + self.span / HALF
        return middle if now < middle else middle + self.span

    async def _serve_alone(self, asked: OwnersRequest) -> None:
        """A request that raises is answered with what it raised."""
        try:
            rows = await self._serve(asked)
        except MUST_END:
            raise
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
            case _:
                return ()


def rows_of(made: Plan) -> tuple[CheckRow, ...]:
    """A plan as rows, for whoever asked for it."""
    return tuple(
        CheckRow(
            each.kind, passed=True, compared=1, found=f"{each.action}: {each.name}: {each.reason}"
        )
        for each in made.differences
    )
