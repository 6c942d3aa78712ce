"""The replay: the price of each symbol at every instant, when it will touch a level, and how much stands at the best level.

Prices are given beforehand and nobody moves them. Inside a bar the price walks the path of `matching`; where bars are missing the
exchange was away: the price stands at the last close and its time does not move.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from interlock.errors import Misuse
from interlock.market import Bar
from interlock.matching import (
    Direction,
    Quote,
    first_touch,
    maker_level,
    price_at,
    quote_of,
    range_until,
    taking_price,
)
from interlock.simulator.config import Config
from interlock.simulator.market.conditions import USUAL, Conditions, Ladder
from interlock.simulator.market.listing import Listed
from interlock.simulator.market.prints import VOLUME_DIGITS, Print, of_bar
from interlock.simulator.recordings import Series
from interlock.values import Instant, Side

MS: Final = 1000
NOTHING: Final = Decimal(0)
MICROSECOND: Final = timedelta(microseconds=1)
# How many levels stand one behind the other where there is slippage, the best among them.
SLIPPING_LEVELS: Final = 10
# A level as a binary float lies this close to the level itself: the search looks a little further, `first_touch` decides.
NEARLY: Final = 1e-9
RECORDINGS_KEPT: Final = 16


class Source(Protocol):
    """Bars of one symbol and one span, from which candles are folded."""

    @property
    def listed(self) -> Listed:
        """Whose bars they are."""
        ...

    @property
    def span_ms(self) -> int:
        """How long each is."""
        ...

    @property
    def opens(self) -> NDArray[np.int64]:
        """When each opens, in milliseconds; the same array as long as no closed one changes."""
        ...

    def index_at(self, now: Instant) -> int:
        """The index of the newest bar that opened at or before now; -1 before the first."""
        ...

    def bar(self, index: int) -> Bar:
        """One bar."""
        ...

    def so_far(self, index: int, now: Instant) -> Bar:
        """One bar as far as it has come by now."""
        ...


class Replay:
    """One symbol's recorded bars, walked in order."""

    def __init__(self, listed: Listed, series: Series, seed: int | None = None) -> None:
        self.listed = listed
        self.series = series
        self.opens: Final = series.open_time
        self.span_ms: Final = series.timeframe_ms
        self._seed: Final = seed
        self.span: Final = timedelta(milliseconds=series.timeframe_ms)
        self._bars = _bars_of(series, listed.symbol)
        self._latest: tuple[int, int, Bar | None] = (0, 0, None)

    def index_at(self, now: Instant) -> int:
        """The index of the newest bar that opened at or before now; -1 before the first."""
        return int(self.series.open_time.searchsorted(now.ms, side="right")) - 1

    def bar(self, index: int) -> Bar:
        """One recorded bar, in the numbers that were printed."""
        bar = self._bars.get(index)
        if bar is None:
            bar = self._bars[index] = _recorded(self.series, self.listed.symbol, index)
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
        return (self.walk(bar, now), now) if now < bar.ends else (bar.close, bar.ends)

    def walk(self, bar: Bar, at: Instant) -> Decimal:
        """The price of the path of one bar."""
        return price_at(bar, at, self._seed)

    def so_far(self, index: int, now: Instant) -> Bar:
        """One bar as far as its path has walked by now; the whole bar once it has ended."""
        bar = self.bar(index)
        if now >= bar.ends:
            return bar
        return cut_off(
            bar, now, self.walk(bar, now), range_until(bar, now, self._seed), self.listed
        )

    def prints(self, end: Instant) -> Iterator[Print]:
        """The public trades before `end`, newest first."""
        for index in range(self.index_at(end), -1, -1):
            found = of_bar(self.bar(index), index, self.listed.tick, self.walk)
            yield from (each for each in found if each.at < end)

    def stands(self, now: Instant, usual: Decimal, said: Decimal | None = None) -> Decimal | None:
        """What one side holds: the usual share of the bar's volume, or the one that is said. None where the exchange was away."""
        bar = self.bar_at(now)
        return None if bar is None else bar.volume * (usual if said is None else said)

    def renewed(self, now: Instant) -> Instant | None:
        """When what stands there is other than now: with the next bar."""
        bar = self.bar_at(now)
        return None if bar is None else bar.ends

    def touch(self, level: Decimal, direction: Direction, since: Instant) -> Instant | None:
        """The first instant from `since` on at which the price reaches the level; None within this recording."""
        for index in self._reaching(level, direction, max(self.index_at(since), 0)):
            bar = self.bar(index)
            touched = (
                first_touch(bar, level, direction, since, self._seed) if since < bar.ends else None
            )
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
        yield from (first + int(n) for n in hits.nonzero()[0])


