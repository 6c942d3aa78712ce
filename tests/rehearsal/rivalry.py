"""`python -m tests.rehearsal.rivalry turns|races|zombies N [SEED] [URL…]`: rivals as a program with a single thread, since it forks.

Without a URL they meet on a data folder, else each time on another of these databases. The last line is JSON; exit 0 only without a
violation.
"""

import json
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import Any

from interlock.rehearsal.venue import Venue
from tests.rehearsal.rivals import Tally, judged, race, take_turns, zombie

ROOT = Path(__file__).parents[2]


def begun(kind: str, count: int, seed: int = 0, *urls: str) -> subprocess.Popen[str]:
    """This program, as a child of somebody who has threads."""
    words = (kind, str(count), str(seed), *urls)
    return subprocess.Popen(
        [sys.executable, "-m", "tests.rehearsal.rivalry", *words],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )


def ended(child: subprocess.Popen[str]) -> dict[str, Any]:
    """What such a child says in the end."""
    said, _ = child.communicate()
    silent = Tally(violations=["a program of rivals ended without a word"])
    lines = said.strip().splitlines()
    found: dict[str, Any] = json.loads(lines[-1]) if lines else asdict(silent)
    return found


def met(kind: str, count: int, seed: int = 0, *urls: str) -> dict[str, Any]:
    """So many meetings of rivals, in a program of their own."""
    return ended(begun(kind, count, seed, *urls))


def _play(kind: str, count: int, seed: int, places: Sequence[str], venue: Venue) -> Tally:
    if kind == "turns":
        return take_turns(places[0], venue, count, seed)
    tally = Tally()
    for number in range(count):
        place = places[number % len(places)]
        try:
            if kind == "races":
                race(place, venue, tally)
            else:
                zombie(place, venue, seed + number, tally)
        except AssertionError as error:
            tally.violations.append(str(error))
    for place in dict.fromkeys(places[:count]):
        judged(tally, place, venue)
    return tally


def main(kind: str, count: str, seed: str = "0", *urls: str) -> int:
    """Plays, and says what came of it."""
    with tempfile.TemporaryDirectory() as folder, closing(Venue()) as venue:
        tally = _play(kind, int(count), int(seed), urls or (folder,), venue)
    print(json.dumps(asdict(tally)))
    return 1 if tally.violations else 0


def _ended(*_: object) -> None:
    """Whoever is told to end leaves no child behind."""
    sys.exit(143)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, _ended)
    sys.exit(main(*sys.argv[1:]))
