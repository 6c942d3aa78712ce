"""`interlock audit`: our books against the exchange's own word, from a cold start; a step of the nightly audit; or the whole night.

One line, PASS or FAIL, and its exit code.
"""

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Annotated, Final

import typer

from interlock.cli.here import Here, Profile
from interlock.cli.one_word import say_one_word
from interlock.settings import of_host

# Word -> function: the steps need neither the desk nor the books, so each loads what it needs alone.
STEPS: Final = {
    "verify_no_public_ports": "interlock.cli.audit_steps:ports",
    "health_guard": "interlock.cli.audit_steps:guard",
    "stability_check": "interlock.cli.audit_steps:stability_check",
    "portfolio_consistency_check": "interlock.cli.audit_steps:portfolio",
    "reconcile_order_intents": "interlock.cli.audit_steps:reconcile",
    "nightly": "interlock.cli.nightly:nightly",
    "acknowledge": "interlock.cli.nightly:acknowledge",
}
ROWS: Final = {
    "": "interlock.cli.audit_rows:whole",
    "portfolio": "interlock.cli.audit_rows:portfolio",
    "reconcile": "interlock.cli.audit_rows:reconcile",
    "record": "interlock.cli.audit_rows:record",
}


def audit(  # noqa: PLR0913 - each is an option of the command
    word: Annotated[
        str, typer.Argument(help=f"Nothing, or one of {', '.join([*STEPS, *filter(None, ROWS)])}.")
    ] = "",
    *,
    profile: Annotated[Profile, typer.Option(help="How the platform stands here.")] = Profile.HOST,
    root: Annotated[Path | None, typer.Option(help="The installation that is audited.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One line of JSON.")] = False,
    details: Annotated[bool, typer.Option("--details", help="Every check, on stderr.")] = False,
    row: Annotated[Path | None, typer.Option(hidden=True)] = None,
    every: Annotated[float, typer.Option(hidden=True, min=0)] = 2.0,
) -> None:
    """Compare the books with the exchange now, or make the nightly audit."""
    if word in ROWS:
        _function(ROWS[word])(root, as_json=as_json, details=details)
    elif word in STEPS:
        step = _function(STEPS[word])
        say_one_word(lambda: step(_here(root or Path.cwd(), profile, row, every)))
    else:
        raise typer.BadParameter(f"{word} is no step of the audit.")


def _here(root: Path, profile: Profile, row: Path | None, every: float) -> Here:
    return Here(root.absolute(), profile, of_host(root), row, every)


def _function(name: str) -> Callable[..., bool]:
    module, _, function = name.partition(":")
    found: Callable[..., bool] = getattr(import_module(module), function)
    return found