Level = tuple[Decimal, Decimal]
"""Price in quote per base, and what stands there in base."""


@dataclass(slots=True)
class Taken:
    """How much was taken from one best level at one instant."""

    at: Instant
    quantity: Decimal


class Market:
    """All replays on one clock: quotes, touches, and the levels that stand on each side: one, unless a ladder or a slippage is given.

    What is taken from a level is gone until the clock moves. `conditions` are what holds for one symbol at present.
    """

    def __init__(self, config: Config, replays: Mapping[str, Replay]) -> None:
        self.replays: Final = replays
        self.listed: Final = {name: each.listed for name, each in replays.items()}
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
        self.listed[listed.symbol] = self.replays[listed.symbol].listed = listed
        self._quotes.pop(listed.symbol, None)

    def half_spread(self, symbol: str) -> Decimal:
        """How far bid and ask lie from the price, as a fraction of it."""
        own = self.conditions(symbol).half_spread
        return self._config.half_spread if own is None else own

    def feed(self, frame: bytes, now: Instant) -> Iterator[str]:  # noqa: ARG002 - whatever it is
        """A recording is told nothing."""
        raise Misuse("The prices of this market are recorded: nobody tells it others.")

    def source(self, symbol: str, span_ms: int) -> Source:  # noqa: ARG002 - one recording, whatever is folded from it
        """The bars from which candles of this span are folded."""
        return self.replays[symbol]

    def prints(self, symbol: str, end: Instant) -> Iterator[Print]:
        """The public trades before `end`, newest first."""
        return self.replays[symbol].prints(end)

    def ticker(self, symbol: str) -> dict[str, object] | None:  # noqa: ARG002 - it would be of this symbol
        """The ticker as it was told, where it is not made from bars."""
        return None

    def shown(self, symbol: str, now: Instant) -> Quote | None:
        """The quote to look at; it may be older than one to trade at."""
        return self.quote(symbol, now)

    def quote(self, symbol: str, now: Instant) -> Quote | None:
        """The quote of a symbol; None when it has no price."""
        known = self._quotes.get(symbol)
        if known is not None and known[0].micros == now.micros:
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
        quotes = (self.shown(f"{currency}_{dollar}", now) for dollar in ("USD", "USDT"))
        return next((quote.last for quote in quotes if quote is not None), Decimal(0))

    def reached(
        self, symbol: str, level: Decimal, direction: Direction, now: Instant
    ) -> Instant | None:
        """When a trigger at this level fires."""
        return self.replays[symbol].touch(level, direction, now)

    def met(self, symbol: str, side: Side, limit: Decimal, now: Instant) -> Instant | None:
        """When a resting order is met, if not now."""
        level = maker_level(side, limit, self.half_spread(symbol))
        direction = Direction.FALLS if side is Side.BUY else Direction.RISES
        return self.replays[symbol].touch(level, direction, now)

    def met_again(self, symbol: str, side: Side, limit: Decimal, now: Instant) -> Instant | None:
        """When a resting order is met next that has had what it gets now: where the price is there, once anything new stands there."""
        touch = self.met(symbol, side, limit, now)
        if touch != now:
            return touch
        renewed = self.replays[symbol].renewed(now)
        return None if renewed is None else self.met(symbol, side, limit, renewed)

    def standing(self, symbol: str, side: str, now: Instant) -> Decimal:
        """What the best level that `side` takes from still holds now, in base."""
        whole = self._whole(symbol, now)
        return Decimal(0) if whole is None else whole - self._gone(symbol, side, now)

    def _whole(self, symbol: str, now: Instant) -> Decimal | None:
        """What the best level holds before anything is taken: said for now, configured, or recorded. None where the exchange was away."""
        here = self.conditions(symbol)
        stands = self.replays[symbol].stands(now, self._config.volume_share, here.volume_share)
        if stands is None:
            return None
        depth = self._config.depth.get(symbol) if here.volume_share is None else None
        depth = depth if here.depth is None else here.depth
        return stands if depth is None else depth

    def levels(self, symbol: str, side: Side, now: Instant) -> list[Level]:
        """What `side` can take now, best first: price in quote, quantity in base. Nothing stands where the exchange was away."""
        quote = self.quote(symbol, now)
        best = taking_price(side, quote) if quote is not None else None
        whole = self._whole(symbol, now) if best is not None else None
        if best is None or whole is None:
            return []
        ladder = self.conditions(symbol).ladder_over(self._config.ladders.get(symbol))
        ladder = self._slope(whole) if ladder is None else ladder
        gone = self._gone(symbol, side, now)
        if ladder is None:
            left = whole - gone
            return [(best, left)] if left > 0 else []
        tick = self.replays[symbol].listed.tick * (1 if side is Side.BUY else -1)
        levels = [(best + ticks * tick, quantity) for ticks, quantity in ladder]
        return [level for level in without(levels, gone) if level[0] > 0]

    def _slope(self, whole: Decimal) -> Ladder | None:
        """Levels as deep as the best behind it, each so many ticks further away; none without slippage."""
        ticks = self._config.slippage_ticks
        return tuple((n * ticks, whole) for n in range(SLIPPING_LEVELS)) if ticks else None

    def take(self, symbol: str, side: str, quantity: Decimal, now: Instant) -> None:
        """Takes so much from the level."""
        self._taken[symbol, side] = Taken(now, self._gone(symbol, side, now) + quantity)

    def _gone(self, symbol: str, side: str, now: Instant) -> Decimal:
        """What has been taken from the best level since the clock last moved."""
        taken = self._taken.get((symbol, side))
        return NOTHING if taken is None or taken.at.micros != now.micros else taken.quantity


