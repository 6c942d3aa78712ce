"""The sealer: chains what was written into the journal since it last looked, off the order path, and keeps the head outside the books."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from interlock.evidence.seal import PAGE, Seal
from interlock.ports import Books, Clock
from interlock.values import Instant

LAG: Final = timedelta(seconds=2)
Keep = Callable[[Seal], None]


def nowhere(_: Seal) -> None:
    """No head is kept outside, as in a rehearsal."""


@dataclass(slots=True)
class Sealer:
    """One pass: seals everything that is committed. It looks every second, and where time steps behind each bar."""

    books: Books
    clock: Clock
    keep: Keep
    span: timedelta
    name: str = "sealer"
    backstop: float = 1.0
    _version: int | None = None

    async def once(self) -> Instant:
        """Seals what is there; nothing is asked while nobody wrote."""
        now, version = self.clock.now(), self.books.version()
        if version != self._version:
            seal_all(self.books, now, self.keep)
            self._version = version
        return now.floor(self.span) + self.span + LAG


def seal_all(books: Books, now: Instant, keep: Keep) -> None:
    """Seals until nothing is unsealed, and keeps each head."""
    made = books.seal(now)
    while made is not None:
        keep(made)
        made = books.seal(now) if len(made.rows) >= PAGE else None
