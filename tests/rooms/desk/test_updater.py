"""The updater: what it keeps of the market is whole, whoever looks meanwhile."""

import asyncio
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal

from interlock.account import Mode
from interlock.desk.instruments import Instruments
from interlock.desk.updater import KEPT, PAGE, Updater
from interlock.host.clock import StoodStill
from interlock.market import Bar, Tick
from interlock.rehearsal.store import DictMarket, dict_books
from interlock.strategy.watchlist import WatchlistRow
from interlock.values import Instant, Instrument, Known, Unknown
from tests.fakes.goods import BTC, NOW

HOUR = timedelta(hours=1)


@dataclass(slots=True)
class Pages:
    """An exchange of bars, which notes how many of them somebody could see at each of its answers."""

    market: DictMarket
    seen: list[int] = field(default_factory=list)
    listings: int = 0

    async def instruments(self) -> tuple[Instrument, ...]:
        self.listings += 1
        return (BTC,)

    async def ticks(self) -> tuple[Tick, ...]:
        return ()

    async def bars(self, symbol: str, span: timedelta, end: Instant, count: int) -> tuple[Bar, ...]:
        self.seen.append(len(self.market.window(symbol, span, KEPT)))
        one = Decimal(1)
        opens = (end - (count - n) * span for n in range(count))
        return tuple(Bar(symbol, each, span, one, one, one, one, one) for each in opens)


def updated() -> tuple[Pages, DictMarket, Instruments]:
    market, books, clock = DictMarket(), dict_books(), StoodStill(NOW)
    books.open(Mode.SIM, NOW)
    books.watch(WatchlistRow("BTC_USDT"), "ann", NOW)
    pages, listed = Pages(market), Instruments(market, clock)
    updater = Updater(pages, books, market, clock, listed, HOUR)  # type: ignore[arg-type] # all that an updater asks of the exchange
    asyncio.run(updater.once())
    asyncio.run(updater.once())
    return pages, market, listed


def test_no_bar_in_the_middle_is_ever_the_newest_for_whoever_looks_meanwhile() -> None:
    pages, market, _ = updated()

    assert pages.seen == [0] * (KEPT // PAGE)
    assert market.window("BTC_USDT", HOUR, KEPT).ends() == NOW.floor(HOUR)


def test_what_is_listed_is_known_to_processes_that_never_read_it_for_a_day() -> None:
    pages, market, own = updated()
    other = Instruments(market, StoodStill(NOW + timedelta(hours=23)))
    late = Instruments(market, StoodStill(NOW + timedelta(hours=25)))

    assert own.get("BTC_USDT") == other.get("BTC_USDT") == Known(BTC, NOW)
    assert pages.listings == 1
    assert other.get("XRP_USDT") == Unknown("XRP_USDT is not listed")
    assert late.get("BTC_USDT") == Unknown("the instrument list was not read within a day")
