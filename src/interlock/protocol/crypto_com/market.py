"""Their tickers and candlesticks as our ticks and closed bars.

The newest candlestick may still form: a bar is one only when it had closed. A last price that nobody paid is no tick.
"""

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Final

import msgspec

from interlock.errors import BadInput, Unreachable
from interlock.market import Bar, Tick
from interlock.protocol.crypto_com.wire import Rows, decode, instant, number, rows_of
from interlock.values import Instant
from interlock.values.instrument import SYMBOL

TICKERS: Final = "public/get-tickers"
CANDLESTICK: Final = "public/get-candlestick"
BARS_MAX: Final = 300

# Their names of the spans that lie on the grid of 1970; 7D, 14D and 1M bars do not.
TIMEFRAMES: Final[Mapping[timedelta, str]] = {
    timedelta(minutes=1): "1m",
    timedelta(minutes=5): "5m",
    timedelta(minutes=15): "15m",
    timedelta(minutes=30): "30m",
    timedelta(hours=1): "1h",
    timedelta(hours=2): "2h",
    timedelta(hours=4): "4h",
    timedelta(hours=6): "6h",
    timedelta(hours=12): "12h",
    timedelta(days=1): "1D",
}


class _Ticker(msgspec.Struct):
    i: str
    t: int | str
    a: Decimal | None = None
    b: Decimal | None = None
    k: Decimal | None = None


class _Candle(msgspec.Struct):
    o: Decimal
    h: Decimal
    l: Decimal  # noqa: E741 - the exchange's own name of the low
    c: Decimal
    v: Decimal
    t: int | str


class _Candles(msgspec.Struct):
    instrument_name: str | None = None


def ticks(result: bytes) -> Rows[Tick]:
    """Our symbols in the result of get-tickers; a symbol that was never traded has no tick."""
    return rows_of(result, _Ticker, _tick, TICKERS)


def bars_params(symbol: str, span: timedelta, end: Instant, count: int) -> dict[str, str | int]:
    """What to ask for so that at least `count` bars (300 at most) that had closed by `end` are answered."""
    if span not in TIMEFRAMES:
        raise BadInput(f"The exchange has no bars of {span}.")
    return {
        "instrument_name": symbol,
        "timeframe": TIMEFRAMES[span],
        "count": max(1, min(count + 1, BARS_MAX)),
        "end_ts": end.ms,
    }


def bars(result: bytes, symbol: str, span: timedelta, closed_by: Instant) -> Rows[Bar]:
    """The bars of one symbol that had closed by then, ascending, each once; those that still form are left out."""
    named = decode(result, _Candles, CANDLESTICK).instrument_name
    if named not in {None, symbol}:
        raise Unreachable(f"Bars of {symbol} were asked for, and those of another came.")

    def read(row: _Candle) -> Bar | None:
        bar = _bar(row, symbol, span)
        return bar if bar.ends <= closed_by else None

    rows = rows_of(result, _Candle, read, CANDLESTICK)
    by_time = {bar.opens: bar for bar in rows.facts}
    return Rows(tuple(by_time[opens] for opens in sorted(by_time)), rows.skipped)


def _tick(row: _Ticker) -> Tick | None:
    if not SYMBOL.fullmatch(row.i) or row.a is None:
        return None
    last = number(row.a)
    if last <= 0:
        raise BadInput(f"{row.i} is said to cost {last}.")
    return Tick(row.i, last, _side(row.b), _side(row.k), instant(row.t))


def _side(price: Decimal | None) -> Decimal | None:
    return number(price) if price is not None and price > 0 else None


def _bar(row: _Candle, symbol: str, span: timedelta) -> Bar:
    prices = (number(row.o), number(row.h), number(row.l), number(row.c))
    return Bar(symbol, instant(row.t), span, *prices, number(row.v))
