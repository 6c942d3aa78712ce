"""`interlock simulate` and the demo's exchange: the engine on recorded candles, behind HTTP, until it is told to stop."""

import asyncio
import gc
import os
import signal
import ssl
import sys
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Final, TextIO

import msgspec
from aiohttp import web

from interlock.errors import BadSettings
from interlock.simulator import recordings
from interlock.simulator.config import ApiKey, Config, demo_key, reading_key
from interlock.simulator.engine import Engine
from interlock.simulator.front.control import ControlServer
from interlock.simulator.front.driver import Driver
from interlock.simulator.front.feed import Feed, MarketAt
from interlock.simulator.front.gate import token_of
from interlock.simulator.front.server import ExchangeServer
from interlock.simulator.front.stepping import Stepping
from interlock.simulator.market.conditions import Ladder
from interlock.simulator.recordings import Series, Tape
from interlock.simulator.requestlog import RequestLog
from interlock.simulator.scenes.play import Play
from interlock.simulator.scenes.scene import Scene
from interlock.simulator.scenes.words import Stage
from interlock.simulator.streams.front import Streams
from interlock.simulator.streams.terms import USUAL, StreamTerms
from interlock.simulator.switches import AS_SEEN, Switches
from interlock.values import Instant, Secret

LOOPBACK: Final = "127.0.0.1"
DEMO_START: Final = Instant.of_iso("2024-02-29T00:00:00+00:00")
DEMO_DAYS: Final = 30
DEMO_CANDLES: Final = tuple(f"binance_{coin}-USDT_1h" for coin in ("BTC", "ETH", "SOL", "XRP"))
TICK_SECONDS: Final = 0.05
SHUTDOWN_SECONDS: Final = 1.0
MINUTE: Final = timedelta(minutes=1)
DAY: Final = timedelta(days=1)
COLLECT_AFTER: Final = (50_000, 20, 20)
NS_PER_MS: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Tls:
    """The certificate that the exchange shows, and its key."""

    cert: Path
    key: Path

    def context(self) -> ssl.SSLContext:
        """What a listener encrypts with."""
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        try:
            context.load_cert_chain(self.cert, self.key)
        except OSError as error:
            raise BadSettings(f"{self.cert} and {self.key} are no certificate: {error}.") from error
        return context


