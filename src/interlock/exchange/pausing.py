"""After an authentication failure nobody asks again for a minute: dozens of refused requests make it worse, and none makes it better.

A refused question shuts every private method, a refused act only those that act: a key that may only read goes on reading.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from interlock.errors import NotAuthorised
from interlock.values import Instant

PAUSE: Final = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class _Refusal:
    error: NotAuthorised
    until: Instant


@dataclass(slots=True)
class Pausing:
    """What was refused last, of questions and of acts, and until when it stands as the answer to the next."""

    now: Callable[[], Instant]
    _asking: _Refusal | None = field(default=None)
    _acting: _Refusal | None = field(default=None)

    def refused(self, error: NotAuthorised, *, act: bool) -> None:
        """Keeps what the exchange said now."""
        kept = _Refusal(error, self.now() + PAUSE)
        if act:
            self._acting = kept
        else:
            self._asking = kept

    def why_not(self) -> NotAuthorised | None:
        """The refusal that still stands against a question; None when one may be asked."""
        last = self._asking
        return last.error if last is not None and self.now() < last.until else None

    def acts_until(self) -> Instant | None:
        """Until when nothing that acts may leave; None when it may."""
        kept = (each.until for each in (self._asking, self._acting) if each is not None)
        return max((until for until in kept if self.now() < until), default=None)
