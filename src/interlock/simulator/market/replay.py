"""The replay: the price of each symbol at every instant, when it will touch a level, and how much stands at the best level.

Prices are given beforehand and nobody moves them. Inside a bar the price walks the path of `matching`; where bars are missing the
exchange was away: the price stands at the last close and its time does not move.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from typing import Final

import numpy as np

from interlock.errors import BadInput
from interlock.market import Bar
from interlock.matching import Direction, Quote, first_touch, price_at, quote_of, taking_price
from interlock.simulator.config import Config
from interlock.simulator.market.conditions import USUAL, Conditions
from interlock.simulator.market.listing import Listed
from interlock.simulator.recordings import Series
from interlock.values import Instant, Side

MS: Final = 1000
# A level as a binary float lies this close to the level itself: the search looks a little further, `first_touch` decides.
NEARLY: Final = 1e-9


class Replay:
    """One symbol's recorded bars, walked in order."""

    def __init__(self, listed: Listed, series: Series) -> None:
        self.listed = listed
        self.series = series
        self.span: Final = timedelta(milliseconds=series.timeframe_ms)
        self._bars: dict[int, Bar] = {}
        self._latest: tuple[int, int, Bar | None] = (0, 0, None)

    def index_at(self, now: Instant) -> int:
        """The index of the newest bar that opened at or before now; -1 before the first."""
        return int(np.searchsorted(self.series.open_time, now.ms, side="right")) - 1

    def bar(self, index: int) -> Bar:
        """One recorded bar, in the numbers that were printed."""
        bar = self._bars.get(index)
        if bar is None:
            s = self.series
            opens = Instant.of_ms(int(s.open_time[index]))
            columns = (s.open, s.high, s.low, s.close, s.volume)
            numbers = [printed(column[index]) for column in columns]
            bar = Bar(self.listed.symbol, opens, self.span, *numbers)
            self._bars[index] = bar
        return bar

    def bar_at(self, now: Instant) -> Bar | None:
        """The bar in which now lies; None before the first and where the exchange was away."""
        opens, ends, latest = self._latest
        if latest is not None and opens <= now.micros < ends:
            return latest
        index = self.index_at(now)
        bar = self.bar(index) if index >= 0 else None
        if bar is None or now >= bar.ends:
            return None
        self._latest = (bar.opens.micros, bar.ends.micros, bar)
        return bar

    def price(self, now: Instant) -> tuple[Decimal, Instant] | None:
        """The price and the instant at which it was made: now, or the end of the last bar. None before the first bar."""
        index = self.index_at(now)
        if index < 0:
            return None
        bar = self.bar(index)
        return (price_at(bar, now), now) if now < bar.ends else (bar.close, bar.ends)

    def touch(self, level: Decimal, direction: Direction, since: Instant) -> Instant | None:
        """The first instant from `since` on at which the price reaches the level; None within this recording."""
        for index in self._reaching(level, direction, max(self.index_at(since), 0)):
            bar = self.bar(index)
            touched = first_touch(bar, level, direction, since) if since < bar.ends else None
            if touched is not None:
                return touched
        return None

    def gap(self, factor: Decimal, now: Instant) -> None:
        """From the next bar on every price is so many times as high: between two bars the price jumps."""
        first = self.index_at(now) + 1
        decimals, columns = self.listed.price_decimals, ("open", "high", "low", "close")
        moved = {name: getattr(self.series, name).copy() for name in columns}
        for column in moved.values():
            column[first:] = np.round(column[first:] * float(factor), decimals)
        self.series = replace(self.series, **moved)
        self._bars = {index: bar for index, bar in self._bars.items() if index < first}

    def _reaching(self, level: Decimal, direction: Direction, first: int) -> Iterator[int]:
        if direction is Direction.FALLS:
            hits = self.series.low[first:] <= float(level) * (1 + NEARLY)
        else:
            hits = self.series.high[first:] >= float(level) * (1 - NEARLY)
        yield from (first + int(n) for n in np.flatnonzero(hits))


Level = tuple[Decimal, Decimal]
"""Price in quote per base, and what stands there in base."""


@dataclass(slots=True)
class Taken:
    """How much was taken from one best level at one instant."""

    at: Instant
    quantity: Decimal


