"""The settler: asks the exchange what became of every order that has not ended, and books each execution once.

It reads the wallet first, so that whoever trades next stands on young figures. Silence and absence are kept as what they are:
an order of unknown outcome ends by evidence alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

import structlog

from interlock.desk.trader import Trader
from interlock.errors import NotAuthorised
from interlock.orders.evidence import Absent, Fill, OrderFact, Source
from interlock.orders.intent import Attempt, Intent
from interlock.orders.life import State
from interlock.ports import Books, Clock, Evidence, Exchange, Incident, Tenure
from interlock.protection.plan import is_resting
from interlock.strategy.proposal import OrderType, Purpose
from interlock.values import Instant, Unknown

_log = structlog.get_logger("settler")

SOON: Final = timedelta(seconds=1)
LATER: Final = timedelta(seconds=5)
LAG: Final = timedelta(seconds=1)
OVERLAP: Final = timedelta(minutes=1)
AUTH_PAUSE: Final = timedelta(seconds=60)

Live = tuple[Intent, tuple[Attempt, ...]]


@dataclass(slots=True)
class Settler:
    """One pass: wallet, orders, executions, absences; then one transaction that books them all.

    `ready_at` is when a first pass ended with the exchange answering: nothing is entered before.
    """

    exchange: Exchange
    books: Books
    clock: Clock
    trader: Trader
    tenure: Tenure
    span: timedelta
    name: str = "settler"
    backstop: float = 5.0
    ready_at: Instant | None = None
    _asked_trades_at: Instant = field(default_factory=lambda: Instant(0))
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
        live = self._asked()
        if not live:
            return ()
        facts, absences = await self._look(live)
        fills = await self._executions(live, facts)
        evidence = Evidence(tuple(facts), tuple(fills), tuple(absences))
        changed = self.books.learn(self.tenure.epoch, self.clock.now(), evidence)
        if changed or fills:
            self.clock.nudge("guardian").set()
        await self._ask_again(live, absences)
        return [intent for intent, _ in self._asked()]

    def _asked(self) -> list[Live]:
        """What can be asked about: an intent whose request is on its way in this very process is the trader's."""
        live = self.books.live_intents()
        return [(i, a) for i, a in live if not self.trader.is_sending(i.id)]

    async def _look(self, live: Sequence[Live]) -> tuple[list[OrderFact], list[Absent]]:
        facts: list[OrderFact] = []
        absences: list[Absent] = []
        listed = await self._listed(live)
        for intent, _ in live:
            seen = listed.get(intent.client_oid)
            looks = (seen,) if seen else await self._ask_twice(intent)
            facts += [look for look in looks if isinstance(look, OrderFact)]
            absences += [look for look in looks if isinstance(look, Absent)]
        return facts, absences

    async def _ask_twice(self, intent: Intent) -> tuple[OrderFact | Absent, ...]:
        """Its detail; and when that does not know it, the history of its class, which is another endpoint."""
        first = await self.exchange.order(intent)
        if isinstance(first, OrderFact):
            return (first,)
        return first, await self._second_look(intent)

    async def _listed(self, live: Sequence[Live]) -> dict[str, OrderFact]:
        """Working stops are known by the exchange's own complete list of triggers: one call for all of them."""
        if not any(_is_stop(intent) for intent, _ in live):
            return {}
        listed = await self.exchange.open_orders(advanced=True)
        return {fact.client_oid: fact for fact in listed}

    async def _second_look(self, intent: Intent) -> OrderFact | Absent:
        """A look at another endpoint: the complete history of its class since an hour before it was asked for."""
        advanced = _is_stop(intent)
        asked_at = self.clock.now()
        history = await self.exchange.history(
            intent.created_at - timedelta(hours=1), advanced=advanced
        )
        source = Source.ADVANCED_HISTORY if advanced else Source.ORDER_HISTORY
        mine = (fact for fact in history if fact.client_oid == intent.client_oid)
        return next(mine, Absent(intent.client_oid, source, asked_at))

    async def _executions(
        self, live: Sequence[Live], facts: Sequence[OrderFact]
    ) -> tuple[Fill, ...]:
        known = {fact.client_oid: fact.filled for fact in facts}
        missing = [
            i for i, _ in live if known.get(i.client_oid, i.filled) > 0 and self._unbooked(i)
        ]
        now = self.clock.now()
        if not missing or now - self._asked_trades_at < SOON:
            return ()
        self._asked_trades_at = now
        since = min(intent.created_at for intent in missing) - OVERLAP
        return await self.exchange.fills(since)

    @staticmethod
    def _unbooked(intent: Intent) -> bool:
        """An intent is given to us as long as executions of it may be missing; a stop that merely works has none."""
        return not is_resting(intent) or intent.filled > 0

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
        self._shut_until = now + AUTH_PAUSE
        _log.warning("shut out", code=error.code)
        return self._shut_until

    def _due(self, unsettled: Sequence[Intent]) -> Instant:
        now = self.clock.now()
        open_now = [i for i in unsettled if not is_resting(i)]
        if open_now:
            return now + (LATER if all(i.state is State.UNKNOWN for i in open_now) else SOON)
        return now.floor(self.span) + self.span + LAG


def _is_stop(intent: Intent) -> bool:
    return intent.proposal.type is OrderType.STOP_LOSS
