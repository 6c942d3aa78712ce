"""The public methods: what anybody may ask of the market. Each takes the market, the parameters and now, and returns the result."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from decimal import Decimal
from types import MappingProxyType
from typing import Final

import msgspec
import numpy as np

from interlock.market import Bar
from interlock.simulator.answers import Refusal
from interlock.simulator.books.orderbook import Orderbook
from interlock.simulator.books.orders import ZERO
from interlock.simulator.market.candles import TIMEFRAMES, Candles, price_text
from interlock.simulator.market.listing import Listing
from interlock.simulator.market.replay import Market, Replay
from interlock.simulator.rest.arguments import (
    BAD_ARGUMENT,
    BAD_REQUEST,
    candle_page,
    depth_of,
    tape_span,
    text,
)
from interlock.simulator.rest.rows import print_row
from interlock.simulator.rest.tape import newest
from interlock.values import Instant, Side, number_text

DAY: Final = timedelta(days=1)
CHANGE_DIGITS: Final = Decimal("0.0001")
CENT: Final = Decimal("0.01")

Params = Mapping[str, object]


class PublicSide:
    """What the exchange tells everybody."""

    def __init__(self, listing: Listing, market: Market, book: Orderbook) -> None:
        self._listing: Final = listing
        self._market: Final = market
        self._book: Final = book
        self._candles: Final[dict[tuple[str, int], Candles]] = {}
        self.methods: Final[Mapping[str, Callable[[Params, Instant], object]]] = MappingProxyType(
            {
                "public/get-instruments": self.instruments,
                "public/get-risk-parameters": self.risk_parameters,
                "public/get-tickers": self.tickers,
                "public/get-candlestick": self.candlestick,
                "public/get-book": self.book,
                "public/get-trades": self.trades,
            }
        )

    def instruments(self, params: Params, now: Instant) -> object:  # noqa: ARG002 - everything is listed, always
        """Every instrument; filters are ignored."""
        return msgspec.Raw(self._listing.instruments_json)

    def risk_parameters(self, params: Params, now: Instant) -> object:  # noqa: ARG002 - the recorded ones, always
        """The limits per currency."""
        return msgspec.Raw(self._listing.risk_json)

    def tickers(self, params: Params, now: Instant) -> object:
        """The ticker of one instrument, or of all that have a price."""
        symbol = text(params, "instrument_name")
        if symbol is not None and symbol not in self._listing.instruments:
            raise Refusal(BAD_ARGUMENT)
        wanted = [symbol] if symbol is not None else list(self._market.listed)
        rows = (self._ticker(each, now) for each in wanted if each in self._market.listed)
        return {"data": [row for row in rows if row is not None]}

    def candlestick(self, params: Params, now: Instant) -> object:
        """A page of candles; none where the recording is coarser than the timeframe or the instrument has no price here."""
        timeframe = text(params, "timeframe") or "1m"
        if timeframe not in TIMEFRAMES:
            raise Refusal(BAD_REQUEST)
        symbol = self._symbol(params)
        page = candle_page(params, now)
        is_here = symbol in self._market.listed
        rows = self._of(symbol, TIMEFRAMES[timeframe]).page(page, now) if is_here else b"[]"
        return {"interval": timeframe, "data": msgspec.Raw(rows), "instrument_name": symbol}

    def book(self, params: Params, now: Instant) -> object:
        """What stands on both sides, best first, as far as it is asked for: fifty levels unless said otherwise."""
        symbol = self._symbol(params)
        depth = depth_of(params)
        sides = {
            "bids": self._levels(symbol, Side.SELL, depth, now),
            "asks": self._levels(symbol, Side.BUY, depth, now),
        }
        return {"depth": depth, "data": [sides | {"t": now.ms}], "instrument_name": symbol}

    def trades(self, params: Params, now: Instant) -> object:
        """The newest public trades, newest first."""
        symbol, asked = self._symbol(params), tape_span(params, now)
        if symbol not in self._market.listed:
            return {"data": []}
        own = (trade for trade in reversed(self._book.trades) if trade.listed.symbol == symbol)
        found = newest(
            self._market.prints(symbol, asked.end), own, asked.start, asked.end, asked.limit
        )
        return {"data": [print_row(each) for each in found]}

    def _symbol(self, params: Params) -> str:
        symbol = text(params, "instrument_name", code=BAD_REQUEST)
        if symbol is None:
            raise Refusal(BAD_REQUEST)
        if symbol not in self._listing.instruments:
            raise Refusal(BAD_ARGUMENT)
        return symbol

    def _levels(self, symbol: str, taker: Side, depth: int, now: Instant) -> list[list[str]]:
        """The levels from which `taker` takes; each counts as one order."""
        if symbol not in self._market.listed:
            return []
        decimals = self._listing.instruments[symbol].price_decimals
        levels = self._market.levels(symbol, taker, now)[:depth]
        return [[price_text(price, decimals), number_text(left), "1"] for price, left in levels]

    def _of(self, symbol: str, span_ms: int) -> Candles:
        key, source = (symbol, span_ms), self._market.source(symbol, span_ms)
        candles = self._candles.get(key)
        if candles is None or candles.of is not source.opens:
            candles = self._candles[key] = Candles(source, span_ms)
        return candles

    def _ticker(self, symbol: str, now: Instant) -> dict[str, object] | None:
        replay = self._market.replays.get(symbol)
        if replay is None:
            return self._market.ticker(symbol)
        quote = self._market.quote(symbol, now)
        priced = replay.price(now)
        if quote is None or priced is None:
            return None
        bars = self._last_day(replay, now)
        decimals = replay.listed.price_decimals
        volume = sum((bar.volume for bar in bars), ZERO)
        worth = sum((bar.volume * bar.close for bar in bars), ZERO)
        before = bars[0].open if bars else quote.last
        return {
            "i": symbol,
            "h": price_text(max(bar.high for bar in bars), decimals) if bars else None,
            "l": price_text(min(bar.low for bar in bars), decimals) if bars else None,
            "a": price_text(quote.last, decimals),
            "v": number_text(volume),
            "vv": number_text(worth.quantize(CENT)),
            "c": number_text(((quote.last - before) / before).quantize(CHANGE_DIGITS)),
            "b": price_text(quote.bid, decimals) if quote.bid is not None else None,
            "k": price_text(quote.ask, decimals),
            "t": priced[1].ms,
        }

    def _last_day(self, replay: Replay, now: Instant) -> tuple[Bar, ...]:
        """The bars that opened within the last 24 hours, the newest as far as it has walked."""
        last = replay.index_at(now)
        first = int(np.searchsorted(replay.series.open_time, (now - DAY).ms, side="left"))
        if last < first:
            return ()
        newest = replay.so_far(last, now)
        return (*(replay.bar(n) for n in range(first, last)), newest)
