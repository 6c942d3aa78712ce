"""The audit where the books are: whole, or one row of it for the host's nightly audit, which also leaves its own verdict here."""

import asyncio
import json
import sys
from pathlib import Path

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from interlock.errors import BadInput
from interlock.evidence.proof import AuditRun, CheckRow, joined
from interlock.settings import Settings, of_host, read
from interlock.wiring.looks import audit, audit_orders, audit_portfolio, record_audit


def whole(root: Path | None, *, as_json: bool, details: bool) -> None:
    """The whole audit of the books, stored."""
    run = asyncio.run(audit(_settings(root)))
    if details:
        Console(stderr=True).print(_table(run))
    word = "PASS" if run.passed else "FAIL"
    sys.stdout.write(f"{json.dumps(_said(run)) if as_json else word}\n")
    raise typer.Exit(0 if run.passed else 1)


def portfolio(root: Path | None, *, as_json: bool, details: bool) -> None:
    """Ledger against wallet."""
    _leave(asyncio.run(audit_portfolio(_settings(root))), as_json=as_json, details=details)


def reconcile(root: Path | None, *, as_json: bool, details: bool) -> None:
    """Orders, executions and stops against the exchange's lists."""
    rows = asyncio.run(audit_orders(_settings(root)))
    _leave(joined("reconcile", rows), as_json=as_json, details=details)


def record(root: Path | None, *, as_json: bool, details: bool) -> None:  # noqa: ARG001 - every row of the door takes the same
    """Keeps the audit that stdin tells."""
    try:
        run = msgspec.json.decode(sys.stdin.buffer.read(), type=AuditRun)
    except msgspec.MsgspecError as error:
        raise BadInput(f"That is no audit: {error}.") from error
    record_audit(_settings(root), run)


def _settings(root: Path | None) -> Settings:
    """Inside the backend's environment, its own; for a root, those of the installation there."""
    return read() if root is None else of_host(root)


def _leave(row: CheckRow, *, as_json: bool, details: bool) -> None:
    word = "PASS" if row.holds else "FAIL"
    typer.echo(msgspec.json.encode(row).decode() if as_json else word)
    if details:
        typer.echo(row.found, err=True)
    raise typer.Exit(0 if row.holds else 1)


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