def without(levels: list[Level], gone: Decimal) -> Iterator[Level]:
    """The levels of which so much is gone, from the best on."""
    for price, quantity in levels:
        left = max(quantity - gone, Decimal(0))
        gone = max(gone - quantity, Decimal(0))
        if left:
            yield price, left


@lru_cache(RECORDINGS_KEPT)
def _bars_of(series: Series, symbol: str) -> dict[int, Bar]:  # noqa: ARG001 - whose they are
    """The bars of a recording that were read: the same for every replay of it, because nobody prints it anew."""
    return {}


def _recorded(series: Series, symbol: str, index: int) -> Bar:
    opens, span = int(series.open_time[index]), timedelta(milliseconds=series.timeframe_ms)
    columns = (series.open, series.high, series.low, series.close, series.volume)
    return Bar(symbol, Instant.of_ms(opens), span, *(printed(each[index]) for each in columns))


def printed(value: np.float64) -> Decimal:
    """The number that the exchange printed and the recording holds as a binary float."""
    return Decimal(repr(float(value)))


def cut_off(
    bar: Bar, now: Instant, price: Decimal, seen: tuple[Decimal, Decimal], listed: Listed
) -> Bar:
    """A bar that has walked to this price within these bounds, with the decimals of its instrument or its own."""
    own = max(-exponent(each) for each in (bar.open, bar.high, bar.low, bar.close))
    grid = Decimal(1).scaleb(-max(own, listed.price_decimals))
    close = price.quantize(grid)
    share = Decimal((now - bar.opens) // MICROSECOND) / (bar.span // MICROSECOND)
    return replace(
        bar,
        high=max(seen[1].quantize(grid), close, bar.open),
        low=min(seen[0].quantize(grid), close, bar.open),
        close=close,
        volume=(bar.volume * share).quantize(VOLUME_DIGITS),
    )


def exponent(price: Decimal) -> int:
    """The power of ten of the last digit of a price."""
    exponent = price.as_tuple().exponent
    return exponent if isinstance(exponent, int) else 0
