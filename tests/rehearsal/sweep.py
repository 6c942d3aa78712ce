"""Every seam call and every commit of a scenario is a place to die: one run per place, each judged by the exchange's own books."""

import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

import structlog

from interlock.rehearsal.judge import violations
from interlock.rehearsal.world import World


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


class Staged(Protocol):
    """What can be played again and again: a script, or a scenario over one."""

    def staged(self, crashes: frozenset[int] = frozenset()) -> World:
        """A world in which it is about to be played, with crashes at these seams."""
        ...


def points(played: Staged) -> tuple[str, ...]:
    """The seams of an undisturbed run, in order."""
    world = played.staged()
    world.run()
    return tuple(world.seams.names)


def die_at(played: Staged, seams: tuple[str, ...], numbers: Iterable[int]) -> Iterator[Death]:
    """One run per number; a run that does not die where it was told to is a violation too."""
    for number in numbers:
        world = played.staged(frozenset({number}))
        world.run()
        wrong = violations(world)
        if world.lives != 2:
            wrong.append(f"it lived {world.lives} times")
        yield Death(number, seams[number], world.lives, tuple(wrong))
