"""The settler: asks the exchange what became of every order that has not ended, and books each execution once.

It reads the wallet first, so that whoever trades next stands on young figures. Silence and absence are kept as what they are:
an order of unknown outcome ends by evidence alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

import structlog

from interlock.account import Tenure
from interlock.desk.asking import Asking, Live
from interlock.desk.trader import Trader
from interlock.errors import ExchangeTrouble, NotAuthorised
from interlock.evidence.diagnosis import AccessFacts, No, diagnose, facts_in_words
from interlock.evidence.incident import Incident
from interlock.orders.evidence import Absent, Evidence
from interlock.orders.intent import Intent
from interlock.orders.life import State
from interlock.ports import Books, Clock, Exchange
from interlock.protection.plan import is_resting
from interlock.strategy.proposal import Purpose
from interlock.values import Instant, Known, Unknown

_log = structlog.get_logger("settler")

SOON: Final = timedelta(seconds=1)
LATER: Final = timedelta(seconds=5)
LAG: Final = timedelta(seconds=1)
AUTH_PAUSE: Final = timedelta(seconds=60)
SHUT_OUT: Final = "exchange:auth"
NOT_HERE: Final = Unknown("the platform asks no third party: `interlock doctor` does")


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
    _is_shut_out: bool = False

    async def once(self) -> Instant:
        """Settles what can be settled now; due soon while anything is open, else with the next bar."""
        if self.clock.now() < self._shut_until:
            return self._shut_until
        try:
            await self._read_wallet()
            unsettled = await self._settle()
        except NotAuthorised as error:
            return await self._shut_out(error)
        if self.ready_at is None or self._is_shut_out:
            self._let_in()
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

    def _let_in(self) -> None:
        """The exchange knows us (again): entries may be judged, lots may be guarded, and the incident is over."""
        now = self.clock.now()
        self.books.note(now, closed=(SHUT_OUT,))
        self._is_shut_out = False
        self.ready_at = self.ready_at or now
        for who in ("monitor", "guardian", "herald"):
            self.clock.nudge(who).set()

    async def _shut_out(self, error: NotAuthorised) -> Instant:
        """One attempt a minute and one incident: an authentication failure is never retried in a loop."""
        now = self.clock.now()
        self._is_shut_out = True
        self._shut_until = now + AUTH_PAUSE
        self.books.account_read(now, Unknown(str(error.code)))
        incident = Incident(SHUT_OUT, "FAIL", await self._why_shut_out(error, now), now)
        self.books.note(now, incidents=(incident,))
        self.clock.nudge("herald").set()
        _log.warning("shut out", code=error.code)
        return self._shut_until

    async def _why_shut_out(self, error: NotAuthorised, now: Instant) -> str:
        """The facts that are at hand here, and what most likely follows from them."""
        heard = error.circumstances
        if heard is None:
            return error.line()
        facts = AccessFacts(
            at=now,
            fingerprint=heard.fingerprint,
            signer_works=heard.signer_works,
            public=await self._public(now),
            offset=Unknown("no time was named") if heard.offset is None else heard.offset,
            private={heard.method: No(heard.status, error.code, error.message)},
            egress=NOT_HERE,
            last_good=NOT_HERE,
        )
        return "\n".join((str(error), *facts_in_words(facts), diagnose(facts).remedy))

    async def _public(self, now: Instant) -> Known[str] | Unknown:
        """Whether the exchange answers at all, asked without a key."""
        try:
            ticks = await self.exchange.ticks()
        except ExchangeTrouble as trouble:
            return Unknown(str(trouble))
        return Known(f"answers ({len(ticks)} prices)", now)

    def _due(self, unsettled: Sequence[Intent]) -> Instant:
        now = self.clock.now()
        open_now = [i for i in unsettled if not is_resting(i)]
        if open_now:
            return now + (LATER if all(i.state is State.UNKNOWN for i in open_now) else SOON)
        return now.floor(self.span) + self.span + LAG
