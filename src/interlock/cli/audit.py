"""`interlock audit`: our books against the exchange's own word, from a cold start. One line, PASS or FAIL, and its exit code."""

import asyncio
import json
import sys
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from interlock.ports import AuditRun
from interlock.settings import read
from interlock.wiring import audit as audit_once


def audit(
    *,
    as_json: Annotated[bool, typer.Option("--json", help="One line of JSON.")] = False,
    details: Annotated[bool, typer.Option("--details", help="Every check, on stderr.")] = False,
) -> None:
    """Compare the books with the exchange now."""
    run = asyncio.run(audit_once(read()))
    if details:
        Console(stderr=True).print(_table(run))
    word = "PASS" if run.passed else "FAIL"
    sys.stdout.write(f"{json.dumps(_said(run)) if as_json else word}\n")
    raise typer.Exit(0 if run.passed else 1)


def _said(run: AuditRun) -> dict[str, object]:
    rows = [
        {"step": r.step, "passed": r.holds, "compared": r.compared, "found": r.found}
        for r in run.rows
    ]
    return {"audit": "PASS" if run.passed else "FAIL", "at": run.at.iso(), "rows": rows}


def _table(run: AuditRun) -> Table:
    table = Table("check", "result", "compared", "found")
    for row in run.rows:
        table.add_row(row.step, "PASS" if row.holds else "FAIL", str(row.compared), row.found)
    return table
