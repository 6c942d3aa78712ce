"""After a restore: the exchange's lists and histories are read, and every order of ours that the books do not know gets its intent again.

It comes before anything is settled, so that an execution finds the order that it belongs to. Orders older than the histories that the
exchange gives are not found; reconciling tells what is left.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import structlog

from interlock.account import Tenure
from interlock.orders.evidence import OrderFact
from interlock.ports import Books, Clock, Exchange
from interlock.reconcile.adoption import Known, adopted
from interlock.values import Instant

_log = structlog.get_logger("adopting")

LOOK_BACK: Final = timedelta(days=6)
MARGIN: Final = timedelta(hours=1)
RESTORED: Final = "restored"


@dataclass(frozen=True, slots=True)
class Adopting:
    """Asks once in each life, until the owner has looked."""

    exchange: Exchange
    books: Books
    clock: Clock
    tenure: Tenure

    async def once(self) -> None:
        """Adopts what was asked for after the backup; books that were not restored know all of it."""
        if RESTORED not in self.books.open_marks():
            return
        now = self.clock.now()
        intents = self.books.intents()
        newest = max((intent.created_at for intent in intents), default=now - LOOK_BACK)
        since = max(newest - MARGIN, now - LOOK_BACK)
        facts = await self._facts(since)
        known = Known(
            self.tenure.install_id,
            intents,
            {row.symbol: row for row in self.books.watchlist()},
            {each.symbol: each for each in await self.exchange.instruments()},
        )
        found = adopted(facts, known, since, now)
        if found:
            self.books.adopt(self.tenure.epoch, self.clock.now(), found)
            _log.warning("adopted", orders=len(found))

    async def _facts(self, since: Instant) -> tuple[OrderFact, ...]:
        """What ended is told by the histories, and what lives by the lists, which are read last: the younger word counts."""
        return (
            *await self.exchange.history(since, advanced=False),
            *await self.exchange.history(since, advanced=True),
            *await self.exchange.open_orders(advanced=False),
            *await self.exchange.open_orders(advanced=True),
        )
