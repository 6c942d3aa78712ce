"""The market as a real exchange tells it, frame by frame: what it said last of each symbol, and how long that is believed.

Nothing is known beforehand: an order is met when a frame says so. When the book of a symbol has not been heard of for too long its price
is unknown: nothing is ordered and nothing stands there; the ticker goes on showing what it said last, at the time it said it.
"""

from bisect import bisect_left
from collections import deque
from collections.abc import Iterator, Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Final, TypeVar

import msgspec
import numpy as np
from numpy.typing import NDArray
from typing_extensions import override

from interlock.errors import BadInput
from interlock.market import Bar
from interlock.matching import Direction, Quote, crosses, takeable
from interlock.protocol.crypto_com.wire import instant, number
from interlock.simulator.config import Config
from interlock.simulator.market.candles import TIMEFRAMES
from interlock.simulator.market.listing import Listed
from interlock.simulator.market.prints import Print
from interlock.simulator.market.recorded import replays_of
from interlock.simulator.market.replay import Level, Market, Source, without
from interlock.values import Instant, Side

TAPE_KEPT: Final = 1000
ZERO: Final = Decimal(0)
Shape = TypeVar("Shape", bound=msgspec.Struct)


class _Frame(msgspec.Struct):
    """The result of a frame of the market socket; a page of candles read over REST is put into the same shape."""

    channel: str
    instrument_name: str
    data: list[msgspec.Raw]
    interval: str = ""


class _Ticker(msgspec.Struct, kw_only=True):
    h: str | None = None
    l: str | None = None  # noqa: E741 - the exchange's own name of the low
    a: str | None = None
    v: str | None = None
    vv: str | None = None
    c: str | None = None
    b: str | None = None
    k: str | None = None
    t: int


class _Trade(msgspec.Struct):
    d: str
    t: int
    p: Decimal
    q: Decimal
    s: str
    m: str = "0"


class _Book(msgspec.Struct):
    asks: list[list[Decimal]]
    bids: list[list[Decimal]]


class _Candle(msgspec.Struct):
    o: Decimal
    h: Decimal
    l: Decimal  # noqa: E741 - likewise
    c: Decimal
    v: Decimal
    t: int


class Told:
    """What was said of one symbol in candles of one span: the closed ones, and the newest as it was last told."""

    def __init__(self, listed: Listed, span_ms: int) -> None:
        self.listed = listed
        self.span_ms: Final = span_ms
        self._bars: Final[list[Bar]] = []
        self._opens: NDArray[np.int64] | None = None

    @property
    def opens(self) -> NDArray[np.int64]:
        """When each candle opened, in milliseconds; another array once anything but the newest has changed."""
        if self._opens is None:
            self._opens = np.array([bar.opens.ms for bar in self._bars], dtype=np.int64)
        return self._opens

    def index_at(self, now: Instant) -> int:
        """The newest candle that opened at or before now; -1 before the first."""
        return int(np.searchsorted(self.opens, now.ms, side="right")) - 1

    def bar(self, index: int) -> Bar:
        """One candle as it was last told."""
        return self._bars[index]

    def so_far(self, index: int, now: Instant) -> Bar:  # noqa: ARG002 - what was told is what is known
        """The same."""
        return self._bars[index]

    def put(self, bar: Bar) -> None:
        """Takes the place of what was told of the same time."""
        place = bisect_left(self._bars, bar.opens, key=lambda each: each.opens)
        is_known = place < len(self._bars) and self._bars[place].opens == bar.opens
        if is_known and self._bars[place] == bar:
            return
        if not is_known or place + 1 < len(self._bars):
            self._opens = None
        self._bars[place : place + is_known] = [bar]


