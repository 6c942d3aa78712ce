"""Hunts the bugs of the zoo, or those that are named: a table, and JSON as the last line; exit 1 when one escapes.

python tests/zoo/run.py [NUMBER…] [--shrink]
"""

import json
import sys
from dataclasses import asdict
from statistics import median
from typing import Any

from rich.console import Console
from rich.table import Table

from tests.zoo.bugs import BUGS
from tests.zoo.hunt import Found, Hunted, hunt

_console = Console(stderr=True)


def figures(hunted: Hunted) -> dict[str, Any]:
    """What the hunt showed."""
    left = [each.steps[1] for each in hunted.found if each.steps]
    return {
        "bugs": len(hunted.found),
        "caught": len(hunted.found) - len(hunted.escaped),
        "seeds_median": hunted.median,
        "shrunk": len(left),
        "steps_left_max": max(left, default=0),
        "steps_left_median": median(left or [0]),
        "seconds": round(hunted.seconds, 1),
        "found": [asdict(each) | {"seconds": round(each.seconds, 2)} for each in hunted.found],
    }


def show(hunted: Hunted) -> None:
    """The table, for a person."""
    names = {bug.number: bug.name for bug in BUGS}
    table = Table("Z", "bug", "caught by", "seeds", "steps", "s")
    for each in hunted.found:
        by = ", ".join(each.by) if each.caught else f"[red]ESCAPED[/] {each.said}"
        seeds = str(each.seeds or "")
        steps = f"{each.steps[0]} → {each.steps[1]}" if each.steps else ""
        table.add_row(str(each.number), names[each.number], by, seeds, steps, f"{each.seconds:.1f}")
    _console.print(table)


def _tell(each: Found) -> None:
    if not each.caught:
        _console.print(f"Z{each.number} escaped: {each.said}", markup=False)


def main() -> int:
    """0 when every bug was caught."""
    wanted = {int(word) for word in sys.argv[1:] if word.isdigit()}
    chosen = [bug for bug in BUGS if not wanted or bug.number in wanted]
    hunted = hunt(chosen, _tell, shrinks="--shrink" in sys.argv)
    show(hunted)
    print(json.dumps(figures(hunted)))
    return 1 if hunted.escaped else 0


if __name__ == "__main__":
    sys.exit(main())
