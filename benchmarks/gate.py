"""What the gate costs: the judge alone, the probe over HTTP beside the same handler bare, and health with others half-open in the door.

The server is a process of its own on real books; the client speaks HTTP over plain sockets, so that it costs little itself.
"""

import asyncio
import multiprocessing
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Final, cast

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from typing_extensions import override

from benchmarks.figure import Figure
from interlock.account import AccountReading, Figures, Mode
from interlock.api import build
from interlock.api.answer import answer
from interlock.host.clock import WallClock
from interlock.host.door import listen, server
from interlock.market import Tick
from interlock.risk import probe
from interlock.risk.judge import judge, judge_guard
from interlock.risk.limits import Limits
from interlock.settings import read
from interlock.store.files import open_books, open_market
from interlock.strategy.watchlist import WatchlistRow
from interlock.values import Known, Secret
from tests.rooms.making import entry, question

PROBE: Final = "/api/risk/probe"
HEALTH: Final = "/api/health/system"
SEED: Final = (
    b'{"symbol":"BTC_USDT","side":"BUY","price":50000,"quantity":0.01,"is_margin":false,'
    b'"trade_on_margin_from_watchlist":false}'
)
CLIENTS: Final = 32
HALF_OPEN: Final = 300
SECONDS: Final = 4.0
HALF_HEAD: Final = b"GET / HTTP/1.1\r\nHost: half\r\n"


def gate() -> list[Figure]:
    """Every figure of the gate."""
    figures = judging()
    for name, handler in (("probe", _api), ("probe, bare handler", _bare)):
        with _serving(handler) as port:
            figures += _under_load(name, port)
    with _serving(_api) as port:
        figures += asyncio.run(_besieged(port))
    return figures


def judging() -> list[Figure]:
    """The judge on a sound entry, in microseconds: the guard's rules, and every rule."""
    asked = question()
    guarded = asked.guard(entry())
    told = [
        ("judge A to F", lambda: judge_guard(guarded), "aim: under 10"),
        ("judge, all rules", lambda: judge(asked), "aim: under 40"),
    ]
    figures = []
    for name, call, aim in told:
        spans = sorted(_micros(call) for _ in range(20_000))
        figures += [
            Figure(f"{name} p50", spans[10_000], "us", aim),
            Figure(f"{name} p99", spans[19_800], "us", ""),
        ]
    return figures


def _micros(call: Callable[[], object]) -> float:
    began = time.perf_counter_ns()
    call()
    return (time.perf_counter_ns() - began) / 1000


# ---------------------------------------------------------------- servers


@dataclass(frozen=True, slots=True)
class Place:
    """Where a server stands: its data folder, and how it says its port."""

    folder: str
    said: Connection


@contextmanager
def _serving(handler: Callable[[Place], None]) -> Iterator[int]:
    """A server process on books of its own, until the block ends."""
    spawn = multiprocessing.get_context("spawn")
    with tempfile.TemporaryDirectory() as folder:
        hears, says = spawn.Pipe(duplex=False)
        process = spawn.Process(target=handler, args=(Place(folder, says),), daemon=True)
        process.start()
        try:
            port: int = hears.recv()
            yield port
        finally:
            process.terminate()
            process.join()


def _api(place: Place) -> None:
    """The API as it runs: gate, routes, memory, real books."""
    folder, clock = Path(place.folder), WallClock()
    books = open_books(folder, limits=Limits(), bound=Mode.SIM, enabled=True, install_id="bench0")
    market = open_market(folder)
    now = clock.now()
    books.open(Mode.SIM, now)
    books.switch("bench", "bench", now, mode=Mode.SIM, kill=None)
    reading = AccountReading({}, Decimal(10_000), Decimal(0), now, timedelta(0))
    books.account_read(now, reading)
    books.watch(WatchlistRow("BTC_USDT", trade_amount_usd=Decimal(100)), "bench", now)
    price = Decimal(50_000)
    market.keep_ticks([Tick("BTC_USDT", price, price, price, now)])
    with listen("127.0.0.1", 0, "BENCH") as door:
        port = door.getsockname()[1]
        settings = read({"INTERLOCK__MODE": "SIM", "INTERLOCK__API__PORT": str(port)})
        ours = server(build(books, market, settings, clock, Secret("t" * 43)))
        place.said.send(port)
        asyncio.run(ours.serve(sockets=[door]))


