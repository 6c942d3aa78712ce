"""The settler: asks the exchange what became of every order that has not ended, and books each execution once.

While all that happens is heard it asks what should have been spoken of and was not; a gap it closes by asking for everything since. It
reads the wallet first, so that whoever trades next stands on young figures. Silence and absence are kept as what they are: an order of
unknown outcome ends by evidence alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Final

import structlog

from interlock.account import AccountReading, Tenure
from interlock.desk.adopting import Adopting
from interlock.desk.asking import QUIET, Asking, Live, Scope, alarms
from interlock.desk.day import MUST_END, TROUBLE
from interlock.desk.hearing import Hearing
from interlock.desk.trader import Trader
from interlock.desk.transfers import Journal
from interlock.errors import ExchangeTrouble, NotAuthorised
from interlock.evidence.diagnosis import AccessFacts, No, diagnose, facts_in_words
from interlock.evidence.incident import Incident
from interlock.orders.evidence import Absent, Ear, Evidence
from interlock.orders.intent import Intent
from interlock.orders.life import State
from interlock.ports import Books, Clock, Exchange
from interlock.protection.view import is_resting
from interlock.strategy.proposal import Purpose
from interlock.values import Instant, Known, Unknown

_log = structlog.get_logger("settler")

SOON: Final = timedelta(seconds=1)
LATER: Final = timedelta(seconds=5)
LAG: Final = timedelta(seconds=1)
GLITCH: Final = timedelta(seconds=10)
WALLET: Final = timedelta(minutes=1)
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
    journal: Journal
    trader: Trader
    tenure: Tenure
    span: timedelta
    hearing: Hearing
    adopting: Adopting
    name: str = "settler"
    backstop: float = 5.0
    ready_at: Instant | None = None
    _wallet_at: Instant = field(default_factory=lambda: Instant(0))
    _parked_asked_at: Instant = field(default_factory=lambda: Instant(0))
    _shut_until: Instant = field(default_factory=lambda: Instant(0))
    _is_shut_out: bool = False
    _able_at: Instant | None = None
    _deaf_since: Instant | None = None
    _totals: dict[str, Decimal] | None = None
    _has_moved: bool = False
    _is_to_look: bool = False

    async def once(self) -> Instant:
        """Settles what can be settled now; due soon while anything is open, else with the next bar."""
        if self.clock.now() < self._shut_until:
            return self._shut_until
        asked_at = self.clock.now()
        try:
            if self.ready_at is None:
                await self.adopting.once()
            await self._read_wallet()
            unsettled = await self._settle()
        except NotAuthorised as error:
            self._deaf_since = self._deaf_since or asked_at
            return await self._shut_out(error)
        except ExchangeTrouble:
            self._deaf_since = self._deaf_since or asked_at
            raise
        self._able_at, self._deaf_since = self.able_since(), None
        if self.ready_at is None or self._is_shut_out:
            self._let_in()
        return self._due(unsettled)

    def able_since(self) -> Instant:
        """Since when the exchange answers us: before, nobody could have acted, and no deadline counts that time; a glitch is no silence."""
        now = self.clock.now()
        is_deaf = self._deaf_since is not None and now - self._deaf_since > GLITCH
        return now if is_deaf else self._able_at or now

    def takes_moved(self) -> bool:
        """Whether money moved that no order of ours moved; asked once, it is said once."""
        is_to_look, self._is_to_look = self._is_to_look, False
        return is_to_look

    async def _read_wallet(self) -> None:
        """The wallet, when something may have moved it, and each minute in any case."""
        hearing, now = self.hearing, self.clock.now()
        is_young = now - self._wallet_at < WALLET and not hearing.is_wallet_due
        is_let_in = self.ready_at is not None and not self._is_shut_out
        self._has_moved = False
        if hearing.is_whole and is_young and is_let_in:
            return
        # What is heard while the answer is on its way makes it due again.
        hearing.is_wallet_due = False
        try:
            reading = await self.exchange.account()
        except ExchangeTrouble:
            hearing.is_wallet_due = True
            raise
        self._wallet_at = reading.as_of
        await self._ask_the_journal(reading)
        self.books.account_read(self.clock.now(), reading)
        self._totals, before = (
            {b.currency: b.total for b in reading.balances.values()},
            self._totals,
        )
        self._has_moved = before is not None and before != self._totals
        await self._book_interest(reading)

    async def _book_interest(self, reading: AccountReading) -> None:
        """Where the journal cannot be read now it is read later, from where it was booked."""
        try:
            await self.journal.interest(reading)
        except NotAuthorised:
            raise
        except ExchangeTrouble as trouble:
            _log.warning("interest not read", error=type(trouble).__name__, text=str(trouble))

    async def _ask_the_journal(self, reading: AccountReading) -> None:
        """Before a day's loss is held against the owner, the journal says what they took away; where it cannot be read, it is held."""
        day = self.books.day(self.clock.now())
        loss = day.loss_pct(reading.equity) if day else None
        if day is None or loss is None or day.latched_at is not None:
            return
        if loss >= self.trader.limits.max_daily_loss_pct:
            try:
                await self.journal.book(day.as_of, reading.as_of)
            except ExchangeTrouble as trouble:
                _log.warning("journal not read", error=type(trouble).__name__, text=str(trouble))

    async def _settle(self) -> Sequence[Intent]:
        live, scope = self._askable(), self._scope()
        number = self.hearing.number if self.hearing.is_open else None
        asked_at = self.clock.now()
        evidence = await self.asking.look(live, scope)
        if evidence != Evidence() or scope.since is not None:
            self._take(evidence)
        if self._has_moved and not live:
            # Money moved and no order of ours did it: the owner, or somebody else.
            self._is_to_look = True
            self.clock.nudge("steward").set()
        if number is not None and self.asking.swept_to >= asked_at and not scope.is_whole:
            self.hearing.asked(number, asked_at)
        await self._ask_again(live, evidence.absences)
        return [intent for intent, _ in self._askable()]

    def _scope(self) -> Scope:
        """Everything while something may not have been heard; and whatever an unknown id was heard of since."""
        hearing, now = self.hearing, self.clock.now()
        if hearing.is_whole:
            self.asking.swept_to = max(self.asking.swept_to, hearing.whole_to)
        since = self.asking.swept_to if hearing.ear is Ear.GAP and hearing.is_open else None
        if now - self._parked_asked_at >= QUIET:
            parked = self.books.parked()
            if parked:
                self._parked_asked_at = now
                since = min(parked[0].at, since or now)
        return Scope(hearing.is_whole, since)

    def _take(self, evidence: Evidence) -> None:
        """Books what was answered, and wakes whoever has something to do now."""
        changed = self._learn(evidence)
        incidents = alarms(evidence.facts, self.clock.now())
        if incidents:
            self.books.note(self.clock.now(), incidents=incidents)
        if changed or evidence.fills:
            self.clock.nudge("guardian").set()
            self._has_moved = False
        self.clock.nudge("herald").set()

    def _learn(self, evidence: Evidence) -> Sequence[Intent]:
        """All of it in one transaction; where one word cannot be booked, each alone, so that it keeps no other from being booked."""
        epoch = self.tenure.epoch
        try:
            return self.books.learn(epoch, self.clock.now(), evidence)
        except MUST_END:
            raise
        except TROUBLE:
            return [each for part in evidence.parts() for each in self._learn_alone(part)]

    def _learn_alone(self, part: Evidence) -> Sequence[Intent]:
        now = self.clock.now()
        try:
            return self.books.learn(self.tenure.epoch, now, part)
        except MUST_END:
            raise
        except TROUBLE as error:
            text = f"What the exchange said of {part.name} cannot be booked: {error}"
            self.books.note(now, incidents=(Incident(f"evidence:{part.name}", "FAIL", text, now),))
            if self.hearing.is_open:
                self.hearing.broke("what was answered could not be booked", now, is_open=True)
            return ()

    def _askable(self) -> list[Live]:
        """What can be asked about: an intent whose request is on its way in this very process is the trader's."""
        live = self.books.live_intents()
        return [(i, a) for i, a in live if not self.trader.is_sending(i.id)]

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
        waits = [self._next(intent, now) for intent in unsettled if not is_resting(intent)]
        if self.hearing.ear is Ear.GAP and self.hearing.is_open:
            waits.append(now + SOON)
        if now - self._parked_asked_at < QUIET and self.books.parked():
            waits.append(self._parked_asked_at + QUIET)
        return min(waits, default=now.floor(self.span) + self.span + LAG)

    def _next(self, intent: Intent, now: Instant) -> Instant:
        if intent.state is State.UNKNOWN:
            return now + LATER
        soon = now + SOON
        return max(soon, self.asking.due(intent)) if self.hearing.is_whole else soon
