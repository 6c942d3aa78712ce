"""`make mutants`: does a test notice when the code is wrong? Every mutant of six rooms is run against the tests that judge its room.

A table, and JSON as the last line; exit 1 when a mutant survives that nobody argued for, or when a rule of the guard has none.

    python tests/mutants/run.py [--room ROOM [--only MODULE ...]] [--every N]
"""

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from rich.console import Console
from rich.table import Table

from tests.mutants.arguments import EQUIVALENT
from tests.mutants.breeder import Breeder, Found
from tests.mutants.rooms import NOT_ASKED, ROOMS, ROOT
from tests.mutants.rules import rules_by_place

# hypothesis is imported here before pytest could rewrite its asserts: it has none that we would read.
REWRITTEN = "ignore:Module already imported:pytest.PytestAssertRewriteWarning"
QUIET = (
    "-W",
    REWRITTEN,
    "-k",
    NOT_ASKED,
    "-p",
    "no:cacheprovider",
    "-p",
    "no:terminal",
    "-p",
    "no:xdist",
)


def room_figures(breeder: Breeder, elapsed_s: float) -> dict[str, Any]:
    """What the run of one room showed."""
    found = breeder.found
    alive = sorted(each.name for each in found if each.survived)
    killed = len(found) - len(alive)
    told: dict[str, Any] = {
        "bred": len(found),
        "every": breeder.every,
        "killed": killed,
        "argued": {name: EQUIVALENT[name] for name in alive if name in EQUIVALENT},
        "survived": [name for name in alive if name not in EQUIVALENT],
        "percent": round(100 * killed / len(found), 1) if found else 0.0,
        "not_bred": dict(breeder.room.not_bred),
        "elapsed_s": round(elapsed_s, 1),
    }
    return told | ({"rules": _by_rule(found)} if breeder.room.name == "risk" else {})


def _by_rule(found: Sequence[Found]) -> dict[str, dict[str, int]]:
    known = rules_by_place()
    by_rule = {name: {"mutants": 0, "killed": 0} for name in known.values()}
    for each in found:
        name = each.mutant.change.removeprefix("dropped ").split(" ")[0]
        rule = known.get((each.module, each.mutant.place)) or known.get((each.module, name))
        if rule is not None:
            by_rule[rule]["mutants"] += 1
            by_rule[rule]["killed"] += not each.survived
    return by_rule


def figures(rooms: Mapping[str, Mapping[str, Any]], elapsed_s: float) -> dict[str, Any]:
    """What the run of all rooms showed."""
    bred = sum(told["bred"] for told in rooms.values())
    killed = sum(told["killed"] for told in rooms.values())
    return {
        "mutants": bred,
        "killed": killed,
        "argued": sum(len(told["argued"]) for told in rooms.values()),
        "survived": sum(len(told["survived"]) for told in rooms.values()),
        "percent": round(100 * killed / bred, 1) if bred else 0.0,
        "rooms": rooms,
        "elapsed_s": round(elapsed_s, 1),
    }


def breed(room: str, only: Sequence[str] | None, every: int) -> dict[str, Any] | None:
    """The figures of one room; None when its tests do not pass as it stands."""
    began, breeder = time.monotonic(), Breeder(ROOMS[room], only, every)
    tests = (str(ROOT / test) for test in ROOMS[room].tests)
    code = pytest.main([*QUIET, *tests], plugins=[breeder])
    if code == pytest.ExitCode.INTERNAL_ERROR or not breeder.is_sound:
        return None
    return room_figures(breeder, time.monotonic() - began)


def _of_its_own(room: str, every: int) -> dict[str, Any] | None:
    """The figures of one room, from a process of its own: its tests and no other room's are imported there."""
    words = (sys.executable, __file__, "--room", room, "--every", str(every))
    done = subprocess.run(words, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False)
    lines = done.stdout.splitlines()
    found: dict[str, Any] | None = json.loads(lines[-1])["rooms"][room] if lines else None
    return found


def _show(rooms: Mapping[str, Mapping[str, Any]]) -> None:
    columns = ("bred", "killed", "argued", "survived", "percent", "elapsed_s")
    table = Table("room", *columns)
    for name, told in rooms.items():
        counts = (told[c] if isinstance(told[c], int | float) else len(told[c]) for c in columns)
        table.add_row(name, *map(str, counts))
    console = Console(stderr=True)
    console.print(table)
    for name in (each for told in rooms.values() for each in told["survived"]):
        console.print(f"survived: {name}", markup=False)


def main() -> int:
    """Runs every mutant; 0 when each was killed or is argued for, and no rule is without one."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--room", choices=list(ROOMS), help="one room")
    parser.add_argument("--only", nargs="+", metavar="MODULE", help="modules of that room")
    parser.add_argument("--every", type=int, default=1, help="every n-th mutant of a room")
    given = parser.parse_args()
    if given.only is not None and given.room is None:
        parser.error("--only names modules of a --room")
    began = time.monotonic()
    if given.room is not None:
        asked = {given.room: breed(given.room, given.only, given.every)}
    else:
        asked = {room: _of_its_own(room, given.every) for room in ROOMS}
    rooms = {name: told for name, told in asked.items() if told is not None}
    if len(rooms) < len(asked):
        print("the tests do not pass as the room stands", file=sys.stderr)
        return 1
    told = figures(rooms, time.monotonic() - began)
    if given.room is None or sys.stderr.isatty() or given.only:
        _show(rooms)
    print(json.dumps(told))
    is_whole = given.only is None and given.every == 1
    rules = rooms.get("risk", {}).get("rules", {}) if is_whole else {}
    return 1 if told["survived"] or any(not row["killed"] for row in rules.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
