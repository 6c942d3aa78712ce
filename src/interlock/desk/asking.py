"""What became of our orders: every question that the settler asks the exchange, and the fewest of them.

Stops that work are known by one complete list. What a list or a detail does not know is asked for in the history of its class, once for
all: an absence is kept with its endpoint and the time of asking, and proves nothing alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from interlock.orders.evidence import Absent, Evidence, Fill, OrderFact, Source
from interlock.orders.intent import Attempt, Intent
from interlock.ports import Clock, Exchange
from interlock.strategy.proposal import OrderType
from interlock.values import Instant

BEFORE: Final = timedelta(hours=1)
BETWEEN: Final = timedelta(seconds=1)
OVERLAP: Final = timedelta(minutes=1)
PATIENCE: Final = timedelta(minutes=1)
SWEEP: Final = timedelta(hours=1)

Live = tuple[Intent, tuple[Attempt, ...]]


def is_stop(intent: Intent) -> bool:
    """Whether it lives at the advanced endpoints."""
    return intent.proposal.type is OrderType.STOP_LOSS


@dataclass(slots=True)
class Asking:
    """`swept_to` is the instant up to which every execution of the account is known to be booked."""

    exchange: Exchange
    clock: Clock
    swept_to: Instant
    _asked_at: Instant = field(default_factory=lambda: Instant(0))
    _swept_at: Instant = field(default_factory=lambda: Instant(0))

    async def look(self, live: Sequence[Live]) -> Evidence:
        """Facts, executions and absences about these intents, and the executions of a sweep when one is due."""
        intents = [intent for intent, _ in live]
        facts, absences = await self._facts(intents)
        seen = await self._second_looks(intents, absences)
        facts += [look for look in seen if isinstance(look, OrderFact)]
        absences += [look for look in seen if isinstance(look, Absent)]
        fills = await self._executions(intents, facts)
        return Evidence(tuple(facts), fills, tuple(absences))

    async def _facts(self, intents: Sequence[Intent]) -> tuple[list[OrderFact], list[Absent]]:
        """Each order by the complete list of triggers, or by its detail."""
        listed = await self._listed(intents)
        looks = [listed.get(i.client_oid) or await self.exchange.order(i) for i in intents]
        facts = [look for look in looks if isinstance(look, OrderFact)]
        return facts, [look for look in looks if isinstance(look, Absent)]

    async def _listed(self, intents: Sequence[Intent]) -> dict[str, OrderFact]:
        if not any(is_stop(intent) for intent in intents):
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
            unseen = [i for i in intents if i.client_oid in absent and is_stop(i) is advanced]
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
        self, intents: Sequence[Intent], facts: Sequence[OrderFact]
    ) -> tuple[Fill, ...]:
        """Executions, when some are owed or a sweep is due; at most one question a second."""
        now = self.clock.now()
        owing = self._owing(intents, facts)
        is_sweep = now - self._swept_at >= SWEEP
        if now - self._asked_at < BETWEEN or not (owing or is_sweep):
            return ()
        self._asked_at = now
        fills = await self.exchange.fills(self._since(owing, now))
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
