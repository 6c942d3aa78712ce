"""`interlock kill`, `pause`, `resume`, `mute` and `unmute`: durable switches with who, why and when. Killing never asks twice.

A kill is written first, and then waited for until the engine has read the end state back from the exchange.
"""

import getpass
import time
from typing import Annotated

import typer
from rich.console import Console

from interlock.account import Switches
from interlock.cli.asking import NotRunning, ask
from interlock.cli.saying import AsJson, say, say_json, say_table
from interlock.cli.waiting import ask_engine
from interlock.evidence.requests import OwnersRequest, What
from interlock.settings import Settings, read
from interlock.values import Instant
from interlock.wiring.acts import halt, hush, turn

Why = Annotated[str, typer.Option("--why", help="The reason, which is kept.")]
Wait = Annotated[
    float, typer.Option("--wait", min=0, help="Seconds to wait for the engine's answer.")
]


def kill(
    why: Why = "no reason was given",
    *,
    flatten: Annotated[
        bool, typer.Option("--flatten", help="Sell what is held, too: every lot is closed.")
    ] = False,
    wait_s: Wait = 60.0,
    as_json: AsJson = False,
) -> None:
    """No new entry in any mode, from this commit on; working entries are cancelled, protection stays, and the end state is verified."""
    settings = read()
    switches = turn(settings, getpass.getuser(), why, now_of(settings))
    if not as_json:
        _say(switches)
    what = What.FLATTEN if flatten else What.KILL
    done = ask_engine(settings, what, getpass.getuser(), why, now_of(settings), wait_s)
    _say_done(done, as_json=as_json)


def pause(why: Annotated[str, typer.Option("--why", help="The reason, which is kept.")]) -> None:
    """No new entry until `resume`; everything else goes on."""
    _say_pause(why, on=True)


def resume(why: Annotated[str, typer.Option("--why", help="The reason, which is kept.")]) -> None:
    """End the pause. A kill switch is ended by `arm` alone."""
    _say_pause(why, on=False)


def mute(why: Annotated[str, typer.Option("--why", help="The reason, which is kept.")]) -> None:
    """Keep the owner's messages back: they are stored and wait. Trading is not affected."""
    _say_mute(why, on=True)


def unmute(why: Annotated[str, typer.Option("--why", help="The reason, which is kept.")]) -> None:
    """Let the owner's messages go again; what is too old by now is given up, an incident never is."""
    _say_mute(why, on=False)


def _say_pause(why: str, *, on: bool) -> None:
    settings = read()
    paused = halt(settings, getpass.getuser(), why, now_of(settings), on=on).pause
    text = f"paused by {paused.who}: {paused.why}" if paused else "not paused"
    Console().print(f"entering is {text}", highlight=False)


def _say_mute(why: str, *, on: bool) -> None:
    settings = read()
    kept = hush(settings, getpass.getuser(), why, now_of(settings), on=on)
    text = f"muted by {kept.who}: {kept.why}" if kept else "sends"
    Console().print(f"messenger {text}", highlight=False)


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


def _say_done(done: OwnersRequest, *, as_json: bool) -> None:
    """The end state as it was read back; exit 0 only when all of it holds."""
    rows = [(row.step, "PASS" if row.holds else "FAIL", row.found) for row in done.rows]
    if as_json:
        told = [{"check": c, "result": r, "found": f} for c, r, f in rows]
        say_json({"killed": True, "verified": done.passed, "rows": told})
    else:
        say_table("read back from the exchange:", ("check", "result", "found"), rows)
        say("The end state is verified." if done.passed else "The end state is NOT verified.")
    raise typer.Exit(0 if done.passed else 1)
