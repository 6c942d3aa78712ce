"""The candles of research: the shelf of the data folder with what ships behind it, and the book on which each symbol trades."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from functools import cache, partial
from typing import Final

from msgspec import json

from interlock.market import Window
from interlock.protocol.crypto_com import instruments
from interlock.research import Lane, ungridded
from interlock.research.candles.checking import check
from interlock.research.candles.shelf import Name, Origin, Series, Shelf, series_of
from interlock.settings import Settings, read
from interlock.simulator import recordings
from interlock.strategy.contract import Strategy
from interlock.strategy.watchlist import WatchlistRow
from interlock.values import Instrument

UNLISTED_LOT: Final = Decimal("1e-8")


def shelf_of(settings: Settings) -> Shelf:
    """The series of the data folder, and those that ship."""
    return Shelf(settings.data / "research" / "candles", shipped())


def lane(symbol: str, strategy: Strategy, amount: Decimal | int) -> Lane:
    """What a backtest wants, in one word: this strategy on the series of the shelf, each entry for so much quote currency."""
    window = shelf_of(read()).open(symbol, strategy.timeframe).window
    row = trading_row(symbol, strategy.name, amount=Decimal(amount))
    return Lane(row, strategy, window, instrument_of(window))


def trading_row(
    symbol: str, preset: str, *, amount: Decimal | None = None, share_pct: Decimal | None = None
) -> WatchlistRow:
    """A row that may trade, as research plays it: an amount in quote currency, or a share of the equity in percent."""
    return WatchlistRow(
        symbol,
        preset,
        alert_enabled=True,
        buy_alert_enabled=True,
        sell_alert_enabled=True,
        trade_enabled=True,
        trade_amount_usd=amount,
        trade_share_pct=share_pct,
    )


def shipped() -> dict[Name, Callable[[], Series]]:
    """Each recording by symbol and timeframe; it is read when it is asked for."""
    return {_name(each): partial(_recorded, each) for each in recordings.available()}


def _name(recording: str) -> Name:
    """`binance_BTC-USDT_1h` is (BTC_USDT, 1h)."""
    _, market, timeframe, *_ = recording.split("_")
    return market.replace("-", "_"), "1D" if timeframe == "1d" else timeframe


def _recorded(name: str) -> Series:
    found = recordings.load(name)
    prices = (found.open, found.high, found.low, found.close, found.volume)
    span = timedelta(milliseconds=found.timeframe_ms)
    window = Window(found.symbol, span, found.open_time, *prices)
    return series_of(window, Origin(f"shipped: {name}"))


def instrument_of(window: Window) -> Instrument:
    """The book of a symbol as Crypto.com listed it; of one that it does not list, the grid that its own bars show."""
    listed = _listed().get(window.symbol)
    if listed is not None:
        return listed
    ticks = check(window).ticks
    free = ungridded(window.symbol, UNLISTED_LOT)
    return replace(free, price_tick=min(each.tick for each in ticks)) if ticks else free


@cache
def _listed() -> dict[str, Instrument]:
    listing = json.encode({"data": recordings.instruments()})
    limits = instruments.order_limits(json.encode(recordings.risk_parameters()))
    by_base = {each.base: each for each in limits.facts}
    return {each.symbol: each for each in instruments.instruments(listing, by_base).facts}
