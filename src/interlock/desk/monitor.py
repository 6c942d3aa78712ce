"""The monitor: asks every watched symbol once per closed bar what its strategy says, and hands what it says to the trader.

A WAIT is stored once per bar. A bar that closed while nobody watched is decided too, and its entry is blocked by its age.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from interlock.desk.day import MUST_END, TROUBLE
from interlock.desk.managing import Managing
from interlock.desk.settler import UNREADY, Settler
from interlock.desk.trader import Trader
from interlock.evidence.incident import Incident
from interlock.market import Window
from interlock.ports import Books, Clock, MarketFile, Strategist
from interlock.strategy.bars import coarse_window
from interlock.strategy.contract import Declares, Strategy
from interlock.strategy.decide import managed, meet, opinion_at, signal_of, unheard
from interlock.strategy.manage import Held
from interlock.strategy.shelf import SHELF
from interlock.strategy.signal import Decision, Opinion, Signal
from interlock.strategy.watchlist import WatchlistRow
from interlock.values import Instant, Unknown

SOON: Final = timedelta(seconds=1)
LAG: Final = timedelta(seconds=1)
WINDOW: Final = 1800
# A mean that remembers for ever has forgotten its start after ten times its period, but for a few parts in a hundred million.
MEMORY: Final = 10
WINDOW_MAX: Final = 20_000
LATE_S: Final = 1.0
LATE: Final = Unknown("it was late for another symbol a moment ago")
NOBODY: Final = Unknown("nobody here runs strategies of the owner's own")


@dataclass(slots=True)
class Monitor:
    """One pass over the watchlist. `_decided` only spares asking again; that a bar is decided once is the store's promise.

    What comes with the platform is decided here, and first. An owner's own strategy is asked of the `strategist`: who is not heard has
    said WAIT, and an incident says why until it is heard again.
    """

    books: Books
    market: MarketFile
    clock: Clock
    trader: Trader
    settler: Settler
    managing: Managing
    span: timedelta
    strategist: Strategist | None = None
    name: str = "monitor"
    backstop: float = 30.0
    _looked: dict[str, Instant] = field(default_factory=dict)
    _decided: dict[str, Instant] = field(default_factory=dict)
    _late: set[str] = field(default_factory=set)
    _heard_of: set[str] = field(default_factory=set)

    async def once(self) -> Instant:
        """Decides every bar that is new; due again when the next one has closed."""
        if self.settler.ready_at is None:
            return self.clock.now() + UNREADY
        waits: list[Signal] = []
        self._late.clear()
        for row in sorted(self.books.watchlist(), key=lambda each: each.preset not in SHELF):
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
            self._tell(f"row:{row.symbol}", f"{row.symbol} cannot be decided: {error}")
            return []

    async def _decide(self, row: WatchlistRow) -> list[Signal]:
        """The signal when it is a WAIT; any other is the trader's."""
        newest = self.market.window(row.symbol, self.span, 1).ends()
        is_asked = row.alert_enabled and not row.is_deleted
        if not is_asked or newest is None or newest == self._looked.get(row.symbol):
            return []
        strategy = await self._declared(row.preset)
        signal = await self._signal(row, strategy)
        is_wait = signal is not None and signal.decision is Decision.WAIT
        if signal is not None and not is_wait and not isinstance(strategy, Unknown):
            await self.trader.decide(signal, row, strategy)
        # Last of all: a bar whose signal the trader could not take is asked about again.
        self._looked[row.symbol] = newest
        if signal is not None:
            self._decided[row.symbol] = signal.ends
        return [signal] if signal is not None and is_wait else []

    async def _declared(self, name: str) -> Declares | Unknown:
        """What stands on the shelf, or what the strategist tells of it."""
        if name in SHELF:
            return SHELF[name]
        return NOBODY if self.strategist is None else await self.strategist.declared(name)

    async def _asked(self, name: str, window: Window, lots: Sequence[Held]) -> Opinion | Unknown:
        """What a strategy says; one that kept everybody waiting in vain is not asked again in this pass."""
        if self.strategist is None or name in self._late:
            return NOBODY if self.strategist is None else LATE
        began = self.clock.monotonic()
        said = await self.strategist.ask(name, window, lots)
        if isinstance(said, Unknown) and self.clock.monotonic() - began > LATE_S:
            self._late.add(name)
        return said

    async def _signal(self, row: WatchlistRow, strategy: Declares | Unknown) -> Signal | None:
        """What is said of the newest bar; None when that is decided already."""
        window = self._window(row.symbol, strategy)
        if isinstance(window, Unknown):
            return self._unheard(row, window)
        ends = window.ends()
        if ends is None or ends == self._decided.get(row.symbol):
            return None
        if isinstance(strategy, Unknown):
            return self._unheard(row, strategy)
        lots = self.managing.lots(row.symbol, strategy, ends)
        said = await self._opinion(row, strategy, window, [each.held for each in lots])
        if isinstance(said, Unknown):
            return self._unheard(row, said)
        signal = signal_of(row, strategy, said, window, len(window) - 1)
        self.managing.settle(lots, said.answers)
        return signal

    async def _opinion(
        self, row: WatchlistRow, strategy: Declares, window: Window, lots: Sequence[Held]
    ) -> Opinion | Unknown:
        """What a strategy of the shelf says here, or one of the owner's where it runs."""
        meet(row, strategy, window)
        if isinstance(strategy, Strategy):
            newest = len(window) - 1
            said = opinion_at(strategy.columns(window), newest)
            return managed(strategy, said, window, newest, lots)
        heard = await self._asked(row.preset, window, lots)
        if not isinstance(heard, Unknown):
            self._heard(row.preset)
        return heard

    def _window(self, symbol: str, strategy: Declares | Unknown) -> Window | Unknown:
        """The bars that a strategy reads: those of the market file, or whole coarser ones made of them."""
        if isinstance(strategy, Unknown):
            return self.market.window(symbol, self.span, 1)
        span, need = strategy.timeframe, max(WINDOW, MEMORY * strategy.bars_needed)
        if span == self.span:
            return self.market.window(symbol, span, min(need, WINDOW_MAX))
        if span < self.span or span % self.span:
            return Unknown(f"its bars of {span} are not made of bars of {self.span}")
        count = min(need * (span // self.span), WINDOW_MAX)
        return coarse_window(self.market.window(symbol, self.span, count), span)[0]

    def _unheard(self, row: WatchlistRow, why: Unknown) -> Signal:
        """The WAIT of a strategy that was not heard, and an incident as long as that lasts."""
        self._heard_of.discard(row.preset)
        self._tell(
            f"strategy:{row.preset}", f"{row.preset} says nothing of {row.symbol}: {why.why}"
        )
        return unheard(row, self.market.window(row.symbol, self.span, 1), why)

    def _heard(self, name: str) -> None:
        """Whoever is heard again is no incident any more, though an earlier life opened it."""
        if name not in self._heard_of:
            self._heard_of.add(name)
            self.books.note(self.clock.now(), closed=(f"strategy:{name}",))

    def _tell(self, fingerprint: str, text: str) -> None:
        now = self.clock.now()
        self.books.note(now, incidents=(Incident(fingerprint, "FAIL", text, now),))
        self.clock.nudge("herald").set()
