"""Whether what was heard is all that happened: off, a gap, or whole. The listener opens and breaks it, the settler alone makes it whole.

A gap lasts from the last moment that is known to be whole until the exchange was asked, by REST, about everything since. What is heard
may end an order, for it is the exchange's own word; what is not heard proves nothing.
"""

from dataclasses import dataclass
from typing import Final

from interlock.orders.evidence import Ear, Listening
from interlock.ports import Books
from interlock.values import Instant

UNASKED: Final = "listening; what happened before is being asked for"


@dataclass(slots=True)
class Hearing:
    """How the user stream stands. `number` counts the gaps, so that what was asked during one closes no later one."""

    books: Books
    epoch: int
    ear: Ear = Ear.OFF
    number: int = 0
    is_open: bool = False
    is_wallet_due: bool = True
    whole_to: Instant = Instant(0)

    @property
    def is_whole(self) -> bool:
        """Whether all that happened was heard, so that less need be asked."""
        return self.ear is Ear.WHOLE

    def broke(self, why: str, now: Instant, *, is_open: bool) -> None:
        """Something may not have been heard. Asking about it makes sense once the line is open."""
        self.number += 1
        self.is_open = is_open
        self._stand(Ear.GAP, now, why)

    def opened(self, now: Instant) -> None:
        """From now on all is heard; what came before is still to be asked for."""
        self.is_open = True
        self._stand(Ear.GAP, now, UNASKED)

    def asked(self, number: int, since: Instant) -> None:
        """Everything was asked for, from before `since` on, while the line was open: whole, unless it broke meanwhile."""
        if self.is_open and number == self.number and self.ear is Ear.GAP:
            self.whole_to = since
            self._stand(Ear.WHOLE, since, "")

    def proven(self, asked_at: Instant) -> None:
        """All that happened before `asked_at` was heard and is booked."""
        if self.is_whole:
            self.whole_to = max(self.whole_to, asked_at)

    def _stand(self, ear: Ear, now: Instant, why: str) -> None:
        self.ear = ear
        self.books.listening(Listening(ear, now, self.epoch, why))
