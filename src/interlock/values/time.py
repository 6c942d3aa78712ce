"""An instant of business time: whole microseconds since 1970, UTC. It is passed in, never asked for here."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Self, overload

from typing_extensions import override

_MICROSECOND = timedelta(microseconds=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, order=True)
class Instant:
    """A point in time, in microseconds UTC."""

    micros: int

    @classmethod
    def of_ms(cls, milliseconds: int) -> Self:
        """The instant so many milliseconds after 1970."""
        return cls(milliseconds * 1000)

    @classmethod
    def of_iso(cls, text: str) -> Self:
        """The instant that an ISO 8601 text names; a text without a zone is UTC."""
        moment = datetime.fromisoformat(text)
        aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return cls((aware - _EPOCH) // _MICROSECOND)

    @property
    def ms(self) -> int:
        """Milliseconds since 1970, rounded down."""
        return self.micros // 1000

    def __add__(self, span: timedelta) -> Self:
        return type(self)(self.micros + span // _MICROSECOND)

    @overload
    def __sub__(self, other: "Instant") -> timedelta: ...
    @overload
    def __sub__(self, other: timedelta) -> "Instant": ...
    def __sub__(self, other: "Instant | timedelta") -> "timedelta | Instant":
        if isinstance(other, Instant):
            return timedelta(microseconds=self.micros - other.micros)
        return Instant(self.micros - other // _MICROSECOND)

    def floor(self, span: timedelta) -> Self:
        """The last multiple of `span` since 1970 that is not after this instant."""
        step = span // _MICROSECOND
        return type(self)(self.micros - self.micros % step)

    def day(self) -> str:
        """The UTC calendar day, as YYYY-MM-DD."""
        return self.iso()[:10]

    def iso(self) -> str:
        """ISO 8601 with microseconds and +00:00."""
        moment = _EPOCH + timedelta(microseconds=self.micros)
        return moment.isoformat(timespec="microseconds")

    @override
    def __str__(self) -> str:
        return self.iso()


def is_within(at: Instant, now: Instant, span: timedelta) -> bool:
    """Whether it is less than `span` ago. What our clock dates in the future was dated by a clock that has been set back: long ago."""
    return timedelta() <= now - at < span