class Market:
    """All replays on one clock: quotes, touches, and the levels that stand on each side: one, unless a ladder is given.

    What is taken from a level is gone until the clock moves. `conditions` are what holds for one symbol at present.
    """

    def __init__(self, config: Config, instruments: Mapping[str, Listed]) -> None:
        unlisted = sorted(set(config.replay) - set(instruments))
        if unlisted:
            raise BadInput(f"{', '.join(unlisted)} is not listed and cannot be replayed.")
        self.replays: Final = {
            symbol: Replay(instruments[symbol], config.replay[symbol])
            for symbol in sorted(config.replay)
        }
        self._config: Final = config
        self._quotes: Final[dict[str, tuple[Instant, Quote | None]]] = {}
        self._taken: Final[dict[tuple[str, str], Taken]] = {}
        self._conditions: Final[dict[str, Conditions]] = {}

    def conditions(self, symbol: str) -> Conditions:
        """What holds for this symbol at present."""
        return self._conditions.get(symbol, USUAL)

    def set_conditions(self, symbol: str, conditions: Conditions) -> None:
        """Lets something else hold for this symbol from now on."""
        self._conditions[symbol] = conditions
        self._quotes.pop(symbol, None)

    def relist(self, listed: Listed) -> None:
        """Quotes a symbol on another grid from now on."""
        self.replays[listed.symbol].listed = listed
        self._quotes.pop(listed.symbol, None)

    def half_spread(self, symbol: str) -> Decimal:
        """How far bid and ask lie from the price, as a fraction of it."""
        own = self.conditions(symbol).half_spread
        return self._config.half_spread if own is None else own

    def quote(self, symbol: str, now: Instant) -> Quote | None:
        """The quote of a symbol; None when it has no price."""
        known = self._quotes.get(symbol)
        if known is not None and known[0] == now:
            return known[1]
        quote = self._quote(symbol, now)
        self._quotes[symbol] = (now, quote)
        return quote

    def _quote(self, symbol: str, now: Instant) -> Quote | None:
        replay = self.replays.get(symbol)
        traded = self.conditions(symbol).traded(now)
        priced = replay.price(traded) if replay is not None else None
        if replay is None or priced is None:
            return None
        return quote_of(priced[0], self.half_spread(symbol), replay.listed.tick)

    def usd(self, currency: str, now: Instant) -> Decimal:
        """What one unit is worth in USD; one for dollars, zero for what has no price here."""
        if currency in {"USD", "USDT"}:
            return Decimal(1)
        quotes = (self.quote(f"{currency}_{dollar}", now) for dollar in ("USD", "USDT"))
        return next((quote.last for quote in quotes if quote is not None), Decimal(0))

    def standing(self, symbol: str, side: str, now: Instant) -> Decimal:
        """What the best level that `side` takes from still holds now, in base."""
        bar = self.replays[symbol].bar_at(now)
        if bar is None:
            return Decimal(0)
        whole = self._whole(symbol, bar)
        taken = self._taken.get((symbol, side))
        return whole - taken.quantity if taken is not None and taken.at == now else whole

    def _whole(self, symbol: str, bar: Bar) -> Decimal:
        """What the best level holds before anything is taken: said for now, or configured, or a share of the bar's volume."""
        here = self.conditions(symbol)
        depth = self._config.depth.get(symbol) if here.volume_share is None else None
        depth = depth if here.depth is None else here.depth
        share = self._config.volume_share if here.volume_share is None else here.volume_share
        return bar.volume * share if depth is None else depth

    def levels(self, symbol: str, side: Side, now: Instant) -> list[Level]:
        """What `side` can take now, best first: price in quote, quantity in base. Nothing stands where the exchange was away."""
        quote = self.quote(symbol, now)
        best = taking_price(side, quote) if quote is not None else None
        if best is None:
            return []
        ladder = self.conditions(symbol).ladder_over(self._config.ladders.get(symbol))
        if ladder is None:
            left = self.standing(symbol, side, now)
            return [(best, left)] if left > 0 else []
        if self.replays[symbol].bar_at(now) is None:
            return []
        tick = self.replays[symbol].listed.tick * (1 if side is Side.BUY else -1)
        taken = self._taken.get((symbol, side))
        gone = taken.quantity if taken is not None and taken.at == now else Decimal(0)
        levels = [(best + ticks * tick, quantity) for ticks, quantity in ladder]
        return [level for level in _without(levels, gone) if level[0] > 0]

    def take(self, symbol: str, side: str, quantity: Decimal, now: Instant) -> None:
        """Takes so much from the level."""
        taken = self._taken.get((symbol, side))
        before = taken.quantity if taken is not None and taken.at == now else Decimal(0)
        self._taken[symbol, side] = Taken(now, before + quantity)


def _without(levels: list[Level], gone: Decimal) -> Iterator[Level]:
    """The levels of which so much is gone, from the best on."""
    for price, quantity in levels:
        left = max(quantity - gone, Decimal(0))
        gone = max(gone - quantity, Decimal(0))
        if left:
            yield price, left


def printed(value: np.float64) -> Decimal:
    """The number that the exchange printed and the recording holds as a binary float."""
    return Decimal(repr(float(value)))
