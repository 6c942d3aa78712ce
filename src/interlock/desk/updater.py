"""The updater: ticks and closed bars of every watched symbol, from the exchange into the market file.

A symbol whose bars cannot be read delays no other; its bars simply grow old, and age blocks.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import structlog

from interlock.desk.instruments import Instruments
from interlock.errors import ExchangeTrouble
from interlock.market import Bar
from interlock.ports import Books, Clock, Exchange, MarketFile
from interlock.values import Instant

_log = structlog.get_logger("updater")

KEPT: Final = 1800
PAGE: Final = 300
LAG: Final = timedelta(seconds=1)


@dataclass(slots=True)
class Updater:
    """One pass: instruments when old, ticks always, which the guardian is told of, and bars when one has closed."""

    exchange: Exchange
    books: Books
    market: MarketFile
    clock: Clock
    instruments: Instruments
    span: timedelta
    name: str = "updater"
    backstop: float = 60.0

    async def once(self) -> Instant:
        """Reads what is new; due again when the next bar has closed."""
        if self.instruments.is_due:
            self.instruments.keep(await self.exchange.instruments())
        watched = [row.symbol for row in self.books.watchlist() if not row.is_deleted]
        ticks = await self.exchange.ticks()
        self.market.keep_ticks([tick for tick in ticks if tick.symbol in watched])
        self.clock.nudge("guardian").set()
        fresh = [await self._bars(symbol) for symbol in watched]
        if any(fresh):
            self.clock.nudge("monitor").set()
        return self.clock.now().floor(self.span) + self.span + LAG

    async def _bars(self, symbol: str) -> bool:
        now = self.clock.now()
        newest = self.market.window(symbol, self.span, 1).ends()
        closed = now.floor(self.span)
        if newest == closed:
            return False
        try:
            self.market.keep_bars(await self._read(symbol, newest, closed))
        except ExchangeTrouble as error:
            _log.warning("bars not read", symbol=symbol, error=str(error))
            return False
        return self.market.window(symbol, self.span, 1).ends() != newest

    async def _read(self, symbol: str, newest: Instant | None, closed: Instant) -> list[Bar]:
        """Every page of what is missing, kept at once: no bar in the middle is taken for the newest by whoever looks meanwhile."""
        start, bars = newest or closed - KEPT * self.span, list[Bar]()
        while start < closed:
            end = min(closed, start + PAGE * self.span)
            bars += await self.exchange.bars(symbol, self.span, end, (end - start) // self.span)
            start = end
        return bars
