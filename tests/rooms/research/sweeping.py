"""A sweep of the toy as a process of its own: `python sweeping.py STUDY SEARCH REST_S PROCESSES`."""

import sys
from pathlib import Path

from interlock.research.candidates import Goal, Grid, Random, Search
from interlock.research.pool import Processes
from interlock.research.results import EXACT, continued
from interlock.research.space import space_of
from interlock.research.sweep import Stage
from interlock.research.tpe import Tpe
from tests.rooms.research.toy import MANIFEST, Cross, ToyMaker, series

SPACES = {"cross": space_of(Cross(), ["fast", "slow"])}
GOAL = Goal("sharpe")


def search(name: str) -> Search:
    if name == "grid":
        return Grid(SPACES)
    return Random(SPACES, 1, 60) if name == "random" else Tpe(SPACES, 1, 48, GOAL)


def main(path: Path, name: str, rest_s: float, processes: int) -> None:
    chosen = search(name)
    crew = Processes(ToyMaker(rest_s), series(), path.with_suffix(".bars"), processes)
    try:
        with continued(path, MANIFEST) as study:
            Stage(study, EXACT, GOAL, chosen.expected, lambda _: None).run(chosen, crew)
    finally:
        crew.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], float(sys.argv[3]), int(sys.argv[4]))
