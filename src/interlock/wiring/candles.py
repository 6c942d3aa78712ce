"""The candles of research: the shelf of the data folder with what ships behind it, and the exchange whose bars are fetched."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Final

from interlock.errors import Unreachable
from interlock.exchange.client import Credentials, CryptoComExchange
from interlock.host.clock import WallClock
from interlock.market import Bar, Window
from interlock.protocol.crypto_com.market import CANDLESTICK
from interlock.research.candles.fetching import Wanted, fetch
from interlock.research.candles.shelf import Name, Origin, Series, Shelf, series_of
from interlock.settings import Settings
from interlock.simulator import recordings
from interlock.values import Instant, Secret
from interlock.wiring.adapters import budget_of, transport_of

NOBODY: Final = Credentials(Secret(""), Secret(""))


def shelf_of(settings: Settings) -> Shelf:
    """The series of the data folder, and those that ship."""
    return Shelf(settings.data / "research" / "candles", shipped())


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


def fetched(settings: Settings, wanted: Wanted, tell: Callable[[int], None]) -> Window:
    """The bars that the exchange of the settings has; Unreachable where one of them cannot be read."""
    return asyncio.run(_fetched(settings, wanted, tell))


async def _fetched(settings: Settings, wanted: Wanted, tell: Callable[[int], None]) -> Window:
    now = WallClock().now
    async with transport_of(settings) as transport:
        client = CryptoComExchange(transport, NOBODY, now, budget=budget_of(settings, now))

        async def ask(symbol: str, span: timedelta, end: Instant, count: int) -> tuple[Bar, ...]:
            page = await client.bars(symbol, span, end, count)
            if client.skipped.get(CANDLESTICK):
                why = client.skipped[CANDLESTICK][0]
                raise Unreachable(f"A bar of {symbol} before {end} cannot be read: {why}")
            return page

        return await fetch(ask, wanted, tell)
