"""What became of our orders: every question that the settler asks the exchange, and the fewest of them.

Stops that work are known by one complete list. What a list or a detail does not know is asked for in the history of its class, once for
all: an absence is kept with its endpoint and the time of asking, and proves nothing alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Final

from interlock.evidence.incident import Incident
from interlock.orders.evidence import Absent, Evidence, Fill, OrderFact, Source
from interlock.orders.intent import Attempt, Intent
from interlock.orders.life import State
from interlock.ports import Clock, Exchange
from interlock.protection.view import is_resting
from interlock.values import Instant

BEFORE: Final = timedelta(hours=1)
BETWEEN: Final = timedelta(seconds=1)
OVERLAP: Final = timedelta(minutes=1)
PATIENCE: Final = timedelta(minutes=1)
SWEEP: Final = timedelta(hours=1)
QUIET: Final = timedelta(seconds=10)

Live = tuple[Intent, tuple[Attempt, ...]]


def alarms(facts: Sequence[OrderFact], now: Instant) -> list[Incident]:
    """A word of the exchange that we do not know freezes the entries of its symbol until a person has looked."""
    return [
        Incident(
            f"freeze:UNKNOWN_OUTCOME_FREEZE:{fact.symbol}",
            "FAIL",
            f"The exchange says {fact.unlisted} of {fact.order_id}; nobody knows what that means.",
            now,
        )
        for fact in facts
        if fact.unlisted is not None
    ]


@dataclass(frozen=True, slots=True)
class Scope:
    """How much is asked: everything, or, while all that happens is heard, what should have been spoken of and was not.

    `since` is when something was heard of an id that nobody knows.
    """

    is_whole: bool = False
    since: Instant | None = None


EVERYTHING: Final = Scope()


@dataclass(slots=True)
class Asking:
    """`swept_to` is the instant up to which every execution of the account is known to be booked."""

    exchange: Exchange
    clock: Clock
    swept_to: Instant
    _asked_at: Instant = field(default_factory=lambda: Instant(0))
    _swept_at: Instant = field(default_factory=lambda: Instant(0))
    _order_asked_at: dict[str, Instant] = field(default_factory=dict)

    async def look(self, live: Sequence[Live], scope: Scope = EVERYTHING) -> Evidence:
        """Facts, executions and absences about these intents, and the executions of a sweep when one is due.

        Executions are never asked for without every order before: whose they are must be known first.
        """
        everybody = [intent for intent, _ in live]
        known = self._order_asked_at
        self._order_asked_at = {i.id: known[i.id] for i in everybody if i.id in known}
        intents = self._in_scope(everybody, scope)
        facts, absences = await self._facts(intents)
        if len(intents) < len(everybody) and self._owing(intents, facts):
            return await self.look(live, replace(scope, is_whole=False))
        seen = await self._second_looks(intents, absences)
        facts += [look for look in seen if isinstance(look, OrderFact)]
        absences += [look for look in seen if isinstance(look, Absent)]
        fills = await self._executions(intents, facts, scope)
        return Evidence(tuple(facts), fills, tuple(absences))

    def due(self, intent: Intent) -> Instant:
        """When an order is asked about although all that happens is heard: an unconfirmed stop and an unknown outcome at once."""
        is_open = not intent.ended and not is_resting(intent)
        if is_open and (intent.is_advanced or intent.state in (State.UNKNOWN, State.SENDING)):
            return Instant(0)
        spoken_of = max(intent.updated_at, self._order_asked_at.get(intent.id, Instant(0)))
        return spoken_of + QUIET

    def _in_scope(self, everybody: Sequence[Intent], scope: Scope) -> list[Intent]:
        now = self.clock.now()
        is_sweep = now - self._swept_at >= SWEEP
        if not scope.is_whole or scope.since is not None or is_sweep:
            return list(everybody)
        return [intent for intent in everybody if self.due(intent) <= now]

    async def _facts(self, intents: Sequence[Intent]) -> tuple[list[OrderFact], list[Absent]]:
        """Each order by the complete list of triggers, or by its detail."""
        now = self.clock.now()
        self._order_asked_at |= {intent.id: now for intent in intents}
        listed = await self._listed(intents)
        looks = [listed.get(i.client_oid) or await self.exchange.order(i) for i in intents]
        facts = [look for look in looks if isinstance(look, OrderFact)]
        return facts, [look for look in looks if isinstance(look, Absent)]

    async def _listed(self, intents: Sequence[Intent]) -> dict[str, OrderFact]:
        if not any(intent.is_advanced for intent in intents):
            return {}
        listed = await self.exchange.open_orders(advanced=True)
        return {fact.client_oid: fact for fact in listed}

    async def _second_looks(
        self, intents: Sequence[Intent], absences: Sequence[Absent]
    ) -> list[OrderFact | Absent]:
        """The history of each class that an absent order belongs to, since an hour before the oldest of them was asked for."""
        absent = {absence.client_oid for absence in absences}
        looks: list[OrderFact | Absent] = []
        for advanced in (False, True):
            unseen = [i for i in intents if i.client_oid in absent and i.is_advanced is advanced]
            if unseen:
                looks += await self._in_history(unseen, advanced=advanced)
        return looks

    async def _in_history(
        self, unseen: Sequence[Intent], *, advanced: bool
    ) -> list[OrderFact | Absent]:
        asked_at = self.clock.now()
        since = min(intent.created_at for intent in unseen) - BEFORE
        history = await self.exchange.history(since, advanced=advanced)
        told = {fact.client_oid: fact for fact in history}
        source = Source.ADVANCED_HISTORY if advanced else Source.ORDER_HISTORY
        oids = [intent.client_oid for intent in unseen]
        return [told.get(oid) or Absent(oid, source, asked_at) for oid in oids]

    async def _executions(
        self, intents: Sequence[Intent], facts: Sequence[OrderFact], scope: Scope
    ) -> tuple[Fill, ...]:
        """Executions, when some are owed or heard of, or a sweep is due; at most one question a second."""
        now = self.clock.now()
        owing = self._owing(intents, facts)
        is_sweep = now - self._swept_at >= SWEEP
        if now - self._asked_at < BETWEEN or not (owing or is_sweep or scope.since):
            return ()
        self._asked_at = now
        since = min(self._since(owing, now), scope.since or now)
        fills = await self.exchange.fills(since)
        self._swept_at, self.swept_to = now, now
        return fills

    @staticmethod
    def _owing(intents: Sequence[Intent], facts: Sequence[OrderFact]) -> list[Intent]:
        """Orders that were executed in part or whole: the books give us those alone whose executions may be missing."""
        told = {fact.client_oid: fact.filled for fact in facts}
        return [i for i in intents if max(told.get(i.client_oid, i.filled), i.filled) > 0]

    def _since(self, owing: Sequence[Intent], now: Instant) -> Instant:
        """From where the last question ended; from the beginning of an order whose executions stay away."""
        late = [i.created_at for i in owing if now - i.updated_at > PATIENCE]
        return min([self.swept_to, *late]) - OVERLAP
