"""Candidates: which points of which spaces are tried, in which order. The n-th is a function of the spaces, the seed and n alone.

A search hands out batches; between two of them every result of the first is known. A grid and a random draw are one batch; only a search
that learns makes more.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import ClassVar, Final, Protocol

from interlock.errors import BadInput
from interlock.research.space import Params, Space, text_of

ROUNDS: Final = 4
# So many draws in a row that do not hold say that hardly any does.
MISSES_MAX: Final = 10_000

Spaces = Mapping[str, Space]
"""What is searched, by the name of its subject: a strategy on some symbols over some bars."""
Metrics = Mapping[str, float | int | str | None]
"""The figures of one evaluation; None where a figure is not known."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """One strategy to be tried: parameters of a subject, and their number in the search."""

    number: int
    subject: str
    params: Params = field(hash=False)

    @property
    def key(self) -> tuple[str, str]:
        """What makes it another candidate than others, whatever its number."""
        return self.subject, text_of(self.params)


@dataclass(frozen=True, slots=True)
class Result:
    """What a candidate came to: its figures, or the one line that says why there are none."""

    candidate: Candidate
    metrics: Metrics
    failure: str
    elapsed_s: float


@dataclass(frozen=True, slots=True)
class Goal:
    """The figure that is searched for, and whether less of it is better: `sharpe`, `-max_drawdown_pct`."""

    metric: str

    def of(self, metrics: Metrics) -> float | None:
        """How good it is, more being better; None when the figure is not known."""
        found = metrics.get(self.metric.removeprefix("-"))
        if isinstance(found, bool) or not isinstance(found, int | float):
            return None
        return -float(found) if self.metric.startswith("-") else float(found)


class Search(Protocol):
    """What is tried, and what is learnt of it: only a search that `learns` is told."""

    learns: ClassVar[bool]

    def batches(self) -> Iterator[Iterable[Candidate]]:
        """Batches of candidates; the next is asked for when all results of the last were heard."""

    def hear(self, results: Sequence[Result]) -> None:
        """The results of a batch, in the order of its candidates."""

    @property
    def expected(self) -> int:
        """How many candidates at most."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """Candidates that somebody chose."""

    learns: ClassVar[bool] = False
    candidates: Sequence[Candidate]

    def batches(self) -> Iterator[Iterable[Candidate]]:
        """All of them."""
        yield self.candidates

    def hear(self, results: Sequence[Result]) -> None:
        """It learns nothing."""

    @property
    def expected(self) -> int:
        """How many they are."""
        return len(self.candidates)


@dataclass(frozen=True, slots=True)
class Grid:
    """Every point that holds, subject by subject; a number is a place in the whole grid."""

    learns: ClassVar[bool] = False
    spaces: Spaces

    def batches(self) -> Iterator[Iterable[Candidate]]:
        """All of it."""
        yield self._candidates()

    def hear(self, results: Sequence[Result]) -> None:
        """It learns nothing."""

    @property
    def expected(self) -> int:
        """The size of the grid, points that do not hold among them."""
        return sum(space.size for space in self.spaces.values())

    def _candidates(self) -> Iterator[Candidate]:
        first = 0
        for subject, space in self.spaces.items():
            for place in range(space.size):
                params = space.point(place)
                if space.holds(params):
                    yield Candidate(first + place, subject, params)
            first += space.size


@dataclass(frozen=True, slots=True)
class Random:
    """So many points of each subject that hold, none twice: the space in an order that the seed shuffles."""

    learns: ClassVar[bool] = False
    spaces: Spaces
    seed: int
    count: int

    def batches(self) -> Iterator[Iterable[Candidate]]:
        """All of it."""
        yield self._candidates()

    def hear(self, results: Sequence[Result]) -> None:
        """It learns nothing."""

    @property
    def expected(self) -> int:
        """How many at most."""
        return sum(min(self.count, space.size) for space in self.spaces.values())

    def _candidates(self) -> Iterator[Candidate]:
        """The subjects in turn, so that each is as far as the others when somebody stops it."""
        turns = [
            (n, subject, islice(drawn(space, self.seed), self.count))
            for n, (subject, space) in enumerate(self.spaces.items())
        ]
        while turns:
            for turn in tuple(turns):
                n, subject, points = turn
                found = next(points, None)
                if found is None:
                    turns.remove(turn)
                else:
                    place, params = found
                    yield Candidate(place * len(self.spaces) + n, subject, params)


def drawn(space: Space, seed: int) -> Iterator[tuple[int, Params]]:
    """Every point that holds, in the order of this seed, with the number of its draw."""
    missed = 0
    for draw in range(space.size):
        params = space.point(shuffled(draw, space.size, seed))
        if space.holds(params):
            missed = 0
            yield draw, params
        else:
            missed += 1
            if missed == MISSES_MAX:
                text = f"Of {missed} points in a row none holds: narrow the bounds or loosen {space.where!r}."
                raise BadInput(text)


def shuffled(place: int, size: int, seed: int) -> int:
    """Where a place goes when `size` places are shuffled: a Feistel network, walked until it ends inside the range."""
    half = max(1, ((size - 1).bit_length() + 1) // 2)
    mask = (1 << half) - 1
    while True:
        left, right = place >> half, place & mask
        for turn in range(ROUNDS):
            digest = hashlib.sha256(f"{seed}:{turn}:{right}".encode()).digest()
            left, right = right, left ^ (int.from_bytes(digest) & mask)
        place = left << half | right
        if place < size:
            return place
