"""`interlock simulate`: the exchange alone on loopback, for anybody's client. Its first line of stdout says where it is."""

import asyncio
from decimal import Decimal
from typing import Annotated, Final

import typer

from interlock.errors import BadInput, BadSettings
from interlock.simulator.serve import DEMO_CANDLES, DEMO_DAYS, DEMO_START, ServeOptions, serve
from interlock.values import Instant, decimal_of

START: Final = DEMO_START.iso()


Port = Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one.")]


def simulate(  # noqa: PLR0913 - each is an option of the command
    *,
    port: Port = 0,
    control_port: Port = 0,
    seed: Annotated[int, typer.Option(min=0, help="Shifts order and trade ids alone.")] = 0,
    start: Annotated[str, typer.Option(help="Where in the recording (ISO 8601).")] = START,
    days: Annotated[
        int, typer.Option(min=1, help="How far the stepping clock may go.")
    ] = DEMO_DAYS,
    stepping: Annotated[bool, typer.Option(help="The clock waits for its processes.")] = False,
    candles: Annotated[list[str] | None, typer.Option(help="Recordings to replay.")] = None,
    depth: Annotated[
        list[str] | None, typer.Option(help="SYMBOL=QUANTITY of the best level.")
    ] = None,
) -> None:
    """Run a Crypto.com Exchange of our own."""
    options = ServeOptions(
        port=port,
        control_port=control_port,
        seed=seed,
        start=_instant(start),
        days=days,
        stepping=stepping,
        candles=tuple(candles or DEMO_CANDLES),
        depth=dict(_pair(text) for text in depth or ()),
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
