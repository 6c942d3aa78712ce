"""`interlock verify`: phases A to F of the hard verification, and the closeout, each with one last line that a script can trust."""

import sys
from pathlib import Path
from typing import Annotated, Final

import typer

from interlock.cli.verdict import Verdict
from interlock.cli.verifying import Stand, close, phases, quick, stand_of
from interlock.errors import BadInput

LETTERS: Final = ("a", "b", "c", "d", "e", "f")
WORDS: Final = ("all", *LETTERS, "quick", "close")
PROFILES: Final = ("aws", "host")

Phase = Annotated[str, typer.Argument(help="all, one of A to F, quick, or close.")]
Profile = Annotated[str, typer.Option("--profile", help="aws: containers; host: units.")]
Report = Annotated[Path | None, typer.Option("--report", help="Where the report is written.")]
Root = Annotated[Path | None, typer.Option("--root", help="The checkout; else that of .venv.")]
Debug = Annotated[str, typer.Option(envvar="DEBUG", hidden=True)]


def verify(
    phase: Phase = "all",
    profile: Profile = "aws",
    report: Report = None,
    root: Root = None,
    debug: Debug = "",
) -> None:
    """Verify this installation: exit 0 only with the line of completion, 1 with the line that blocks."""
    word = phase.lower()
    if word not in WORDS or profile not in PROFILES:
        raise BadInput(f"{phase} --profile {profile} is nothing that can be verified.")
    with Verdict(is_debugged=debug == "1") as verdict:
        _verify(stand_of(profile, root or Path(sys.prefix).parent), word, report, verdict)
    raise typer.Exit(verdict.code)


def _verify(stand: Stand, word: str, report: Path | None, verdict: Verdict) -> None:
    match word:
        case "close":
            close(stand, report, verdict)
        case "quick":
            quick(stand, report, verdict)
        case "all":
            phases(stand, "", report, verdict)
        case _:
            phases(stand, word.upper(), report, verdict)
