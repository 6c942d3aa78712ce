"""What we know, with the time we learnt it; or that we do not know, with the reason. Unknown is never a number."""

from dataclasses import dataclass
from typing import Generic, TypeVar

from interlock.values.time import Instant

T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True, slots=True)
class Known(Generic[T_co]):
    """A fact, as of the instant it was learnt."""

    value: T_co
    as_of: Instant


@dataclass(frozen=True, slots=True)
class Unknown:
    """Not known, and why."""

    why: str

    def __bool__(self) -> bool:
        return False
