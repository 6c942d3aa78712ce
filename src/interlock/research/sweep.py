"""A sweep: candidates of a search, evaluated by a crew, kept in a study. What is kept is not evaluated again."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from interlock.research.candidates import Candidate, Goal, Result, Search
from interlock.research.pool import CHUNK_MAX, Crew, evaluated
from interlock.research.results import Row, Study


@dataclass(slots=True)
class Progress:
    """How far a stage is: of `expected` at most, `kept` were there before, `done` were evaluated, `failed` of both have no figures."""

    stage: str
    expected: int
    kept: int = 0
    done: int = 0
    failed: int = 0
    seconds: float = 0.0
    best: float | None = None
    best_params: str = ""

    @property
    def rate(self) -> float:
        """Candidates a second."""
        return self.done / max(self.seconds, 1e-6)


Tell = Callable[[Progress], None]


class Stage:
    """One stage of a study at work: nothing is evaluated that the study has, or that was handed out before."""

    def __init__(self, study: Study, name: str, goal: Goal, expected: int, tell: Tell) -> None:
        self._study: Final = study
        self._goal: Final = goal
        self._tell: Final = tell
        self._kept: Final[set[tuple[str, str]]] = set()
        self._began: Final = time.monotonic()
        self.progress: Final = Progress(name, expected)
        for row in study.rows(name):
            self.progress.kept += 1
            self._count(row)

    def run(self, search: Search, crew: Crew) -> Progress:
        """Evaluates everything that the search asks for."""
        self._tell(self.progress)
        for batch in search.batches():
            if search.learns:
                self._learn(search, list(batch), crew)
            else:
                self._evaluate(batch, crew)
        return self.progress

    def _learn(self, search: Search, batch: Sequence[Candidate], crew: Crew) -> None:
        """A round is small: it goes out one by one, and its results are read back from where they are kept."""
        self._evaluate(batch, crew, 1)
        search.hear([self._study.result(self.progress.stage, each) for each in batch])

    def _evaluate(self, batch: Iterable[Candidate], crew: Crew, chunk_max: int = CHUNK_MAX) -> None:
        for results in evaluated(crew, self._fresh(batch), chunk_max):
            self._keep(results)

    def _fresh(self, batch: Iterable[Candidate]) -> Iterator[Candidate]:
        """What is neither kept nor handed out yet."""
        for each in batch:
            if each.key not in self._kept:
                self._kept.add(each.key)
                yield each

    def _keep(self, results: list[Result]) -> None:
        for row in self._study.keep(self.progress.stage, results):
            self.progress.done += 1
            self._count(row)
        self.progress.seconds = time.monotonic() - self._began
        self._tell(self.progress)

    def _count(self, row: Row) -> None:
        self._kept.add((row.subject, row.params))
        told = self.progress
        told.failed += bool(row.failure)
        value = self._goal.of(row.figures)
        if value is not None and (told.best is None or value > told.best):
            told.best, told.best_params = value, row.params
