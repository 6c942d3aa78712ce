"""`interlock doctor`: why can't I trade? Facts in the order in which they are asked, what each means, and what to do about it.

It works while the platform runs and while it does not, and asks nobody longer than a few seconds. Exit 0 when nothing stops us.
"""

from pathlib import Path

import typer

from interlock.cli.access import access
from interlock.cli.premises import premises
from interlock.cli.saying import AsJson, say, say_json, say_table
from interlock.evidence.checkup import Finding, may_trade
from interlock.settings import of_host


def doctor(*, as_json: AsJson = False) -> None:
    """Say why nothing is traded: keys, clock, address, permissions, ports, disk, books, switches."""
    settings = of_host(Path.cwd())
    findings = (*access(settings), *premises(settings))
    allowed = may_trade(findings)
    if as_json:
        say_json({"may_trade": allowed, "rows": [_row(finding) for finding in findings]})
    else:
        _say(findings, allowed=allowed)
    raise typer.Exit(0 if allowed else 1)


def _row(finding: Finding) -> dict[str, object]:
    return {
        "fact": finding.fact,
        "verdict": finding.verdict,
        "found": finding.found,
        "remedy": finding.remedy,
        "stops": finding.stops,
    }


def _say(findings: tuple[Finding, ...], *, allowed: bool) -> None:
    rows = [(f.fact, f.verdict, f.found) for f in findings]
    say_table("", ("fact", "verdict", "found"), rows)
    for finding in (f for f in findings if f.remedy):
        say(f"{finding.fact}: {finding.remedy}")
    say("Nothing stops us." if allowed else "We cannot trade.")