@dataclass(frozen=True, slots=True)
class ServeOptions:
    """How an exchange is served. Port 0 takes a free one; `days` is how far the stepping clock may go (None: no horizon).

    Private methods are answered to the addresses in `allow` (None: to all). On the
    wall's clock the recording is shifted by whole days, so that `start`'s day is today (trades alone: by whole minutes), and
    `rate_limits` may hold. Without a `key` the seed gives one, and without a `control_token` one is drawn. `log` is the file that
    gets a line per request (`-`: stderr). With `margin` the account may borrow. `seeded_path` draws the paths inside the bars from
    the seed. With a `market` prices are those of a real exchange, on the wall's clock, and nothing is replayed.
    """

    port: int = 0
    control_port: int = 0
    seed: int = 0
    start: Instant = DEMO_START
    days: int | None = DEMO_DAYS
    stepping: bool = False
    candles: tuple[str, ...] = DEMO_CANDLES
    balances: Mapping[str, Decimal] = field(default_factory=lambda: {"USDT": Decimal(10000)})
    depth: Mapping[str, Decimal] = field(default_factory=dict)
    key: ApiKey | None = None
    bind: str = LOOPBACK
    control_bind: str = LOOPBACK
    tls: Tls | None = None
    allow: tuple[str, ...] | None = None
    rate_limits: bool = False
    streams: StreamTerms = USUAL
    switches: Switches = AS_SEEN
    control_token: str | None = None
    log: str | None = None
    ladders: Mapping[str, Ladder] = field(default_factory=dict)
    scene: Scene | None = None
    margin: bool = False
    seeded_path: bool = False
    market: MarketAt | None = None
    slippage_ticks: int = 0

    def staged(self) -> "ServeOptions":
        """With what the scene sets up in place of what was said here."""
        return self if self.scene is None else replace(self, **self.scene.setup.options())


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where the exchange is found, and the key that opens it: the first line of its output."""

    rest: str
    ws_user: str
    ws_market: str
    control: str
    api_key: str
    api_secret: str
    reading_key: str
    reading_secret: str

    def line(self) -> str:
        """The one JSON line."""
        return msgspec.json.encode(self).decode()


@dataclass(frozen=True, slots=True)
class Served:
    """An exchange that stands: where it is found, the task that moves its clock, and what fails when a promise of it breaks."""

    addresses: Addresses
    clock: asyncio.Task[None]
    broken: asyncio.Future[None]


async def serve(options: ServeOptions) -> None:
    """Serves until SIGTERM or SIGINT; the first line of stdout says where."""
    collect_seldom()
    stop = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    async with serving(options) as served:
        sys.stdout.write(served.addresses.line() + "\n")
        sys.stdout.flush()
        stopped = asyncio.create_task(stop.wait())
        ends = (stopped, served.clock, served.broken)
        await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        stopped.cancel()


def collect_seldom() -> None:
    """Lets the collector of cycles look at fewer objects: orders and trades are kept for ever and are in none."""
    gc.freeze()
    gc.set_threshold(*COLLECT_AFTER)


@asynccontextmanager
async def serving(options: ServeOptions) -> AsyncIterator[Served]:
    """Both ports, open while the context is; a broken promise of the engine is raised at the end."""
    options = options.staged()
    config = configuration(options, wall_now())
    engine = Engine(config)
    engine.access.allow(options.allow)
    broken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    token = token_of(options.control_token)
    out = _log(options.log)
    log = RequestLog([key.secret for key in config.keys] + [Secret(token)], out)
    streams = Streams(engine, _tick(engine, options), broken, log, options.streams)
    stepping = Stepping(engine, _horizon(options)) if options.stepping else None
    driver = Driver(stepping, streams.audience.pass_on) if stepping else None
    exchange = ExchangeServer(engine, _tick(engine, options), broken, streams, log)
    stage = Stage(engine, streams.audience, exchange.cut_all)
    play = Play(options.scene, stage) if options.scene is not None else None
    control = ControlServer(driver, exchange, token, stage, play)
    clock = asyncio.create_task(driver.run() if driver else _follow_the_wall(engine, streams))
    feed = _feed(engine, options, broken)
    runners = [
        web.AppRunner(
            app, access_log=None, handler_cancellation=True, shutdown_timeout=SHUTDOWN_SECONDS
        )
        for app in (exchange.application(), control.application())
    ]
    try:
        tls = options.tls.context() if options.tls else None
        port = await _open(runners[0], options.bind, options.port, tls)
        control_port = await _open(runners[1], options.control_bind, options.control_port)
        at = addresses_of(port, f"{control_port}/{token}", config, options)
        yield Served(at, clock, broken)
    finally:
        for runner in runners:
            await runner.cleanup()
        for task in (clock, *feed):
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        if out not in {None, sys.stderr}:
            out.close()
        if broken.done():
            broken.result()


def _feed(
    engine: Engine, options: ServeOptions, broken: asyncio.Future[None]
) -> list[asyncio.Task[None]]:
    """The task that listens to a real market, if there is one."""
    if options.market is None:
        return []
    feed = Feed(engine, options.market, _tick(engine, options), broken)
    return [asyncio.create_task(feed.run())]


def configuration(options: ServeOptions, wall: Instant) -> Config:
    """The exchange that these options describe; at `wall`, when it is to run on the wall's clock."""
    if options.market is not None and options.stepping:
        raise BadSettings("A real market keeps the wall's clock: it cannot be stepped.")
    replay = _replay(options) if options.market is None else {}
    strangers = sorted({*options.depth, *options.ladders} - set(replay))
    if strangers:
        raise BadSettings(f"{', '.join(strangers)} has no recording here, so it has no depth.")
    config = Config(
        start=options.start,
        replay=replay,
        keys=(options.key or demo_key(options.seed), reading_key(options.seed)),
        balances=options.balances,
        seed=options.seed,
        depth=options.depth,
        rate_limits=options.rate_limits and not options.stepping,
        switches=options.switches,
        ladders=options.ladders,
        margin=options.margin,
        path_seed=options.seed if options.seeded_path else None,
        slippage_ticks=options.slippage_ticks,
    )
    if options.market is not None:
        at = options.market
        return replace(config, start=wall, live=at.symbols, live_stale_s=at.silence_s)
    if options.stepping:
        return config
    grid = MINUTE if all(isinstance(each, Tape) for each in replay.values()) else DAY
    shift = (wall - options.start) // grid * grid
    shifted = {symbol: _shifted(series, shift) for symbol, series in replay.items()}
    return replace(config, start=wall, replay=shifted)


