"""What a life that will be killed is asked to do: signals that are functions of time, new ones and, in every life, the same ones again.

A process that is never asked twice cannot show a duplicate, and its green result would mean nothing. The pass that offers is the last
of the rota: when its turn comes everybody else rests. It also says on a pipe how far this life has come.
"""

import asyncio
import os
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Final

from interlock.desk.day import TROUBLE
from interlock.desk.settler import Settler
from interlock.desk.trader import Trader
from interlock.orders.life import State
from interlock.ports import Books, Clock, MarketFile
from interlock.protection.view import View, is_protected
from interlock.strategy.proposal import Purpose
from interlock.strategy.shelf import named
from interlock.strategy.signal import Decision, Signal
from interlock.strategy.watchlist import WatchlistRow
from interlock.values import Instant, digest

READY: Final = b"r"
AGAIN: Final = b"a"
QUIET: Final = b"q"
TROUBLED: Final = b"!"
SLOT: Final = timedelta(seconds=30)
SOON: Final = timedelta(seconds=1)
LOOK: Final = timedelta(seconds=5)
KEPT: Final = 4
STRATEGIES: Final = 8
# Of ten signals so many buy, and so many sell what is held.
BUYS: Final = 6
SELLS: Final = 2
STOP: Final = Decimal("0.004")
TARGET: Final = Decimal("0.006")
OPEN_ENDS: Final = frozenset({State.SENDING, State.UNKNOWN, State.ACKED, State.CANCELLING})


@dataclass(slots=True)
class Offering:
    """One pass: what is new in each slot, and once in each life what earlier lives were offered; or, to come to rest, nothing new.

    `told` is where a byte is written for each thing that happened.
    """

    books: Books
    market: MarketFile
    clock: Clock
    trader: Trader
    settler: Settler
    seed: int
    told: int
    is_last: bool = False
    name: str = "offering"
    backstop: float = 1.0
    _is_ready: bool = False
    _offered: Instant | None = None
    _back: int = 0

    async def once(self) -> Instant:
        """Offers what is new, and an older slot each turn, so that whoever has something to do with it comes between."""
        if self.settler.ready_at is None:
            return self.clock.now() + SOON
        if not self._is_ready:
            self._is_ready = True
            self._say(READY)
        slot = self.clock.now().floor(SLOT)
        if slot != self._offered and not self.is_last:
            self._offered = slot
            await self._offer(slot)
            self.clock.nudge("updater").set()
        if self._back < KEPT:
            self._back += 1
            await self._offer(slot - self._back * SLOT)
            self._say(AGAIN)
            return self.clock.now()
        if self.is_last:
            await self._rest_when_all_rest()
            return self.clock.now() + LOOK
        return slot + SLOT

    async def _rest_when_all_rest(self) -> None:
        """Says so and keeps the baton, so that time stands still and nothing more happens."""
        if is_at_rest(self.books):
            self._say(QUIET)
            await asyncio.Event().wait()

    async def _offer(self, slot: Instant) -> None:
        for row in self.books.watchlist():
            tick = self.market.ticks().get(row.symbol)
            decision = drawn(self.seed, row.symbol, slot)
            if tick is not None and decision is not Decision.WAIT:
                await self._decide(signal(row, slot, decision, tick.last), row)

    async def _decide(self, offered: Signal, row: WatchlistRow) -> None:
        """What is offered is decided, however often it was offered before; a life that cannot says so."""
        try:
            await self.trader.decide(offered, row, named(row.preset))
        except TROUBLE:
            self._say(TROUBLED)
            raise

    def _say(self, word: bytes) -> None:
        os.write(self.told, word)


def drawn(seed: int, symbol: str, slot: Instant) -> Decision:
    """What is offered for a symbol in a slot: the same in every life."""
    number = int(digest(str(seed), symbol, str(slot.micros)), 16) % 10
    if number < BUYS:
        return Decision.BUY
    return Decision.SELL if number < BUYS + SELLS else Decision.WAIT


def signal(row: WatchlistRow, slot: Instant, decision: Decision, close: Decimal) -> Signal:
    """The signal of a slot, of one of several strategies, so that the throttle keeps none of them silent."""
    number = slot.micros // (SLOT // timedelta(microseconds=1)) % STRATEGIES
    return Signal(
        symbol=row.symbol,
        strategy=f"rehearsal-{number}",
        bar=slot - SLOT,
        ends=slot,
        decision=decision,
        index=100,
        close=close,
        flags=(),
        values={"ema10": float(close), "ma50": float(close)},
        stop_distance=close * STOP,
        target_distance=close * TARGET,
    )


def is_at_rest(books: Books) -> bool:
    """Whether no outcome is open, no lot is being sold or without its stop, and no leg has outlived its lot."""
    lots = books.open_lots()
    ids = {lot.id for lot, _ in lots}
    live = [intent for intent, _ in books.live_intents()]
    if any(i.state in OPEN_ENDS or i.proposal.purpose is Purpose.ENTRY for i in live):
        return False
    if any(i.proposal.lot_id not in ids for i in live):
        return False
    return all(
        lot.exit_reason is None
        and is_protected(
            View(lot, legs, legs[0].proposal.instrument, None, lot.opened_at, lot.opened_at, SLOT)
        )
        for lot, legs in lots
    )
