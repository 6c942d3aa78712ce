"""Numbered seams: every call of one is a place to die, and their order is the trace of a run."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field

from interlock.rehearsal.loop import Crash


@dataclass(slots=True)
class Cue:
    """What is done when a seam of this name is passed for the `left`th time from now on."""

    name: str
    left: int
    act: Callable[[], None]


@dataclass(slots=True)
class Seams:
    """Numbers every seam call of all lives, crashes at those in `crashes`, and lets others act at those in `acts`.

    `lifetimes` are by life: after how many seams of its own each of the first ones ends.
    """

    crashes: frozenset[int] = frozenset()
    lifetimes: tuple[int, ...] = ()
    ends_at: int | None = None
    count: int = 0
    is_dead: bool = False
    names: list[str] = field(default_factory=list)
    acts: dict[int, Callable[[], None]] = field(default_factory=dict)
    cues: "list[Cue]" = field(default_factory=list)
    tell: Callable[[int, str], None] | None = None

    @property
    def newest(self) -> str:
        """The seam that was passed last."""
        return self.names[-1] if self.names else ""

    @property
    def trace(self) -> str:
        """The hash of every seam in its order."""
        return hashlib.sha256("\n".join(self.names).encode()).hexdigest()

    def begin(self, life: int) -> None:
        """A life begins; they count from 1."""
        self.is_dead = False
        known = self.lifetimes[life - 1 : life]
        self.ends_at = self.count + known[0] if known else None

    def heal(self) -> None:
        """Nobody dies any more."""
        self.lifetimes, self.ends_at, self.crashes = (), None, frozenset()
        self.cues.clear()

    def point(self, name: str) -> None:
        """One crash point. A dead life passes none."""
        if self.is_dead:
            raise Crash(name)
        self.names.append(name)
        number = self.count
        if self.tell is not None:
            self.tell(number, name)
        self.count += 1
        if number in self.acts:
            self.acts[number]()
        if self.cues:
            self._take_cues(name)
        if number in self.crashes or number == self.ends_at:
            self.is_dead = True
            raise Crash(name)

    def _take_cues(self, name: str) -> None:
        """Does what waited for this; it may be that nobody lives after it."""
        waiting = [cue for cue in self.cues if cue.name == name]
        for cue in waiting:
            cue.left -= 1
            if not cue.left:
                self.cues.remove(cue)
                cue.act()
        if self.is_dead:
            raise Crash(name)
