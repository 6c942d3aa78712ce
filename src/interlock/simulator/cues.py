"""What waits for something to be seen: the nth accepted order, execution, or request of a method. Each is taken up once."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

ACCEPT: Final = "accept"
FILL: Final = "fill"


@dataclass(frozen=True, slots=True)
class Cue:
    """The nth accepted order, execution, or request of a method (`what` names it), and so long after it."""

    what: str
    nth: int
    after: timedelta


class Cues:
    """Everything that still waits."""

    def __init__(self) -> None:
        self._waiting: Final[list[tuple[Cue, Callable[[], object]]]] = []

    def put(self, cue: Cue, act: Callable[[], object]) -> None:
        """Does this at its cue."""
        self._waiting.append((cue, act))

    @property
    def are_left(self) -> bool:
        """Whether anything still waits."""
        return bool(self._waiting)

    def reached(self, counts: Mapping[str, int]) -> list[tuple[Cue, Callable[[], object]]]:
        """What waited for no more than has been seen; it waits no more."""
        reached = [each for each in self._waiting if counts.get(each[0].what, 0) >= each[0].nth]
        for each in reached:
            self._waiting.remove(each)
        return reached
