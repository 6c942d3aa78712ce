"""Writes docs/bug_zoo.md from the table of the zoo: nobody edits that page by hand."""

from pathlib import Path
from typing import Final

from tests.zoo.bug import RAISES, Bug
from tests.zoo.bugs import BARRED, BUGS

PAGE: Final = Path(__file__).parents[1] / "docs" / "bug_zoo.md"
OF_THE_CONTRACT: Final = 54
HEAD: Final = """# The bug zoo

*Written by `python -m scripts.bug_zoo` from the table in `tests/zoo`; a test compares them.*

A promise that nothing breaks is worth what breaks it when somebody does. Each bug below is a small patch of our own code, put in place in a
process of its own, which then performs seed after seed of the rehearsal (`interlock rehearse`). The promise that it breaks must be seen to
be broken within so many seeds; a bug that is only noticed by something else has escaped, and `make prove` fails. So it does when a patch
does not fit the code any more. What no seed can reach is hunted by the test that is named, which must fail.

How soon each was caught when it was last measured: [figures/zoo.json](figures/zoo.json). One alone:
`PYTHONPATH=. python tests/zoo/run.py 57`.

Numbers up to {last} are those of the list that the platform was asked to keep; the others are our own. **Alone** marks a bug that only this
promise sees: without it nobody would.
"""


def page() -> str:
    """The page, as it must be."""
    rows = "".join(map(_row, BUGS))
    barred = "".join(f"| {each.number} | {each.name} | {each.why} |\n" for each in BARRED)
    invariants = "".join(f"| {name} | {_named(name)} |\n" for name in _invariants())
    return (
        HEAD.format(last=OF_THE_CONTRACT)
        + f"\n{len(BUGS)} bugs.\n\n"
        + "| Z | what is broken | must be seen by | within, or by the test | module |\n|---|---|---|---|---|\n"
        + rows
        + "\n## What sees what\n\n| promise | broken by Z; those that it alone sees in bold |\n|---|---|\n"
        + invariants
        + "\n## What does no harm here\n\n"
        + "Bugs of the list that cannot be written in this design, or change nothing that could go wrong:\n\n"
        + f"| Z | bug | why |\n|---|---|---|\n{barred}"
    )


def _row(bug: Bug) -> str:
    test = (bug.hunted_by or "").rpartition("::")[2]
    within = f"`{test}`" if test else f"{bug.seeds} seeds"
    where = ", ".join(f"`{name.removeprefix('interlock.')}`" for name in bug.sources())
    seen = " or ".join(bug.caught_by) + (" **alone**" if bug.alone else "")
    return f"| {bug.number} | {bug.name} | {seen} | {within} | {where} |\n"


def _invariants() -> list[str]:
    names = {name for bug in BUGS for name in bug.caught_by if name != RAISES}
    return sorted(names, key=lambda name: int(name.removeprefix("I")))


def _named(invariant: str) -> str:
    """The bugs that this invariant sees; an alone one belongs to the first that is named."""
    seen = [bug for bug in BUGS if invariant in bug.caught_by]
    alone = [f"**{bug.number}**" for bug in seen if bug.alone and bug.caught_by[0] == invariant]
    return ", ".join((*alone, *(str(bug.number) for bug in seen if not bug.alone)))


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
