"""The public methods: what anybody may ask of the market. Each takes the market, the parameters and now, and returns the result."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from decimal import Decimal
from itertools import islice
from types import MappingProxyType
from typing import Final

import msgspec
import numpy as np

from interlock.market import Bar
from interlock.simulator.answers import Refusal
from interlock.simulator.books.orderbook import Orderbook
from interlock.simulator.books.orders import ZERO
from interlock.simulator.market.candles import TIMEFRAMES, Candles, Page, price_text
from interlock.simulator.market.listing import Listing
from interlock.simulator.market.replay import Market, Replay
from interlock.simulator.rest.arguments import (
    BAD_ARGUMENT,
    BAD_REQUEST,
    MILLISECOND,
    candle_page,
    depth_of,
    page_of,
    tape_span,
    text,
)
from interlock.simulator.rest.rows import amount_text, lot_text, print_row, tick_text
from interlock.simulator.rest.tape import newest
from interlock.simulator.rest.unserved import CONVERSION, DISABLED
from interlock.simulator.switches import PublicTradesOrder, Switches
from interlock.values import Instant, Side

DAY: Final = timedelta(days=1)
CHANGE_DIGITS: Final = Decimal("0.0001")
CENT: Final = Decimal("0.01")
MINUTE: Final = timedelta(minutes=1)
MINUTE_MS: Final = 60_000
VALUATIONS: Final = frozenset(
    {"index_price", "mark_price", "funding_hist", "funding_rate", "estimated_funding_rate"}
)

Params = Mapping[str, object]


class PublicSide:
    """What the exchange tells everybody."""

    def __init__(
        self, listing: Listing, market: Market, book: Orderbook, switches: Switches
    ) -> None:
        self._switches: Final = switches
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
                "public/get-valuations": self.valuations,
                "public/get-expired-settlement-price": self.settlements,
                "public/get-insurance": self.insurance,
                "public/get-announcements": self.announcements,
                CONVERSION: self.conversion_rate,
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

    def _seen(self, symbol: str, now: Instant) -> Instant:
        """As of when a symbol is seen: now, unless its data stand still."""
        return self._market.conditions(symbol).seen(now)

    def candlestick(self, params: Params, now: Instant) -> object:
        """A page of candles; none where the recording is coarser than the timeframe or the instrument has no price here."""
        timeframe = text(params, "timeframe") or "1m"
        if timeframe not in TIMEFRAMES:
            raise Refusal(BAD_REQUEST)
        symbol = self._symbol(params)
        now = self._seen(symbol, now)
        page = candle_page(params, now)
        is_here = symbol in self._market.listed
        rows = self._of(symbol, TIMEFRAMES[timeframe]).page(page, now) if is_here else b"[]"
        return {"interval": timeframe, "data": msgspec.Raw(rows), "instrument_name": symbol}

    def book(self, params: Params, now: Instant) -> object:
        """What stands on both sides, best first, as far as it is asked for: fifty levels unless said otherwise."""
        symbol = self._symbol(params)
        depth, now = depth_of(params), self._seen(symbol, now)
        sides = {
            "bids": self._levels(symbol, Side.SELL, depth, now),
            "asks": self._levels(symbol, Side.BUY, depth, now),
        }
        return {"depth": depth, "data": [sides | {"t": now.ms}], "instrument_name": symbol}

    def trades(self, params: Params, now: Instant) -> object:
        """The newest public trades, newest first."""
        symbol = self._symbol(params)
        asked = tape_span(params, self._seen(symbol, now))
        if symbol not in self._market.listed:
            return {"data": []}
        own = (trade for trade in reversed(self._book.trades) if trade.listed.symbol == symbol)
        public = self._market.prints(symbol, asked.end)
        found = newest(public, own, asked.start, asked.end, asked.limit)
        oldest_first = self._switches.public_trades_order is PublicTradesOrder.OLDEST
        told = reversed(found) if oldest_first else found
        return {"data": [print_row(each, self._market.listed[symbol]) for each in told]}

    def valuations(self, params: Params, now: Instant) -> object:
        """Mark or index price, now and at each whole minute before, newest first; a perpetual has none here, and spot has no other."""
        kind, name = (text(params, key) for key in ("valuation_type", "instrument_name"))
        if kind is None or name is None:
            raise Refusal(BAD_REQUEST)
        is_index = kind == "index_price"
        is_spot = name in self._listing.instruments and name not in self._listing.indices
        known = self._listing.indices.values() if is_index else self._listing.instruments
        if kind not in VALUATIONS or name not in known or (is_spot and kind != "mark_price"):
            raise Refusal(BAD_ARGUMENT)
        symbol = self._of_index(name) if is_index else name
        rows = self._values(symbol, candle_page(params, now), now)
        return {"data": rows, "instrument_name": name}

    def settlements(self, params: Params, now: Instant) -> object:  # noqa: ARG002 - nothing has expired here
        """The prices at which futures ended: none."""
        if text(params, "instrument_type") is None:
            raise Refusal(BAD_REQUEST)
        page_of(params)
        return {"data": []}

    def insurance(self, params: Params, now: Instant) -> object:  # noqa: ARG002 - there is no fund here
        """What the insurance fund held: nothing."""
        name = text(params, "instrument_name")
        if name is None:
            raise Refusal(BAD_REQUEST)
        return {"data": [], "instrument_name": name}

    def announcements(self, params: Params, now: Instant) -> object:  # noqa: ARG002 - nothing is announced here
        """What the exchange has announced: nothing."""
        return {"data": []}

    def conversion_rate(self, params: Params, now: Instant) -> object:  # noqa: ARG002 - nothing is staked here
        """The rate of a staked coin: not served."""
        raise Refusal(DISABLED)

    def _of_index(self, name: str) -> str | None:
        """The symbol whose price is that of an index; a dollar of one kind is as good as one of another."""
        pair = name.removesuffix("-INDEX")
        dollars = (each for each in self._market.listed.values() if each.quote in {"USD", "USDT"})
        return next((each.symbol for each in dollars if f"{each.base}USD" == pair), None)

    def _values(self, symbol: str | None, page: Page, now: Instant) -> list[dict[str, object]]:
        """The price of a symbol, minute by minute; where it is told as it comes the last one alone is known."""
        if symbol not in self._market.listed:
            return []
        replay = self._market.replays.get(symbol)
        if replay is not None:
            return _minutes(replay, page, now)
        quote = self._market.shown(symbol, now)
        if quote is None or page.end <= now:
            return []
        return [{"v": tick_text(quote.last, self._market.listed[symbol]), "t": now.ms}]

    def _symbol(self, params: Params) -> str:
        symbol = text(params, "instrument_name", code=BAD_REQUEST)
        if symbol is None:
            raise Refusal(BAD_REQUEST)
        if symbol not in self._listing.instruments:
            raise Refusal(BAD_ARGUMENT)
        return symbol

    def _levels(self, symbol: str, taker: Side, depth: int, now: Instant) -> list[list[str]]:
        """The levels from which `taker` takes; each counts as one order."""
        if symbol not in self._market.listed or self._market.conditions(symbol).delisted:
            return []
        listed = self._listing.instruments[symbol]
        levels = self._market.levels(symbol, taker, now)[:depth]
        return [[tick_text(price, listed), lot_text(left, listed), "1"] for price, left in levels]

    def _of(self, symbol: str, span_ms: int) -> Candles:
        key, source = (symbol, span_ms), self._market.source(symbol, span_ms)
        candles = self._candles.get(key)
        if candles is None or candles.of is not source.opens:
            candles = self._candles[key] = Candles(source, span_ms)
        return candles

    def _ticker(self, symbol: str, now: Instant) -> dict[str, object] | None:
        if self._market.conditions(symbol).delisted:
            return None
        replay = self._market.replays.get(symbol)
        if replay is None:
            return self._market.ticker(symbol)
        now = self._seen(symbol, now)
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
            "v": lot_text(volume, replay.listed),
            "vv": amount_text(worth.quantize(CENT)),
            "c": amount_text(((quote.last - before) / before).quantize(CHANGE_DIGITS)),
            "b": price_text(quote.bid, decimals) if quote.bid is not None else None,
            "k": price_text(quote.ask, decimals),
            "oi": "0",
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


def _minutes(replay: Replay, page: Page, now: Instant) -> list[dict[str, object]]:
    """The price at now, and before that at each whole minute, as far as the page goes."""
    last = min(page.end - MILLISECOND, now)
    whole = Instant.of_ms(last.ms // MINUTE_MS * MINUTE_MS)
    instants = [last, *(whole - n * MINUTE for n in range(page.count))]
    kept = dict.fromkeys(at for at in instants if page.start is None or at >= page.start)
    priced = ((at, replay.price(at)) for at in islice(kept, page.count))
    decimals = replay.listed.price_decimals
    return [
        {"v": f"{price[0]:.{decimals}f}", "t": at.ms} for at, price in priced if price is not None
    ]
