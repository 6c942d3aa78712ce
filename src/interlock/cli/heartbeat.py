"""`interlock heartbeat ROLE`: whether the passes of one role come to their end, by the rows that they write. Nobody else is asked."""

from datetime import timedelta
from typing import Annotated, Final

import typer

from interlock.cli.switch import now_of
from interlock.settings import read
from interlock.wiring.adapters import heartbeats

# A pass that raises does not beat: a role that gets nothing done is not well.
HEARTS: Final = {
    "engine": ("settler", "monitor", "guardian"),
    "updater": ("updater",),
    "notifier": ("herald",),
}
AGE_MAX: Final = timedelta(seconds=180)


def heartbeat(
    role: Annotated[str, typer.Argument(help=f"One of {', '.join(HEARTS)}.")],
) -> None:
    """PASS while every pass of the role has come to its end within three minutes, else FAIL with those that have not."""
    if role not in HEARTS:
        raise typer.BadParameter(f"{role} is none of {', '.join(HEARTS)}.")
    settings = read()
    beats, now = heartbeats(settings), now_of(settings)
    still = [name for name in HEARTS[role] if name not in beats or now - beats[name] > AGE_MAX]
    typer.echo(f"FAIL: {', '.join(still)}" if still else "PASS")
    raise typer.Exit(1 if still else 0)
