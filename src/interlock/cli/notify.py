"""`interlock notify MESSAGE`: one plain message to the owner, past books and engine, which may be what has failed."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from interlock.errors import BadInput, Unreachable
from interlock.settings import of_host
from interlock.wiring.looks import say


def notify(
    message: str,
    root: Annotated[
        Path, typer.Option("--root", help="The installation whose settings say where.")
    ] = Path(),
) -> None:
    """Tell the owner one thing now: exit 0 when the messenger gave it an id, 1 when it did not, 2 when none is configured."""
    if not message.strip():
        raise BadInput("There is nothing to tell.")
    try:
        asyncio.run(say(of_host(root), message))
    except Unreachable as error:
        typer.echo(error.line(), err=True)
        raise typer.Exit(1) from None
