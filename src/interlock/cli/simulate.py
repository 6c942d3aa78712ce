"""`interlock simulate`: the exchange alone on loopback, for anybody's client. Its first line of stdout says where it is."""

import asyncio
from decimal import Decimal

import typer

from interlock.errors import BadInput, BadSettings
from interlock.simulator.serve import DEMO_CANDLES, DEMO_DAYS, DEMO_START, ServeOptions, serve
from interlock.values import Instant, decimal_of


def simulate(  # noqa: PLR0913 - each is an option of the command
    port: int = typer.Option(0, min=0, max=65535, help="REST port; 0 takes a free one."),
    control_port: int = typer.Option(0, min=0, max=65535, help="Control port; 0 takes a free one."),
    seed: int = typer.Option(0, min=0, help="Shifts order and trade ids; nothing else is random."),
    start: str = typer.Option(DEMO_START.iso(), help="Where in the recording it begins (ISO 8601)."),
    days: int = typer.Option(DEMO_DAYS, min=1, help="How far the stepping clock may go."),
    stepping: bool = typer.Option(False, "--stepping", help="The clock waits for its processes."),
    candles: list[str] = typer.Option(list(DEMO_CANDLES), help="Recordings to replay."),
    depth: list[str] = typer.Option([], help="SYMBOL=QUANTITY that the best level holds."),
) -> None:
    """Run a Crypto.com Exchange of our own."""
    options = ServeOptions(
        port=port,
        control_port=control_port,
        seed=seed,
        start=_instant(start),
        days=days,
        stepping=stepping,
        candles=tuple(candles),
        depth=dict(_pair(text) for text in depth),
    )
    try:
        asyncio.run(serve(options))
    except OSError as error:
        raise BadSettings(f"The simulator cannot listen there: {error.strerror}.") from error


def _instant(text: str) -> Instant:
    try:
        return Instant.of_iso(text)
    except ValueError as error:
        raise BadInput(f"{text!r} is no ISO 8601 time.") from error


def _pair(text: str) -> tuple[str, Decimal]:
    symbol, _, size = text.partition("=")
    return symbol, decimal_of(size)