def _replay(options: ServeOptions) -> dict[str, Series | Tape]:
    """The recordings by symbol, each of which must have begun before the start and go on after it."""
    replay: dict[str, Series | Tape] = {}
    for name in options.candles:
        series = recordings.recorded(name)
        if series.symbol in replay:
            raise BadSettings(f"{name} is a second recording of {series.symbol}.")
        times = series.time if isinstance(series, Tape) else series.open_time
        if not times[0] <= options.start.ms <= times[-1]:
            raise BadSettings(f"{name} has nothing at {options.start}.")
        replay[series.symbol] = series
    return replay


def addresses_of(port: int, control: str, config: Config, options: ServeOptions) -> Addresses:
    """Where an exchange on these ports is found; `control` is a port and a token."""
    key, reader, s = config.keys[0], config.keys[-1], "s" if options.tls else ""
    root = f"{_host(options.bind)}:{port}/exchange/v1"
    return Addresses(
        rest=f"http{s}://{root}",
        ws_user=f"ws{s}://{root}/user",
        ws_market=f"ws{s}://{root}/market",
        control=f"http://{_host(options.control_bind)}:{control}",
        api_key=key.key,
        api_secret=key.secret.reveal(),
        reading_key=reader.key,
        reading_secret=reader.secret.reveal(),
    )


def wall_now() -> Instant:
    """The wall's clock, which only the stand-alone exchange follows."""
    return Instant(time.time_ns() // 1000)


def _host(address: str) -> str:
    return f"[{address}]" if ":" in address else address


async def _open(
    runner: web.AppRunner, bind: str, port: int, tls: ssl.SSLContext | None = None
) -> int:
    """Opens one port and says which it is."""
    await runner.setup()
    try:
        await web.TCPSite(runner, bind, port, ssl_context=tls).start()
    except (OSError, OverflowError) as error:
        raise BadSettings(f"Port {port} cannot be opened: {error}.") from error
    opened: int = runner.addresses[0][1]
    return opened


def _horizon(options: ServeOptions) -> Instant | None:
    if options.days is None:
        return None
    if options.days < 1:
        raise BadSettings(f"A run of {options.days} days is none.")
    return options.start + options.days * DAY


def _log(name: str | None) -> TextIO | None:
    """Where a line per request goes: a file that only its owner reads, or stderr."""
    if name is None or name == "-":
        return sys.stderr if name else None
    try:
        return os.fdopen(os.open(name, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "a")
    except OSError as error:
        raise BadSettings(f"{name} cannot be written: {error.strerror}.") from error


def _tick(engine: Engine, options: ServeOptions) -> Callable[[], None]:
    """What brings the engine up to date before a request: the wall's clock, or nothing."""
    if options.stepping:
        return lambda: None
    return lambda: engine.advance(max(wall_now(), engine.now))


async def _follow_the_wall(engine: Engine, streams: Streams) -> None:
    """Lets triggers fire and orders fill also while nobody asks, and tells who listens."""
    while True:
        engine.advance(max(wall_now(), engine.now))
        await streams.pass_on()
        await asyncio.sleep(TICK_SECONDS)


def _shifted(recording: Series | Tape, shift: timedelta) -> Series | Tape:
    passed = shift // timedelta(milliseconds=1)
    if isinstance(recording, Tape):
        ns = recording.time_ns + passed * NS_PER_MS
        return replace(recording, time=recording.time + passed, time_ns=ns)
    return replace(recording, open_time=recording.open_time + passed)
