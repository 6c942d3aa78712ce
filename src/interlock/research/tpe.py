"""A search that learns: Optuna's TPE, asked and told in rounds. It keeps nothing; what is known lies in our own study.

A round is asked before any of it is told, so what is asked depends on the seed and on the results alone, never on who was done first. A
sweep that goes on after a kill asks the same questions again and gets the answers that were kept.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import ClassVar, Final

import optuna
from optuna.distributions import BaseDistribution, IntDistribution
from optuna.trial import Trial, TrialState

from interlock.research.candidates import Candidate, Goal, Result, Spaces
from interlock.research.space import Space

ROUND: Final = 8


class Tpe:
    """So many questions about each subject, in rounds; every axis is asked for as the place of a value on it."""

    learns: ClassVar[bool] = True

    def __init__(self, spaces: Spaces, seed: int, count: int, goal: Goal) -> None:
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        self._spaces: Final = spaces
        self._count: Final = count
        self._goal: Final = goal
        self._studies: Final = {subject: _study(seed) for subject in spaces}
        self._asked: list[tuple[Trial, Candidate]] = []

    @property
    def expected(self) -> int:
        """How many at most: a point that is asked for again is not tried again."""
        return self._count * len(self._spaces)

    def batches(self) -> Iterator[Iterable[Candidate]]:
        """Round after round."""
        for first in range(0, self._count, ROUND):
            self._asked = [
                self._ask(place, subject)
                for place in range(first, min(first + ROUND, self._count))
                for subject in self._spaces
            ]
            yield [each for _, each in self._asked if self._holds(each)]

    def hear(self, results: Sequence[Result]) -> None:
        """What holds and has the figure is told; the rest is told to be worse than all of that."""
        found = {each.candidate.key: self._goal.of(each.metrics) for each in results}
        for trial, candidate in self._asked:
            study, value = self._studies[candidate.subject], found.get(candidate.key)
            if value is None:
                study.tell(trial, state=TrialState.PRUNED)
            else:
                study.tell(trial, value)

    def _ask(self, place: int, subject: str) -> tuple[Trial, Candidate]:
        space = self._spaces[subject]
        trial = self._studies[subject].ask(_distributions(space))
        params = {axis.name: axis.at(trial.params[axis.name]) for axis in space.axes}
        number = place * len(self._spaces) + list(self._spaces).index(subject)
        return trial, Candidate(number, subject, params)

    def _holds(self, candidate: Candidate) -> bool:
        return self._spaces[candidate.subject].holds(candidate.params)


def _study(seed: int) -> optuna.Study:
    sampler = optuna.samplers.TPESampler(seed=seed, constant_liar=True)
    return optuna.create_study(direction="maximize", sampler=sampler)


def _distributions(space: Space) -> dict[str, BaseDistribution]:
    return {axis.name: IntDistribution(0, len(axis) - 1) for axis in space.axes}
