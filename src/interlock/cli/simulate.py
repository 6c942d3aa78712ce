"""`interlock simulate`: the exchange alone, for anybody's client. Its first line of stdout says where it is.

It stands on loopback; another address takes a word of the operator, because keys that are worth nothing look like those that are.
"""

import asyncio
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final

import typer

from interlock.cli.saying import say_table
from interlock.errors import BadInput, BadSettings
from interlock.settings.kinds import is_loopback
from interlock.simulator.front.feed import REST, WEBSOCKET, MarketAt
from interlock.simulator.front.serve import (
    DEMO_CANDLES,
    DEMO_DAYS,
    DEMO_START,
    LOOPBACK,
    ServeOptions,
    Tls,
    serve,
)
from interlock.simulator.scenes.scene import find, names
from interlock.simulator.switches import switches_of
from interlock.values import Instant, decimal_of

START: Final = DEMO_START.iso()
LIVE_SYMBOLS: Final = ("BTC_USDT", "ETH_USDT", "SOL_USDT", "XRP_USDT")


class Prices(StrEnum):
    """Where prices come from: recordings, or the public market of the real exchange."""

    REPLAY = "replay"
    LIVE = "live"


class Walk(StrEnum):
    """The path inside a recorded bar: always in thirds, or drawn from the seed."""

    FIXED = "fixed"
    SEEDED = "seeded"


Port = Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one.")]
Seed = Annotated[
    int, typer.Option(min=0, help="Shifts order and trade ids, and draws a seeded path.")
]
Days = Annotated[int, typer.Option(min=1, help="How far the stepping clock may go.")]
Recordings = Annotated[
    list[str] | None, typer.Option(help="Recordings to replay, of bars or of trades.")
]
Bind = Annotated[str, typer.Option(help="Address to listen on.")]
Depth = Annotated[list[str] | None, typer.Option(help="SYMBOL=QUANTITY of the best level.")]
Named = Annotated[
    str | None, typer.Option(help="A scenario: the name of a shipped one, or a file.")
]
Listed = Annotated[bool, typer.Option("--scenarios", help="List the shipped scenarios.")]
Pem = Annotated[Path | None, typer.Option(help="A PEM file; both are given, or none.")]
Allow = Annotated[
    list[str] | None, typer.Option(help="Address that the key admits; none named: every one.")
]
Switched = Annotated[
    list[str] | None, typer.Option(help="NAME=VALUE (docs/simulator_switches.md).")
]
RateLimits = Annotated[
    bool, typer.Option("--rate-limits", help="Refuse what is asked too often (wall clock).")
]
BeyondLoopback = Annotated[
    bool, typer.Option("--beyond-loopback", help="Admit an address that is not loopback.")
]
Token = Annotated[str | None, typer.Option(help="End of the control URL; else one is drawn.")]
Log = Annotated[
    str | None, typer.Option(help="File for a line per request; - is stderr. No secret in it.")
]
Slippage = Annotated[
    int, typer.Option(min=0, help="Ticks between levels of a replay; 0: there is one.")
]
Market = Annotated[
    Prices, typer.Option(help="live: public prices of the real exchange, without a key.")
]


def simulate(  # noqa: PLR0913 - each is an option of the command
    *,
    port: Port = 0,
    control_port: Port = 0,
    seed: Seed = 0,
    start: Annotated[str, typer.Option(help="Where in the recording (ISO 8601).")] = START,
    days: Days = DEMO_DAYS,
    stepping: Annotated[bool, typer.Option(help="The clock waits for its processes.")] = False,
    candles: Recordings = None,
    depth: Depth = None,
    allow: Allow = None,
    rate_limits: RateLimits = False,
    bind: Bind = LOOPBACK,
    control_bind: Bind = LOOPBACK,
    beyond_loopback: BeyondLoopback = False,
    tls_cert: Pem = None,
    tls_key: Pem = None,
    switch: Switched = None,
    control_token: Token = None,
    log: Log = None,
    scenario: Named = None,
    scenarios: Listed = False,
    margin: Annotated[bool, typer.Option("--margin", help="The account may borrow.")] = False,
    path: Annotated[Walk, typer.Option(help="How the price walks inside a bar.")] = Walk.FIXED,
    slippage: Slippage = 0,
    market: Market = Prices.REPLAY,
    symbol: Annotated[list[str] | None, typer.Option(help="What a live market trades.")] = None,
    market_rest: Annotated[str, typer.Option(help="Where a live market answers.")] = REST,
    market_ws: Annotated[str, typer.Option(help="Where a live market speaks.")] = WEBSOCKET,
) -> None:
    """Run a Crypto.com Exchange of our own."""
    if scenarios:
        say_table("", ("scenario", "title", "what it proves"), map(_row, names()))
        return
    if not beyond_loopback:
        _must_be_loopback(bind, control_bind)
    options = ServeOptions(
        port=port,
        control_port=control_port,
        seed=seed,
        start=_instant(start),
        days=days,
        stepping=stepping,
        candles=tuple(candles or DEMO_CANDLES),
        depth=dict(_pair(text) for text in depth or ()),
        bind=bind,
        control_bind=control_bind,
        tls=_tls(tls_cert, tls_key),
        allow=tuple(allow) if allow else None,
        rate_limits=rate_limits,
        switches=switches_of(switch or ()),
        control_token=control_token,
        log=log,
        scene=find(scenario) if scenario else None,
        margin=margin,
        seeded_path=path is Walk.SEEDED,
        slippage_ticks=slippage,
        market=_market(symbol, market_rest, market_ws) if market is Prices.LIVE else None,
    )
    _run(options)


def _must_be_loopback(*addresses: str) -> None:
    for address in addresses:
        if not is_loopback(address):
            raise BadSettings(f"{address} is not loopback: pass --beyond-loopback.")


def _run(options: ServeOptions) -> None:
    try:
        asyncio.run(serve(options))
    except OSError as error:
        raise BadSettings(f"The simulator cannot listen there: {error.strerror}.") from error


def _row(name: str) -> tuple[str, str, str]:
    scene = find(name)
    return name, scene.title, scene.proves


def _market(symbols: list[str] | None, rest: str, websocket: str) -> MarketAt:
    return MarketAt(tuple(symbols or LIVE_SYMBOLS), rest.rstrip("/"), websocket)


def _instant(text: str) -> Instant:
    try:
        return Instant.of_iso(text)
    except ValueError as error:
        raise BadInput(f"{text!r} is no ISO 8601 time.") from error


def _tls(cert: Path | None, key: Path | None) -> Tls | None:
    if cert is None and key is None:
        return None
    if cert is None or key is None:
        raise BadInput("--tls-cert and --tls-key come together.")
    return Tls(cert, key)


def _pair(text: str) -> tuple[str, Decimal]:
    symbol, _, size = text.partition("=")
    return symbol, decimal_of(size)
