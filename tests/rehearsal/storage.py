"""Every way a disk or a database fails under the books, as figures: `python -m tests.rehearsal.storage CRASHES` does all of them whole.

`make prove` stops a PostgreSQL server 20 times and tears the log off at every sector; `make release-figures` does everything here.
"""

import json
import sys
import tempfile
import time
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from tests.rehearsal.crashing_server import Crashed, crash_database
from tests.rehearsal.disks import Torn, flip_log, flip_pages, tear
from tests.rehearsal.faulty_disks import (
    CLOSED,
    FOLDER_NOT_SYNCED,
    FULL,
    KILL,
    NOT_SYNCED,
    is_killed,
    is_over,
    sweep,
    went_on,
)
from tests.rehearsal.half_migrated import die_in_migration

WORKERS: Final = 2
ORDERS: Final = 17  # of three transactions each: at least fifty
SWEEPS: Final = (
    (KILL, is_killed, False),
    (KILL, is_killed, True),
    (NOT_SYNCED, is_over, True),
    (FOLDER_NOT_SYNCED, is_over, True),
    (FULL, went_on, True),
    (CLOSED, went_on, False),
)
FEW: Final = 2


@dataclass(frozen=True, slots=True)
class Stored:
    """How often a server was stopped at once, at how many lengths a log was torn off, and what was wrong afterwards."""

    crashed: Crashed
    torn: Torn

    @property
    def violations(self) -> tuple[str, ...]:
        return (*self.crashed.violations, *self.torn.violations)


def store(pool: ProcessPoolExecutor, crashes: int, seed: int = 0) -> Stored:
    """The server is stopped here, while the pool tears the log."""
    parts = [pool.submit(torn_part, nth) for nth in range(WORKERS)]
    crashed = crash_database(crashes, seed=seed)
    return Stored(crashed, _whole(part.result() for part in parts))


def torn_part(nth: int) -> Torn:
    """One share of all the lengths."""
    with tempfile.TemporaryDirectory() as folder:
        return tear(Path(folder), ORDERS, nth, WORKERS)


def _whole(parts: Iterable[Torn]) -> Torn:
    found = list(parts)
    wrong = tuple(each for part in found for each in part.violations)
    return Torn(found[0].commits, sum(part.points for part in found), wrong)


def figures(crashes: int) -> dict[str, Any]:
    """Everything whole: every sector, every frame, every page, every write, every sync, every statement."""
    began = time.monotonic()
    with ProcessPoolExecutor(WORKERS) as pool:
        stored = store(pool, crashes)
    found: dict[str, Any] = {"postgresql": asdict(stored.crashed), "torn_log": asdict(stored.torn)}
    with tempfile.TemporaryDirectory() as folder:
        found["flipped_log"] = asdict(flip_log(_new(folder, "log"), ORDERS))
        found["flipped_pages"] = asdict(flip_pages(_new(folder, "pages"), ORDERS))
        found["sweeps"] = []
        for number, (fault, allowed, is_new) in enumerate(SWEEPS):
            place = _new(folder, f"sweep{number}")
            swept = sweep(place, fault, FEW, allowed, is_new=is_new)
            found["sweeps"].append({**asdict(swept), "new_books": is_new})
        died, wrong = die_in_migration(_new(folder, "migration"))
    found["migration"] = {"statements": died, "violations": wrong}
    found["seconds"] = round(time.monotonic() - began)
    return found


def _new(folder: str, name: str) -> Path:
    place = Path(folder) / name
    place.mkdir()
    return place


def _all_violations(found: object) -> list[object]:
    match found:
        case {"violations": wrong, **rest}:
            return [*wrong, *_all_violations(rest)]
        case dict():
            return [each for inner in found.values() for each in _all_violations(inner)]
        case list():
            return [each for inner in found for each in _all_violations(inner)]
        case _:
            return []


if __name__ == "__main__":
    answer = figures(int(sys.argv[1]))
    print(json.dumps(answer))
    sys.exit(1 if _all_violations(answer) else 0)
