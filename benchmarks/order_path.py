"""From a signal to the first byte of its order, on real books: read, judge, write, sync, sign. One entry a day, as the caps have it."""

import asyncio
import os
import statistics
import time
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Final

from typing_extensions import override

from benchmarks.figure import Figure
from interlock.account import AccountReading, Balance, Mode
from interlock.desk.instruments import Instruments
from interlock.desk.trader import Trader
from interlock.errors import BrokenInvariant
from interlock.exchange.client import Credentials, CryptoComExchange
from interlock.host.clock import WallClock
from interlock.market import Tick
from interlock.ports import Gate, Reply, open_gate
from interlock.risk.limits import Limits
from interlock.store.files import open_books, open_market
from interlock.strategy.presets import PRESETS
from interlock.strategy.signal import Decision, Flag, Signal
from interlock.strategy.watchlist import WatchlistRow
from interlock.values import Instant, Secret
from tests.fakes.goods import NOW
from tests.promises.wishes import BTC

TIMES: Final = 300
HOUR: Final = timedelta(hours=1)
PRICE: Final = Decimal(50_000)
REFUSED: Final = b'{"id":%d,"method":"private/create-order","code":306,"message":"-"}'
STRATEGY: Final = "trend-dip"


class Days(WallClock):
    """A clock that stands still until it is set."""

    def __init__(self) -> None:
        super().__init__()
        self.at = NOW

    @override
    def now(self) -> Instant:
        """Where it stands."""
        return self.at


class Wire:
    """The transport at whose door the time is taken; the order is refused, so that the next finds nothing in flight."""

    def __init__(self) -> None:
        self.first_byte = 0.0

    async def request(self, verb: str, path: str, body: bytes, gate: Gate = open_gate) -> Reply:  # noqa: ARG002 - the transport's own list
        """A definite refusal of whatever it is."""
        gate()
        self.first_byte = time.perf_counter()
        return Reply(500, REFUSED % int(body.split(b'"id":')[1].split(b",")[0]))


def order_path(folder: Path) -> list[Figure]:
    """Signal to first byte, and append + fdatasync of the same disk, turn by turn."""
    ours, plain = asyncio.run(_measured(folder))
    floor = statistics.median(plain)
    p50, p99 = statistics.median(ours), sorted(ours)[-len(ours) // 100]
    p99_floor = sorted(plain)[-len(plain) // 100]
    return [
        Figure("signal to first byte p50", p50, "ms", f"{p50 / floor:.1f} x fdatasync p50"),
        Figure("signal to first byte p99", p99, "ms", "aim: under 25, under 10 x fdatasync p99"),
        Figure(
            "fdatasync beside it p99",
            p99_floor,
            "ms",
            f"ratio of the two p99: {p99 / p99_floor:.1f}",
        ),
    ]


async def _measured(folder: Path) -> tuple[list[float], list[float]]:
    clock, wire = Days(), Wire()
    books = open_books(folder, limits=Limits(), bound=Mode.SIM, enabled=True, install_id="bench0")
    market = open_market(folder)
    market.keep_instruments([BTC], clock.now())
    tenure = books.open(Mode.SIM, clock.now())
    books.switch("bench", "bench", clock.now(), mode=Mode.SIM, kill=None)
    row = _watched(books.watch)
    key = Credentials(Secret("k" * 24), Secret("s" * 24))
    exchange = CryptoComExchange(wire, key, clock.now)
    instruments = Instruments(market, clock)
    trader = Trader(books, market, exchange, clock, instruments, Limits(), tenure)
    handle = os.open(folder / "beside", os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600)
    ours, plain = [], []
    for day in range(TIMES + 1):
        clock.at = NOW + timedelta(days=day)
        price = PRICE * (100 + 4 * (day % 2)) / 100  # far enough from the last alert
        market.keep_ticks([Tick(BTC.symbol, price, price, price, clock.at)])
        instruments.keep([BTC])
        held = {"USDT": Balance("USDT", Decimal(10_000), Decimal(10_000))}
        books.account_read(
            clock.at, AccountReading(held, Decimal(10_000), Decimal(0), clock.at, timedelta(0))
        )
        signal = _signal(clock.at, price)
        began = time.perf_counter()
        ruling = await trader.decide(signal, row, PRESETS[STRATEGY])
        if ruling.intent is None:
            raise BrokenInvariant(f"The order that is measured was not sent: {ruling.block}.")
        ours.append((wire.first_byte - began) * 1000)
        began = time.perf_counter()
        os.write(handle, b"x" * 512)
        os.fdatasync(handle)
        plain.append((time.perf_counter() - began) * 1000)
    os.close(handle)
    books.close()
    market.close()
    return ours[1:], plain[1:]


def _watched(watch: Callable[[WatchlistRow, str, Instant], WatchlistRow]) -> WatchlistRow:
    row = WatchlistRow(
        BTC.symbol,
        preset=STRATEGY,
        alert_enabled=True,
        buy_alert_enabled=True,
        trade_enabled=True,
        trade_amount_usd=Decimal(100),
        sl_percentage=Decimal(2),
        tp_percentage=Decimal(3),
    )
    return watch(row, "bench", NOW - timedelta(days=1))


def _signal(ends: Instant, close: Decimal) -> Signal:
    return Signal(
        symbol=BTC.symbol,
        strategy=STRATEGY,
        bar=ends - HOUR,
        ends=ends,
        decision=Decision.BUY,
        index=100,
        close=close,
        flags=(Flag("buy_dip", holds=True, because="-"),),
        values={"ema10": 1.0, "ma50": 1.0},
        stop_distance=Decimal(1000),
        target_distance=Decimal(1500),
    )
