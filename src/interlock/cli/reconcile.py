"""`interlock reconcile`: how books and exchange differ, and what is done about each difference; nothing is done without `--apply`.

The plan is made here, from a cold start; applying is the engine's, which answers with what it did.
"""

import asyncio
import getpass
from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from interlock.cli.saying import AsJson, say, say_json, say_rich
from interlock.cli.switch import now_of
from interlock.cli.waiting import ask_engine
from interlock.evidence.requests import OwnersRequest, What
from interlock.reconcile.difference import Action, Difference, Plan
from interlock.settings import read
from interlock.wiring.looks import differences

STYLES = {Action.ALARM: "red", Action.FREEZE: "red", Action.ASK: "yellow"}


def reconcile(
    *,
    apply: Annotated[
        bool, typer.Option("--apply", help="Let the engine do what the plan says.")
    ] = False,
    why: Annotated[str, typer.Option("--why", help="The reason, which is kept.")] = "by hand",
    wait_s: Annotated[float, typer.Option("--wait", min=0, help="Seconds to wait.")] = 60.0,
    as_json: AsJson = False,
) -> None:
    """Show how books and exchange differ; exit 0 when nothing is left to do."""
    settings = read()
    if apply:
        asked = (What.RECONCILE, getpass.getuser(), why, now_of(settings))
        _say_done(ask_engine(settings, *asked, wait_s), as_json=as_json)
        return
    made = asyncio.run(differences(settings))
    if as_json:
        say_json(_body(made))
    else:
        _say(made)
    raise typer.Exit(0 if made.is_empty else 1)


def _say(made: Plan) -> None:
    if made.is_empty:
        say(f"Nothing is left to do, as of {made.at}.")
    else:
        say(f"{len(made.differences)} differences as of {made.at}; `--apply` lets the engine act.")
        say_rich(_table(made.differences))
    if made.standing:
        say("told already, and waiting for a person:")
        say_rich(_table(made.standing))


def _table(found: tuple[Difference, ...]) -> Table:
    table = Table("difference", "of", "reason", "action", "evidence", header_style="bold", box=None)
    for each in found:
        table.add_row(
            Text(each.kind),
            Text(each.name),
            Text(each.reason),
            Text(each.action, STYLES.get(each.action, "green")),
            Text(each.evidence, "dim"),
        )
    return table


def _body(made: Plan) -> dict[str, Any]:
    return {
        "as_of": made.at.iso(),
        "is_empty": made.is_empty,
        "differences": [_row(each) for each in made.differences],
        "standing": [_row(each) for each in made.standing],
    }


def _row(each: Difference) -> dict[str, str]:
    return {
        "kind": each.kind,
        "of": each.name,
        "reason": each.reason,
        "action": each.action,
        "evidence": each.evidence,
    }


def _say_done(done: OwnersRequest, *, as_json: bool) -> None:
    """What the engine did; it failed when something could not be done."""
    if as_json:
        rows = [{"kind": r.step, "done": r.passed, "found": r.found} for r in done.rows]
        say_json({"request": done.id, "passed": done.passed, "did": rows})
    elif not done.rows:
        say("Nothing was left to do.")
    else:
        for row in done.rows:
            say(f"{row.step}: {row.found}")
    raise typer.Exit(0 if done.passed else 1)
