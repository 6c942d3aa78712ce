"""What the health page would say at an instant, held against what an entry would hear at that instant (I15).

The page is made as the API makes it, from the same objects. `ready_to_trade` may be true only while an entry of every row would be
judged on its merit: refused by a cap, perhaps, but never because something is unknown, too old, or closed.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from typing import Any, Final

from interlock.account import Margin, Spot
from interlock.api.facts import facts
from interlock.api.memory import Memory, Snapshot
from interlock.api.observe import observe
from interlock.health.readiness import readiness
from interlock.rehearsal.world import World
from interlock.risk import probe
from interlock.risk.finding import MISSING, RAISED
from interlock.risk.probe_request import ProbeRequest, Scope
from interlock.settings import Settings
from interlock.strategy.watchlist import WatchlistRow
from interlock.values import Instant, Side

# What was not asked was kept from it by the no of another rule, which is looked at itself.
BLIND: Final = frozenset({MISSING, RAISED})
CLOSED: Final = frozenset(
    {
        *("LEASE", "KILL", "PAUSE", "MODE", "ENV_BOUND", "UNKNOWN_OUTCOME", "FROZEN"),
        *("PRICE_AGE", "ASK", "CLOCK_SKEW"),
        *("PROTECTION", "NAKED_LOT", "INSTRUMENT", "EQUITY", "A", "F"),
    }
)
"""Rules whose no is about what is known and open, and not about the order."""
OF_THE_BAR: Final = frozenset({"BAR_AGE", "INDICATORS", "DATA_JUMP"})
"""An entry is made of a bar that has just been decided; between two of them, and before the first, there is none to be judged."""
SPAN: Final = timedelta(hours=1)
# How long after a bar has closed: entries are made in the first of these moments, and its prices are too old after the others.
MOMENTS: Final = tuple(timedelta(seconds=s) for s in (3, 20, 70, 115))


@dataclass(frozen=True, slots=True)
class _Still:
    """A clock that is read once."""

    at: Instant

    def now(self) -> Instant:
        return self.at

    def monotonic(self) -> float:
        return 0.0


def is_green(shown: Snapshot) -> bool:
    """What the page says of `ready_to_trade`."""
    return readiness(observe(shown, settings()), shown.as_of).allowed


@dataclass(slots=True)
class Light:
    """Looks at the page now and then; `greens` counts how often it said that trading may go on."""

    world: World
    page: Callable[[Snapshot], bool] = is_green
    looks: int = 0
    greens: int = 0
    wrong: dict[str, None] = field(default_factory=dict)

    def violations(self) -> list[str]:
        """When it was green and should not have been."""
        return list(self.wrong)

    def begin(self) -> None:
        """Every look there will be."""
        world, hour = self.world, self.world.start.floor(SPAN)
        while hour < world.start + world.lasts:
            hour += SPAN
            for moment in MOMENTS:
                due = hour + moment - world.start
                world.loop.call_later(due.total_seconds(), self.look)

    def look(self) -> None:
        """One look, as somebody else on the same host would have it."""
        self.looks += 1
        at = self.world.now() + self.world.machine.skew
        clock: Any = _Still(at)
        books: Any = self.world.open_books()
        memory = Memory(books, self.world.market, clock, lambda: not self.world.seams.is_dead)
        shown = memory.snapshot()
        if not self.page(shown):
            return
        self.greens += 1
        for row in shown.picture.watchlist:
            if not row.is_deleted and row.trade_enabled:
                for rule in self._blind(memory, shown, row):
                    self.wrong[f"I15: ready to trade, and {rule} keeps {row.symbol} back"] = None

    def _blind(self, memory: Memory, shown: Snapshot, row: WatchlistRow) -> Iterator[str]:
        decided = memory.books.decided(row.symbol, None)
        known = facts(row.symbol, shown, decided, self.world.market.instrument)
        status, body = probe.answer(
            _entry(row), shown.standing, settings().limits(), shown.as_of, known
        )
        if "rules" not in body:
            yield f"{status} {body['reason']}"
        for each in body.get("rules", ()):
            is_blind = each["found"] in BLIND or each["rule"] in CLOSED
            if not each["passed"] and is_blind and each["rule"] not in OF_THE_BAR:
                yield f"{each['rule']} ({each['found']})"


def _entry(row: WatchlistRow) -> ProbeRequest:
    assert row.trade_amount_usd is not None
    funding = Margin(row.leverage) if row.trade_on_margin else Spot()
    return ProbeRequest(row.symbol, Side.BUY, row.trade_amount_usd, funding, scope=Scope.ORDER)


@cache
def settings() -> Settings:
    """The settings of a platform that nobody configured."""
    return Settings()