class LiveSymbol:
    """Everything that was said of one symbol."""

    def __init__(self, listed: Listed) -> None:
        self.listed = listed
        self.price: Decimal | None = None
        self.ticker: dict[str, object] | None = None
        self.bids: list[Level] = []
        self.asks: list[Level] = []
        self.heard: Instant | None = None
        self.taken: Final[dict[str, Decimal]] = {}
        self.candles: Final[dict[int, Told]] = {}
        self._priced_at = 0
        self._tape: Final[deque[Print]] = deque(maxlen=TAPE_KEPT)
        self._known: Final[deque[str]] = deque(maxlen=2 * TAPE_KEPT)

    def prints(self, end: Instant) -> Iterator[Print]:
        """The trades that were told of, before `end`, newest first."""
        return (each for each in reversed(self._tape) if each.at < end)

    def source(self, span_ms: int) -> Source:
        """The candles to fold for this span: its own, or the longest that fit into it; none that fit have none."""
        fits = [each for each in self.candles if span_ms == 0 or span_ms % each == 0]
        return self.candles[max(fits)] if fits else Told(self.listed, span_ms)

    def hear(self, frame: _Frame, now: Instant) -> Iterator[None]:
        """Takes in what was said; yields whenever an order may be met by it."""
        match frame.channel:
            case "book":
                self._hear_book(_read(frame.data[-1:], _Book), now)
                yield
            case "ticker":
                yield from self._hear_ticker(_read(frame.data, _Ticker))
            case "trade":
                yield from self._hear_trades(_read(frame.data, _Trade))
            case "candlestick" if frame.interval in TIMEFRAMES:
                self._hear_candles(TIMEFRAMES[frame.interval], _read(frame.data, _Candle))
            case _:
                raise BadInput(f"A market does not speak of {frame.channel} {frame.interval}.")

    def _hear_book(self, rows: list[_Book], now: Instant) -> None:
        for row in rows:
            asks, bids = ([_level(level) for level in side] for side in (row.asks, row.bids))
            self.asks, self.bids, self.heard = asks, bids, now
            self.taken.clear()

    def _hear_ticker(self, rows: list[_Ticker]) -> Iterator[None]:
        priced = [(row, _price(Decimal(row.a))) for row in rows if row.a is not None]
        for row, price in priced:
            told = {name: getattr(row, name) for name in row.__struct_fields__}
            self.ticker = {"i": self.listed.symbol, **told}
            self._hear_price(price, row.t)
            yield

    def _hear_trades(self, rows: list[_Trade]) -> Iterator[None]:
        """Each trade once, oldest first: they come newest first."""
        told = [
            Print(
                *(row.d, row.m, self.listed.symbol, _price(row.p), number(row.q)),
                Side(row.s.upper()),
                instant(row.t),
            )
            for row in reversed(rows)
        ]
        for each in told:
            if each.id not in self._known:
                self._known.append(each.id)
                self._tape.append(each)
                self._hear_price(each.price, each.at.ms)
                yield

    def _hear_price(self, price: Decimal, at_ms: int) -> None:
        if at_ms >= self._priced_at:
            self.price, self._priced_at = price, at_ms

    def _hear_candles(self, span_ms: int, rows: list[_Candle]) -> None:
        symbol, span = self.listed.symbol, timedelta(milliseconds=span_ms)
        bars = [
            Bar(symbol, instant(row.t), span, row.o, row.h, row.l, row.c, row.v) for row in rows
        ]
        told = self.candles.setdefault(span_ms, Told(self.listed, span_ms))
        for bar in bars:
            told.put(bar)


