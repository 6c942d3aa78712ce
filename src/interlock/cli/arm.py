"""`interlock arm`: lets entries buy again, in two steps. The first shows what would be armed, the second confirms exactly that.

Books of SIM may be armed in one step with `--yes`: nothing real moves there. Books of LIVE refuse it.
"""

import getpass
import secrets
import time
from datetime import timedelta
from typing import Annotated, Final

import typer
from rich.console import Console

from interlock.account import Mode, Switches
from interlock.cli.saying import say
from interlock.cli.switch import now_of
from interlock.errors import BadInput
from interlock.evidence.requests import Arming, Offer
from interlock.settings import Settings, read
from interlock.values import Instant
from interlock.wiring.acts import confirm_arm, forgive, offer_arm
from interlock.wiring.certified import doubt_of

GOOD_FOR: Final = timedelta(minutes=1)
CODE_BYTES: Final = 3


def arm(
    why: Annotated[str, typer.Option("--why", help="The reason, which is kept.")] = "",
    *,
    confirm: Annotated[
        str, typer.Option("--confirm", metavar="CODE", help="Arm what was shown with this code.")
    ] = "",
    yes: Annotated[
        bool, typer.Option("--yes", help="Both steps at once; for books of SIM alone.")
    ] = False,
    stage: Annotated[
        bool, typer.Option("--stage", help="Widen the first stage of LIVE: larger orders.")
    ] = False,
    daily_loss: Annotated[
        bool,
        typer.Option("--daily-loss", help="Clear today's daily-loss latch, and nothing else."),
    ] = False,
) -> None:
    """Let entries buy again: show what would be armed, then `--confirm CODE` within a minute."""
    settings = read()
    if confirm:
        _say(confirm_arm(settings, confirm.upper(), _wall(), now_of(settings)))
    elif not why:
        raise typer.BadParameter("Arming needs a reason: --why.")
    elif daily_loss:
        _say_forgiven(settings, why)
    else:
        _offer(settings, Arming.STAGE if stage else Arming.ENTRIES, why, is_sure=yes)


def _offer(settings: Settings, what: Arming, why: str, *, is_sure: bool) -> None:
    code = secrets.token_hex(CODE_BYTES).upper()
    offered = Offer(code, what, getpass.getuser(), why, _wall() + GOOD_FOR)
    venue, lines = offer_arm(settings, offered)
    if is_sure and venue is not Mode.SIM:
        raise BadInput("Books of LIVE are armed in two steps: leave out --yes.")
    if is_sure:
        _say(confirm_arm(settings, code, _wall(), now_of(settings)))
        return
    say("This would be armed:")
    for line in lines:
        say(f"  {line}")
    if venue is Mode.LIVE:
        why_not = doubt_of(settings, _wall())
        say(f"  certificate: {'valid' if why_not is None else f'LIVE enters nothing: {why_not}'}")
    say(f"Nothing has changed. Confirm within a minute: interlock arm --confirm {code}")


def _say_forgiven(settings: Settings, why: str) -> None:
    was = forgive(settings, getpass.getuser(), why, now_of(settings))
    text = "cleared" if was else "was not latched today"
    Console().print(f"daily loss {text}", highlight=False)


def _say(switches: Switches) -> None:
    engaged = switches.kill
    text = f"engaged by {engaged.who}: {engaged.why}" if engaged else "clear"
    Console().print(f"kill switch {text}", highlight=False)


def _wall() -> Instant:
    """A code is good for a minute of the owner's, whatever time is simulated."""
    return Instant(time.time_ns() // 1000)
