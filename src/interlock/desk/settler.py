"""The settler: asks the exchange what became of every order that has not ended, and books each execution once.

It reads the wallet first, so that whoever trades next stands on young figures. Silence and absence are kept as what they are:
an order of unknown outcome ends by evidence alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

import structlog

from interlock.desk.asking import Asking, Live
from interlock.desk.trader import Trader
from interlock.errors import NotAuthorised
from interlock.orders.evidence import Absent
from interlock.orders.intent import Intent
from interlock.orders.life import State
from interlock.ports import Books, Clock, Evidence, Exchange, Incident, Tenure
from interlock.protection.plan import is_resting
from interlock.strategy.proposal import Purpose
from interlock.values import Instant, Unknown

_log = structlog.get_logger("settler")

SOON: Final = timedelta(seconds=1)
LATER: Final = timedelta(seconds=5)
LAG: Final = timedelta(seconds=1)
AUTH_PAUSE: Final = timedelta(seconds=60)


@dataclass(slots=True)
class Settler:
    """One pass: wallet, orders, executions, absences; then one transaction that books them all.

    `ready_at` is when a first pass ended with the exchange answering: nothing is entered before.
    """

    exchange: Exchange
    books: Books
    clock: Clock
    asking: Asking
    trader: Trader
    tenure: Tenure
    span: timedelta
    name: str = "settler"
    backstop: float = 5.0
    ready_at: Instant | None = None
    _shut_until: Instant = field(default_factory=lambda: Instant(0))

    async def once(self) -> Instant:
        """Settles what can be settled now; due soon while anything is open, else with the next bar."""
        if self.clock.now() < self._shut_until:
            return self._shut_until
        try:
            await self._read_wallet()
            unsettled = await self._settle()
        except NotAuthorised as error:
            return self._shut_out(error)
        if self.ready_at is None:
            self.ready_at = self.clock.now()
            self.clock.nudge("monitor").set()
            self.clock.nudge("guardian").set()
        return self._due(unsettled)

    async def _read_wallet(self) -> None:
        reading = await self.exchange.account()
        self.books.account_read(self.clock.now(), reading)

    async def _settle(self) -> Sequence[Intent]:
        live = self._askable()
        evidence = await self.asking.look(live)
        if evidence != Evidence():
            changed = self.books.learn(self.tenure.epoch, self.clock.now(), evidence)
            self._alarm(evidence)
            if changed or evidence.fills:
                self.clock.nudge("guardian").set()
            self.clock.nudge("herald").set()
        await self._ask_again(live, evidence.absences)
        return [intent for intent, _ in self._askable()]

    def _askable(self) -> list[Live]:
        """What can be asked about: an intent whose request is on its way in this very process is the trader's."""
        live = self.books.live_intents()
        return [(i, a) for i, a in live if not self.trader.is_sending(i.id)]

    def _alarm(self, evidence: Evidence) -> None:
        """A word of the exchange that we do not know freezes the entries of its symbol until a person has looked."""
        now = self.clock.now()
        incidents = [
            Incident(
                f"freeze:UNKNOWN_OUTCOME_FREEZE:{fact.symbol}",
                "FAIL",
                f"The exchange says {fact.unlisted} of {fact.order_id}; nobody knows what that means.",
                now,
            )
            for fact in evidence.facts
            if fact.unlisted is not None
        ]
        if incidents:
            self.books.note(now, incidents=incidents)

    async def _ask_again(self, live: Sequence[Live], absences: Sequence[Absent]) -> None:
        """An exit or a stop that a whole look did not find is asked for again, with the same id; an entry never is."""
        unseen = {absence.client_oid for absence in absences}
        for intent, attempts in live:
            lost = intent.state is State.UNKNOWN and intent.client_oid in unseen
            if lost and intent.proposal.purpose is not Purpose.ENTRY:
                await self.trader.again(intent, attempts)

    def _shut_out(self, error: NotAuthorised) -> Instant:
        """One attempt a minute and one incident: an authentication failure is never retried in a loop."""
        now = self.clock.now()
        self.books.account_read(now, Unknown(str(error.code)))
        incident = Incident("exchange:auth", "FAIL", error.line(), now)
        self.books.note(now, incidents=(incident,))
        self.clock.nudge("herald").set()
        self._shut_until = now + AUTH_PAUSE
        _log.warning("shut out", code=error.code)
        return self._shut_until

    def _due(self, unsettled: Sequence[Intent]) -> Instant:
        now = self.clock.now()
        open_now = [i for i in unsettled if not is_resting(i)]
        if open_now:
            return now + (LATER if all(i.state is State.UNKNOWN for i in open_now) else SOON)
        return now.floor(self.span) + self.span + LAG
