"""Reconciling: reads both sides, asks the row for the plan, and does what the plan says. It decides nothing.

The wallet is read first and everything else after it, so that nothing can move between what explains and what is to be explained.
A balance that nothing explains is looked at twice before it freezes anything.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Final

import structlog

from interlock.account import AccountReading, Transfer
from interlock.desk.asking import Asking
from interlock.desk.trader import Trader
from interlock.desk.transfers import Journal
from interlock.errors import ExchangeTrouble
from interlock.evidence.incident import Incident
from interlock.orders.evidence import Absent, Evidence, Fill, OrderFact
from interlock.orders.intent import Intent
from interlock.ports import Books, Clock, Exchange
from interlock.reconcile.difference import Action, Difference, Kind, Ours, Plan, Policy, Theirs
from interlock.reconcile.intents import to_look_up
from interlock.reconcile.plan import plan, unexplained
from interlock.values import Instant, Unknown

_log = structlog.get_logger("reconcile")

Pause = Callable[[timedelta], Awaitable[None]]
AGAIN: Final = timedelta(seconds=2)
# What a person must know at once, and what they did themselves.
SEVERITY: Final[Mapping[Kind, str]] = {Kind.ORDER_BY_HAND: "WARN", Kind.TRANSFER: "WARN"}


@dataclass(frozen=True, slots=True)
class Looking:
    """Reads both sides and makes the plan; writes nothing, so that it may be asked from a cold start."""

    exchange: Exchange
    books: Books
    clock: Clock
    policy: Policy
    pause: Pause
    install_id: str

    async def plan(self, span: timedelta | None) -> tuple[Plan, AccountReading | None]:
        """The plan as both sides stand, and the wallet it was made on. With a `span`, history and executions are read so far back."""
        made, reading, rest = await self._look(span, {})
        if rest:
            await self.pause(AGAIN)
            made, reading, _ = await self._look(span, rest)
        return made, reading

    async def _look(
        self, span: timedelta | None, earlier: Mapping[str, Decimal]
    ) -> tuple[Plan, AccountReading | None, Mapping[str, Decimal]]:
        try:
            reading: AccountReading | None = await self.exchange.account()
            theirs = await self._theirs(reading, span)
        except ExchangeTrouble as trouble:
            why = Unknown(str(trouble))
            now = self.clock.now()
            reading, theirs = None, Theirs(now, now, why, why)
        ours = self._ours()
        return (
            plan(ours, theirs, self.policy, self.clock.now(), earlier),
            reading,
            unexplained(ours, theirs),
        )

    async def _theirs(self, reading: AccountReading | None, span: timedelta | None) -> Theirs:
        """Executions and journal are asked for when the wallet differs without them, or when all of it was asked for."""
        now = self.clock.now()
        ours = self._ours()
        since = max(ours.opened_at, now - span) if span else ours.opened_at
        listed = (
            *await self.exchange.open_orders(advanced=False),
            *await self.exchange.open_orders(advanced=True),
        )
        held = {b.currency: b.total for b in reading.balances.values()} if reading else {}
        theirs = Theirs(reading.as_of if reading else now, since, listed, held)
        differs = bool(unexplained(ours, theirs))
        return Theirs(
            as_of=theirs.as_of,
            since=since,
            listed=listed,
            wallet=held,
            looked=await self._looked(listed),
            history=await self._history(since) if span else (),
            fills=await self._fills(ours, since) if span or differs else Unknown("not asked"),
            journal=await self._journal(ours) if span or differs else Unknown("not asked"),
        )

    async def _looked(
        self, listed: Sequence[OrderFact]
    ) -> tuple[tuple[Intent, OrderFact | Absent], ...]:
        live = [intent for intent, _ in self.books.live_intents()]
        asked = to_look_up(live, listed)
        return tuple([(intent, await self.exchange.order(intent)) for intent in asked])

    async def _history(self, since: Instant) -> tuple[OrderFact, ...]:
        return (
            *await self.exchange.history(since, advanced=False),
            *await self.exchange.history(since, advanced=True),
        )

    async def _fills(self, ours: Ours, since: Instant) -> tuple[Fill, ...]:
        """Since the last execution that is booked is not enough: one before it may have been missed."""
        oldest = min(since, ours.fills[-1].at) if ours.fills else since
        return await self.exchange.fills(max(ours.opened_at, oldest))

    async def _journal(self, ours: Ours) -> tuple[Transfer, ...] | Unknown:
        """A key that may not read the journal explains nothing, and keeps nothing else from being compared."""
        try:
            return await self.exchange.transfers(ours.opened_at)
        except ExchangeTrouble as trouble:
            return Unknown(str(trouble))

    def _ours(self) -> Ours:
        now = self.clock.now()
        entries = self.books.entries()
        return Ours(
            install_id=self.install_id,
            opened_at=entries[0].at if entries else now,
            intents=self.books.intents(),
            lots=self.books.open_lots(),
            fills=self.books.fills(),
            entries=entries,
            told=self.books.open_marks(),
        )


@dataclass(frozen=True, slots=True)
class Reconciling:
    """Does what a plan says, for the engine that holds the account."""

    looking: Looking
    asking: Asking
    journal: Journal
    trader: Trader

    async def once(self, span: timedelta | None = None) -> Plan:
        """Looks, and does what the policy lets be done."""
        made, reading = await self.looking.plan(span)
        await self.apply(made, reading)
        return made

    async def apply(self, made: Plan, reading: AccountReading | None) -> None:
        """Everything that the plan says, evidence first, and the incidents last."""
        if made.is_empty and not made.over:
            return
        books, now = self.looking.books, self.looking.clock.now()
        told = Evidence(_about(made, Action.ADOPT, OrderFact), _about(made, Action.BOOK, Fill))
        if told != Evidence():
            books.learn(self.trader.tenure.epoch, now, told)
        moves = _about(made, Action.BOOK, Transfer)
        if await self.journal.keep(moves) and reading is not None:
            books.account_read(now, reading)
        for each in made.differences:
            await self._act(each)
        found = [_incident(each, now) for each in made.differences if _is_told(each)]
        books.note(self.looking.clock.now(), incidents=found, closed=made.over)
        _log.warning("reconciled", differences=len(made.differences), over=len(made.over))
        for who in ("guardian", "settler", "herald"):
            self.looking.clock.nudge(who).set()

    async def _act(self, each: Difference) -> None:
        match each.action, each.about:
            case Action.CANCEL, Intent() as intent:
                await self.trader.cancel(intent)
            case Action.CANCEL, OrderFact() as fact:
                await self.trader.cancel_foreign(fact)
            case Action.ASK, Intent() as intent:
                await self._ask(intent)
            case _:
                pass

    async def _ask(self, intent: Intent) -> None:
        live = [(i, a) for i, a in self.looking.books.live_intents() if i.id == intent.id]
        told = await self.asking.look(live)
        if told != Evidence():
            self.looking.books.learn(self.trader.tenure.epoch, self.looking.clock.now(), told)


def _about(made: Plan, action: Action, kind: type) -> tuple:  # type: ignore[type-arg] # of the very kind that was asked for
    return tuple(
        d.about for d in made.differences if d.action is action and isinstance(d.about, kind)
    )


def _is_told(each: Difference) -> bool:
    return each.mark is not None and each.action in (Action.ALARM, Action.FREEZE, Action.ASK)


def _incident(each: Difference, now: Instant) -> Incident:
    text = f"{each.kind.capitalize()}: {each.name}: {each.reason} ({each.evidence})."
    return Incident(each.mark or "", SEVERITY.get(each.kind, "FAIL"), text, now)
