"""`interlock journal verify`: the sealed journal, row by row; exit 0 when nothing up to the last seal is changed, missing or reordered."""

from typing import Annotated

import typer

from interlock.cli.saying import AsJson, say, say_json
from interlock.errors import BadInput
from interlock.settings import read
from interlock.wiring.keeping import verify_journal


def journal(
    word: Annotated[str, typer.Argument(help="verify.")] = "verify", *, as_json: AsJson = False
) -> None:
    """Verify that nobody changed, took away, added or exchanged what was sealed, and say how much is unsealed."""
    if word != "verify":
        raise BadInput(f"{word} is nothing that can be done to a journal: verify.")
    found = verify_journal(read())
    told = found.last.told if found.last else None
    if as_json:
        say_json(
            {
                "holds": found.holds,
                "head": found.last.head if found.last else None,
                "seals": found.last.n if found.last else 0,
                "sealed": found.sealed,
                "unsealed": found.unsealed,
                "wrong": list(found.wrong),
            }
        )
    else:
        for each in found.wrong:
            say(each)
        end = f"{found.sealed} rows are sealed up to {told or 'nothing'}, {found.unsealed} are not"
        say(f"{'PASS' if found.holds else 'FAIL'}: {end}.")
    raise typer.Exit(0 if found.holds else 1)