class LiveMarket(Market):
    """The symbols of a real exchange, as far as it has told of them. What is taken from its book is gone until the book is told anew."""

    def __init__(self, config: Config, instruments: Mapping[str, Listed]) -> None:
        unlisted = sorted(set(config.live) - set(instruments))
        if unlisted:
            raise BadInput(f"{', '.join(unlisted)} is not listed here.")
        super().__init__(config, {})
        self._symbols: Final = {name: LiveSymbol(instruments[name]) for name in config.live}
        self.listed.update({name: each.listed for name, each in self._symbols.items()})
        self._stale: Final = timedelta(seconds=config.live_stale_s)

    @override
    def feed(self, frame: bytes, now: Instant) -> Iterator[str]:
        """Takes in one frame; yields its symbol whenever an order may be met. What cannot be read is bad input, and changes nothing.

        What is said of a halted symbol is not heard: here it has no price meanwhile.
        """
        try:
            read = msgspec.json.decode(frame, type=_Frame)
            symbol = self._symbols.get(read.instrument_name)
            if symbol is None:
                raise BadInput(f"Nobody asked for {read.instrument_name}.")
            if self.conditions(read.instrument_name).is_open:
                for _ in symbol.hear(read, now):
                    yield read.instrument_name
        except (msgspec.MsgspecError, ArithmeticError, ValueError, IndexError) as error:
            raise BadInput(f"A frame of the market cannot be read: {error}.") from error

    @override
    def relist(self, listed: Listed) -> None:
        symbol = self._symbols[listed.symbol]
        self.listed[listed.symbol] = symbol.listed = listed
        for told in symbol.candles.values():
            told.listed = listed

    @override
    def source(self, symbol: str, span_ms: int) -> Source:
        return self._symbols[symbol].source(span_ms)

    @override
    def prints(self, symbol: str, end: Instant) -> Iterator[Print]:
        return self._symbols[symbol].prints(end)

    @override
    def ticker(self, symbol: str) -> dict[str, object] | None:
        return self._symbols[symbol].ticker

    @override
    def shown(self, symbol: str, now: Instant) -> Quote | None:
        """The quote as it was last told, however long ago."""
        told = self._symbols.get(symbol)
        if told is None or told.price is None or not told.asks:
            return None
        bid = told.bids[0][0] if told.bids else None
        return Quote(told.price, bid, told.asks[0][0])

    @override
    def quote(self, symbol: str, now: Instant) -> Quote | None:
        """The quote, of a halted symbol that at its halt; None while it is not known."""
        told, traded = self._symbols.get(symbol), self.conditions(symbol).traded(now)
        if told is None or told.heard is None or traded - told.heard > self._stale:
            return None
        return self.shown(symbol, now)

    @override
    def standing(self, symbol: str, side: str, now: Instant) -> Decimal:
        told = self._symbols[symbol]
        best = (told.asks if side == Side.BUY else told.bids)[:1]
        left = best[0][1] - told.taken.get(side, ZERO) if best and self.quote(symbol, now) else ZERO
        return max(left, ZERO)

    @override
    def levels(self, symbol: str, side: Side, now: Instant) -> list[Level]:
        if self.quote(symbol, now) is None:
            return []
        told = self._symbols[symbol]
        levels = told.asks if side is Side.BUY else told.bids
        return list(without(levels, told.taken.get(side, ZERO)))

    @override
    def take(self, symbol: str, side: str, quantity: Decimal, now: Instant) -> None:
        taken = self._symbols[symbol].taken
        taken[side] = taken.get(side, ZERO) + quantity

    @override
    def reached(
        self, symbol: str, level: Decimal, direction: Direction, now: Instant
    ) -> Instant | None:
        """Now, when the last price is at the level or beyond; else nobody knows."""
        quote = self.quote(symbol, now)
        if quote is None:
            return None
        beyond = quote.last <= level if direction is Direction.FALLS else quote.last >= level
        return now if beyond else None

    @override
    def met(self, symbol: str, side: Side, limit: Decimal, now: Instant) -> Instant | None:
        """Now, when the other side has come to the limit and something stands there; else nobody knows."""
        quote = self.quote(symbol, now)
        if quote is None or not crosses(side, limit, quote):
            return None
        standing = self.standing(symbol, side, now)
        return now if takeable(standing, standing, self._symbols[symbol].listed.lot) else None

    @override
    def met_again(self, symbol: str, side: Side, limit: Decimal, now: Instant) -> Instant | None:
        """The same: what was taken stands there no more."""
        return self.met(symbol, side, limit, now)


def market_of(config: Config, instruments: Mapping[str, Listed]) -> Market:
    """The market of an exchange: a real one's, or recordings."""
    if config.live:
        return LiveMarket(config, instruments)
    return Market(config, replays_of(config, instruments))


def _price(value: Decimal) -> Decimal:
    if number(value) <= 0:
        raise BadInput(f"Nothing costs {value}.")
    return value


def _level(level: list[Decimal]) -> Level:
    if number(level[1]) < 0:
        raise BadInput(f"Nowhere stand {level[1]}.")
    return _price(level[0]), level[1]


def _read(rows: list[msgspec.Raw], shape: type[Shape]) -> list[Shape]:
    return [msgspec.json.decode(row, type=shape) for row in rows]
