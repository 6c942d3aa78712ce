"""What holds on the market of one symbol beyond its recording: halted, delisted, data that stand still, and how thin it is.

A halt stops trading and what is seen of it; frozen data stop only what is seen, while trading goes on.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from interlock.values import Instant

Ladder = tuple[tuple[int, Decimal], ...]
"""Levels as ticks away from the best, and base there."""


@dataclass(frozen=True, slots=True)
class Conditions:
    """`halted` and `frozen` say since when, None that it is not; a halt that nobody can end is a delisting. None elsewhere: as configured.

    `depth` and `volume_share` are what the best level holds, `ladder` gives several, `half_spread` is a fraction of the price.
    """

    halted: Instant | None = None
    frozen: Instant | None = None
    delisted: bool = False
    depth: Decimal | None = None
    volume_share: Decimal | None = None
    half_spread: Decimal | None = None
    ladder: Ladder | None = None

    @property
    def is_open(self) -> bool:
        """Whether it is traded."""
        return self.halted is None

    @property
    def is_still(self) -> bool:
        """Whether nothing new is seen of it."""
        return self.halted is not None or self.frozen is not None

    def traded(self, now: Instant) -> Instant:
        """As of when it is traded."""
        return now if self.halted is None else min(now, self.halted)

    def seen(self, now: Instant) -> Instant:
        """As of when it is seen."""
        return min(each for each in (now, self.halted, self.frozen) if each is not None)

    def ladder_over(self, configured: Ladder | None) -> Ladder | None:
        """The levels that hold: a single best one that was said for now takes the place of configured levels."""
        if self.depth is not None or self.volume_share is not None:
            return self.ladder
        return configured if self.ladder is None else self.ladder


USUAL: Final = Conditions()
