"""`interlock kill`, `arm`, `mute` and `unmute`: durable switches with who, why and when. Killing never asks twice."""

import getpass
import time
from typing import Annotated

import typer
from rich.console import Console

from interlock.account import Switches
from interlock.cli.asking import NotRunning, ask
from interlock.settings import Settings, read
from interlock.values import Instant
from interlock.wiring.acts import forgive, hush, turn

Why = Annotated[str, typer.Option("--why", help="The reason, which is kept.")]


def kill(why: Why = "no reason was given") -> None:
    """No new entry in any mode, from this commit on; protection, exits and recovery go on."""
    _say(_turned(read(), why, kill=True))


def arm(
    why: Annotated[str, typer.Option("--why", help="The reason, which is kept.")],
    *,
    daily_loss: Annotated[
        bool,
        typer.Option("--daily-loss", help="Clear today's daily-loss latch, and nothing else."),
    ] = False,
) -> None:
    """Clear the kill switch and the protection breaker, and let entries buy again."""
    if daily_loss:
        _say_forgiven(read(), why)
    else:
        _say(_turned(read(), why, kill=False))


def mute(why: Annotated[str, typer.Option("--why", help="The reason, which is kept.")]) -> None:
    """Keep the owner's messages back: they are stored and wait. Trading is not affected."""
    _say_mute(why, on=True)


def unmute(why: Annotated[str, typer.Option("--why", help="The reason, which is kept.")]) -> None:
    """Let the owner's messages go again; what is too old by now is given up, an incident never is."""
    _say_mute(why, on=False)


def _say_mute(why: str, *, on: bool) -> None:
    settings = read()
    kept = hush(settings, getpass.getuser(), why, now_of(settings), on=on)
    text = f"muted by {kept.who}: {kept.why}" if kept else "sends"
    Console().print(f"messenger {text}", highlight=False)


def _say_forgiven(settings: Settings, why: str) -> None:
    was = forgive(settings, getpass.getuser(), why, now_of(settings))
    text = "cleared" if was else "was not latched today"
    Console().print(f"daily loss {text}", highlight=False)


def _turned(settings: Settings, why: str, *, kill: bool) -> Switches:
    return turn(settings, getpass.getuser(), why, now_of(settings), kill=kill)


def now_of(settings: Settings) -> Instant:
    """The time of the running platform, which may be simulated; else that of this host."""
    try:
        return Instant.of_iso(str(ask(settings, "/api/status")["as_of"]))
    except NotRunning:
        return Instant(time.time_ns() // 1000)


def _say(switches: Switches) -> None:
    engaged = switches.kill
    text = f"engaged by {engaged.who}: {engaged.why}" if engaged else "clear"
    Console().print(f"kill switch {text}", highlight=False)
