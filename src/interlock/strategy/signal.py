"""A signal is what a strategy says of one closed bar, with its because. It depends on closed bars and settings alone."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from interlock.strategy.manage import Answer
from interlock.values import Instant, Unknown, digest


class Decision(StrEnum):
    """What a strategy can say."""

    BUY = "BUY"
    SELL = "SELL"
    WAIT = "WAIT"


@dataclass(frozen=True, slots=True)
class Flag:
    """One condition of a rule: true, false, or None where the preset does not ask it; and the sentence that says why."""

    name: str
    holds: bool | None
    because: str


@dataclass(frozen=True, slots=True)
class Opinion:
    """What a strategy alone says of one bar: its flags for a BUY and for a SELL, and the values that it shows.

    Where it was asked about lots there is an answer for each.
    """

    buys: tuple[Flag, ...]
    sells: tuple[Flag, ...]
    values: Mapping[str, float | Unknown]
    answers: tuple[Answer, ...] = ()


@dataclass(frozen=True, slots=True)
class Signal:
    """The decision about one closed bar. `bar` is its opening, `ends` its end, `close` its close (quote per base).

    `index` is the share of BUY flags that hold, 0 to 100; `values` are the indicators at that bar.
    Distances are in quote per base, frozen here for the lot that an entry would open.
    """

    symbol: str
    strategy: str
    bar: Instant
    ends: Instant
    decision: Decision
    index: int
    close: Decimal
    flags: tuple[Flag, ...]
    values: Mapping[str, float | Unknown]
    stop_distance: Decimal | Unknown
    target_distance: Decimal | Unknown
    stop_source: str = "preset"
    target_source: str = "preset"

    @property
    def id(self) -> str:
        """A function of symbol, strategy and bar: the same bar is never decided twice."""
        return digest(self.symbol, self.strategy, str(self.bar.micros))

    def because(self) -> tuple[str, ...]:
        """The sentences of all flags that were asked."""
        return tuple(flag.because for flag in self.flags if flag.holds is not None)
