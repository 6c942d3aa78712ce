"""Numbered seams: every call of one is a place to die, and their order is the trace of a run."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from interlock.rehearsal.loop import Crash


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
    trace: Any = field(default_factory=hashlib.sha256)
    names: list[str] = field(default_factory=list)
    acts: dict[int, Callable[[], None]] = field(default_factory=dict)
    tell: Callable[[int, str], None] | None = None

    def begin(self, life: int) -> None:
        """A life begins; they count from 1."""
        self.is_dead = False
        known = self.lifetimes[life - 1 : life]
        self.ends_at = self.count + known[0] if known else None

    def heal(self) -> None:
        """Nobody dies any more."""
        self.lifetimes, self.ends_at, self.crashes = (), None, frozenset()

    def point(self, name: str) -> None:
        """One crash point. A dead life passes none."""
        if self.is_dead:
            raise Crash(name)
        self.trace.update(f"{self.count}:{name}\n".encode())
        self.names.append(name)
        number = self.count
        if self.tell is not None:
            self.tell(number, name)
        self.count += 1
        if number in self.acts:
            self.acts[number]()
        if number in self.crashes or number == self.ends_at:
            self.is_dead = True
            raise Crash(name)
