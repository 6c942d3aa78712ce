"""Every seam call and every commit of a scenario is a place to die: one run per place, each judged by the exchange's own books."""

import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import structlog

from tests.rehearsal.scenario import Script, stage, violations


@dataclass(frozen=True, slots=True)
class Death:
    """One run that died at seam `point`, what that seam was, and what was wrong afterwards."""

    point: int
    seam: str
    lives: int
    violations: tuple[str, ...]


def quietly() -> None:
    """The platform's log lines are not what a rehearsal is about."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))


def points(script: Script) -> tuple[str, ...]:
    """The seams of an undisturbed run, in order."""
    world = stage(script)
    world.run()
    return tuple(world.seams.names)


def die_at(script: Script, seams: tuple[str, ...], numbers: Iterable[int]) -> Iterator[Death]:
    """One run per number; a run that does not die where it was told to is a violation too."""
    for number in numbers:
        world = stage(script, crashes=frozenset({number}))
        world.run()
        wrong = violations(world)
        if world.lives != 2:
            wrong.append(f"it lived {world.lives} times")
        yield Death(number, seams[number], world.lives, tuple(wrong))