def _bare(place: Place) -> None:
    """The same reading, judging and answering as one Starlette endpoint on uvicorn, on a standing that is at hand."""
    standing, limits, clock = question().standing, Limits(), WallClock()
    known = Known(Figures(Decimal(10_000), Decimal(0), Decimal(0)), clock.now())
    standing = replace(standing, figures=known)

    async def probed(request: Request) -> Response:
        now = clock.now()
        asked = probe.read(await request.body())
        status, body = probe.answer(asked, standing, limits, now)
        return answer(body, status)

    app = Starlette(routes=[Route(PROBE, probed, methods=["POST"])])
    config = uvicorn.Config(
        app, access_log=False, log_level="warning", lifespan="off", loop="asyncio"
    )
    with listen("127.0.0.1", 0, "BENCH") as door:
        place.said.send(door.getsockname()[1])
        asyncio.run(uvicorn.Server(config).serve(sockets=[door]))


# ---------------------------------------------------------------- clients


class Caller(asyncio.Protocol):
    """One connection that asks again as soon as it was answered, and keeps how long each answer took, in milliseconds."""

    def __init__(self, asked: bytes, pause: float = 0.0) -> None:
        self.asked = asked
        self.pause = pause
        self.spans: list[float] = []
        self.status: set[bytes] = set()
        self._began = 0.0
        self._wire: asyncio.WriteTransport | None = None

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Asks for the first time."""
        self._wire = cast("asyncio.WriteTransport", transport)
        self._ask()

    @override
    def data_received(self, data: bytes) -> None:
        """Head and body may come apart; every answer ends with the brace of its body."""
        if data.startswith(b"HTTP"):
            self.status.add(data[9:12])
        if not data.endswith(b"}"):
            return
        self.spans.append((time.perf_counter() - self._began) * 1000)
        if self.pause:
            asyncio.get_running_loop().call_later(self.pause, self._ask)
        else:
            self._ask()

    def _ask(self) -> None:
        self._began = time.perf_counter()
        if self._wire is not None and not self._wire.is_closing():
            self._wire.write(self.asked)

    def end(self) -> None:
        """Asks no more."""
        if self._wire is not None:
            self._wire.close()


def _post(port: int) -> bytes:
    head = f"POST {PROBE} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Length: {len(SEED)}\r\n\r\n"
    return head.encode() + SEED


def _get(port: int, path: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode()


async def _asked(
    port: int, count: int, asked: bytes, pause: float = 0.0
) -> tuple[list[float], float]:
    """The spans of all answers to `count` connections, and how many answers came in a second."""
    loop = asyncio.get_running_loop()
    callers = [Caller(asked, pause) for _ in range(count)]
    for caller in callers:
        await loop.create_connection(lambda caller=caller: caller, "127.0.0.1", port)  # type: ignore[misc] # a caller of its own for each
    await asyncio.sleep(0.5)
    before = sum(len(caller.spans) for caller in callers)
    began = time.perf_counter()
    await asyncio.sleep(SECONDS)
    seconds = time.perf_counter() - began
    spans = sorted(span for caller in callers for span in caller.spans)
    heard = {status for caller in callers for status in caller.status}
    for caller in callers:
        caller.end()
    if heard != {b"200"}:
        raise SystemExit(f"port {port} answered {heard}")
    return spans, (len(spans) - before) / seconds


def _under_load(name: str, port: int) -> list[Figure]:
    spans, rate = asyncio.run(_asked(port, CLIENTS, _post(port)))
    return [
        Figure(f"{name} rate", rate, "1/s", f"{CLIENTS} connections; aim: 5,000"),
        Figure(f"{name} p99", spans[len(spans) * 99 // 100], "ms", "aim: under 10"),
    ]


async def _besieged(port: int) -> list[Figure]:
    """Health at 200 a second while 300 heads are never finished."""
    loop = asyncio.get_running_loop()
    figures = []
    for name, count in (("health p99", 0), (f"health p99, {HALF_OPEN} half-open", HALF_OPEN)):
        calls = [
            loop.create_connection(lambda: Caller(HALF_HEAD), "127.0.0.1", port)
            for _ in range(count)
        ]
        wires = [wire for wire, _ in await asyncio.gather(*calls)]
        spans, _ = await _asked(port, 4, _get(port, HEALTH), pause=0.02)
        for wire in wires:
            wire.close()
        figures.append(Figure(name, spans[len(spans) * 99 // 100], "ms", "aim: under 50"))
    return figures


if __name__ == "__main__":
    for figure in gate():
        print(f"{figure.name}: {figure.value:.2f} {figure.unit}  {figure.note}")
