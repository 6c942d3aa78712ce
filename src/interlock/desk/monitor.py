"""The monitor: asks every watched symbol once per closed bar what its strategy says, and hands what it says to the trader.

A WAIT is stored once per bar. A bar that closed while nobody watched is decided too, and its entry is blocked by its age.
"""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from interlock.desk.day import MUST_END, TROUBLE
from interlock.desk.settler import UNREADY, Settler
from interlock.desk.trader import Trader
from interlock.evidence.incident import Incident
from interlock.ports import Books, Clock, MarketFile
from interlock.strategy.decide import decide
from interlock.strategy.shelf import named
from interlock.strategy.signal import Decision, Signal
from interlock.strategy.watchlist import WatchlistRow
from interlock.values import Instant

SOON: Final = timedelta(seconds=1)
LAG: Final = timedelta(seconds=1)
WINDOW: Final = 1800


@dataclass(slots=True)
class Monitor:
    """One pass over the watchlist. `_decided` only spares asking again; that a bar is decided once is the store's promise."""

    books: Books
    market: MarketFile
    clock: Clock
    trader: Trader
    settler: Settler
    span: timedelta
    name: str = "monitor"
    backstop: float = 30.0
    _decided: dict[str, Instant] = field(default_factory=dict)

    async def once(self) -> Instant:
        """Decides every bar that is new; due again when the next one has closed."""
        if self.settler.ready_at is None:
            return self.clock.now() + UNREADY
        waits: list[Signal] = []
        for row in self.books.watchlist():
            waits += await self._decide_alone(row)
        if waits:
            self.books.note(self.clock.now(), signals=waits)
        return self.clock.now().floor(self.span) + self.span + LAG

    async def _decide_alone(self, row: WatchlistRow) -> list[Signal]:
        """A row that raises is named by an incident, and the others are decided all the same."""
        try:
            return await self._decide(row)
        except MUST_END:
            raise
        except TROUBLE as error:
            text = f"{row.symbol} cannot be decided: {error}"
            now = self.clock.now()
            self.books.note(now, incidents=(Incident(f"row:{row.symbol}", "FAIL", text, now),))
            self.clock.nudge("herald").set()
            return []

    async def _decide(self, row: WatchlistRow) -> list[Signal]:
        """The signal when it is a WAIT; any other is the trader's."""
        signal = self._signal(row)
        if signal is None:
            return []
        if signal.decision is not Decision.WAIT:
            await self.trader.decide(signal, row, named(row.preset))
        self._decided[row.symbol] = signal.ends
        return [signal] if signal.decision is Decision.WAIT else []

    def _signal(self, row: WatchlistRow) -> Signal | None:
        if row.is_deleted or not row.alert_enabled:
            return None
        newest = self.market.window(row.symbol, self.span, 1).ends()
        if newest is None or newest == self._decided.get(row.symbol):
            return None
        window = self.market.window(row.symbol, self.span, WINDOW)
        return decide(row, named(row.preset), window)
