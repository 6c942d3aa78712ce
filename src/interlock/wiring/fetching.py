"""The exchange whose public bars are fetched, without a key; apart from the shelf, since it brings the whole client with it."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Final

from interlock.errors import Unreachable
from interlock.exchange.client import Credentials, CryptoComExchange
from interlock.host.clock import WallClock
from interlock.market import Bar, Window
from interlock.protocol.crypto_com.market import CANDLESTICK
from interlock.research.candles.fetching import Wanted, fetch
from interlock.settings import Settings
from interlock.values import Instant, Secret
from interlock.wiring.adapters import budget_of, transport_of

NOBODY: Final = Credentials(Secret(""), Secret(""))


def fetched(settings: Settings, wanted: Wanted, tell: Callable[[int], None]) -> Window:
    """The bars that the exchange of the settings has; Unreachable where one of them cannot be read."""
    return asyncio.run(_fetched(settings, wanted, tell))


async def _fetched(settings: Settings, wanted: Wanted, tell: Callable[[int], None]) -> Window:
    now = WallClock().now
    async with transport_of(settings) as transport:
        client = CryptoComExchange(transport, NOBODY, now, budget=budget_of(settings))

        async def ask(symbol: str, span: timedelta, end: Instant, count: int) -> tuple[Bar, ...]:
            page = await client.bars(symbol, span, end, count)
            if client.skipped.get(CANDLESTICK):
                why = client.skipped[CANDLESTICK][0]
                raise Unreachable(f"A bar of {symbol} before {end} cannot be read: {why}")
            return page

        return await fetch(ask, wanted, tell)
