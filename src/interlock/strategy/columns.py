"""Columns: one value per bar, unknown where a data rule says so, and the conditions that a strategy makes of them.

A condition is an array of booleans over all bars and a sentence that is made for one bar when somebody asks. What needs an unknown
value is false. Nothing here looks ahead: a value at a bar is that of the bar itself or of an earlier one.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from interlock.errors import BadInput
from interlock.strategy.say import say
from interlock.strategy.talib import Series
from interlock.values import Unknown

Holds = NDArray[np.bool_]
Places = NDArray[np.int64]
Because = Callable[[int], str]
Why = Callable[[int], Unknown]

TOO_FEW_BARS: Final = Unknown("TOO_FEW_BARS")
GAP: Final = Unknown("GAP")
NO_MOVEMENT: Final = Unknown("NO_MOVEMENT")
BAD_DATA: Final = Unknown("BAD_DATA")


@dataclass(frozen=True, slots=True, eq=False)
class Flaws:
    """At which bars every value is unknown: a number that cannot be (`bad`, graver), or missing bars (`gap`). None: nowhere."""

    bad: Holds | None = None
    gap: Holds | None = None

    def at(self, place: int) -> Unknown | None:
        """What makes the values of one bar unknown."""
        if self.bad is not None and self.bad[place]:
            return BAD_DATA
        return GAP if self.gap is not None and self.gap[place] else None

    def hide(self, values: Series) -> Series:
        """The values, none of them where a flaw is."""
        for flaw in (self.bad, self.gap):
            if flaw is not None:
                values = np.where(flaw, np.nan, values)
        return values


@dataclass(frozen=True, slots=True, eq=False)
class Coarse:
    """Coarser bars as they were known at each finer one: `onto` is the place of the newest that had closed, -1 for none."""

    onto: Places
    flaws: Flaws

    def spread(self, values: Series) -> Series:
        """The values of coarse bars at every finer bar."""
        if not len(values):
            return np.full(len(self.onto), np.nan)
        return np.where(self.onto >= 0, values[self.onto], np.nan)


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """One number per bar, float64, NaN where it is unknown. `values` are what a strategy sees; `at` says why there is none.

    `own` are the values in the bars they were computed of, with the `flaws` of the bars that are asked; `short` says why a place of
    `own` has no number.
    """

    name: str
    own: Series
    flaws: Flaws = Flaws()
    short: Why = lambda _: NO_MOVEMENT
    coarse: Coarse | None = None
    values: Series = field(init=False)

    def __post_init__(self) -> None:
        values = self.own
        if self.coarse is not None:
            values = self.coarse.spread(self.coarse.flaws.hide(values))
        object.__setattr__(self, "values", self.flaws.hide(values))

    def at(self, i: int) -> float | Unknown:
        """The value at one bar, or why there is none."""
        number = float(self.values[i])
        return number if math.isfinite(number) else self._why(i)

    def named(self, name: str) -> "Column":
        """The same values under another name."""
        return replace(self, name=name)

    def earlier(self, bars: int) -> "Column":
        """The values so many of their own bars before; whether they are known is asked at the later bar."""
        if bars < 1:
            raise BadInput(f"{bars} bars earlier is not earlier.")
        own = np.full(len(self.own), np.nan)
        own[bars:] = self.own[:-bars]
        name = f"{self.name} {'one bar' if bars == 1 else f'{bars} bars'} earlier"
        return replace(self, name=name, own=own, short=_later(self.short, bars))

    # -- conditions

    def below(self, other: "float | Column", name: str = "") -> "Condition":
        """Strictly below a level or another column."""
        return self._beside(other, "below", np.less, name)

    def above(self, other: "float | Column", name: str = "") -> "Condition":
        """Strictly above a level or another column."""
        return self._beside(other, "above", np.greater, name)

    def at_least(self, level: float, what: str, name: str = "") -> "Condition":
        """Not below a level; `what` says what the number is, between the name and the level."""
        holds = self.values >= level

        def because(i: int) -> str:
            here = self.at(i)
            if isinstance(here, Unknown):
                return not_known(self.name, here)
            return f"{self.name} is {say(here)} {what}, {_not(holds[i])}at least {level:g}."

        return Condition(name or self.name, holds, because)

    def crosses_up(self, other: "float | Column", name: str = "") -> "Condition":
        """Above now, and not above one bar before."""
        return self._crosses(other, "up", name)

    def crosses_down(self, other: "float | Column", name: str = "") -> "Condition":
        """Below now, and not below one bar before."""
        return self._crosses(other, "down", name)

    def rises(self, times: int, name: str = "") -> "Condition":
        """Each of the last `times` bars stands above the one before it."""
        steps = [self.earlier(back) for back in range(times, 0, -1)] + [self]
        rising = [one.values < other.values for one, other in pairwise(steps)]
        holds = np.logical_and.reduce(rising)
        count = {1: "one bar", 2: "two bars", 3: "three bars"}.get(times, f"{times} bars")

        def because(i: int) -> str:
            seen = [each.at(i) for each in steps]
            told = ", ".join(each.why if isinstance(each, Unknown) else say(each) for each in seen)
            rose = "rose" if holds[i] else "did not rise"
            return f"{self.name} {rose} {count} in a row: {told}."

        return Condition(name or self.name, holds, because)

    def _beside(
        self,
        other: "float | Column",
        word: str,
        compare: Callable[[Series, "Series | float"], Holds],
        name: str,
    ) -> "Condition":
        holds = compare(self.values, _values(other))

        def because(i: int) -> str:
            here, there = self.at(i), other.at(i) if isinstance(other, Column) else other
            if isinstance(here, Unknown):
                return not_known(self.name, here)
            if isinstance(other, Column) and isinstance(there, Unknown):
                return not_known(other.name, there)
            return f"{self.name} {say(here)} is {_not(holds[i])}{word} {_told(other, i)}."

        return Condition(name or self.name, holds, because)

    def _crosses(self, other: "float | Column", way: str, name: str) -> "Condition":
        # What is unknown compares as false, on either side.
        is_beyond, was_not = (
            (np.greater, np.less_equal) if way == "up" else (np.less, np.greater_equal)
        )
        before = self.earlier(1)
        limit_before = other.earlier(1) if isinstance(other, Column) else other
        was, now = (before.values, _values(limit_before)), (self.values, _values(other))
        holds = was_not(*was) & is_beyond(*now)

        def because(i: int) -> str:
            for each in (self, other, before, limit_before):
                if isinstance(each, Column) and isinstance(seen := each.at(i), Unknown):
                    return not_known(each.name, seen)
            said = f"crossed {way} through" if holds[i] else f"did not cross {way} through"
            pair = f"{say(float(before.values[i]))}, then {say(float(self.values[i]))}"
            return f"{self.name} {said} {_told(other, i)}: {pair}."

        return Condition(name or self.name, holds, because)

    def _why(self, i: int) -> Unknown:
        flaw, place = self.flaws.at(i), i
        if flaw is None and self.coarse is not None:
            place = int(self.coarse.onto[i])
            if place < 0:
                return TOO_FEW_BARS
            flaw = self.coarse.flaws.at(place)
        return self.short(place) if flaw is None else flaw


@dataclass(frozen=True, slots=True, eq=False)
class Condition:
    """One condition of a rule at every bar: true or false (`holds` None: the strategy does not ask it), and why at one bar."""

    name: str
    holds: Holds | None
    because: Because

    def named(self, name: str) -> "Condition":
        """The same condition under another name."""
        return replace(self, name=name)


def all_of(name: str, *parts: Condition) -> Condition:
    """Holds where all parts do; says all of them."""
    return Condition(
        name, np.logical_and.reduce(_asked(parts)), lambda i: " ".join(p.because(i) for p in parts)
    )


def any_of(name: str, *parts: Condition) -> Condition:
    """Holds where a part does; says those that do, or all when none does."""
    each = _asked(parts)
    holds = np.logical_or.reduce(each)

    def because(i: int) -> str:
        told = [p for p, there in zip(parts, each, strict=True) if there[i] or not holds[i]]
        return " ".join(part.because(i) for part in told)

    return Condition(name, holds, because)


def granted(name: str, bars: int, because: str) -> Condition:
    """A condition that holds everywhere, because nothing is asked that could fail."""
    return Condition(name, np.ones(bars, dtype=np.bool_), lambda _: because)


def not_asked(name: str, because: str) -> Condition:
    """A condition that the strategy could ask and does not."""
    return Condition(name, None, lambda _: because)


@dataclass(frozen=True, slots=True, eq=False)
class Columns:
    """What a strategy says of every bar: the conditions of a BUY and of a SELL, and the columns that a signal keeps and a chart shows.

    `entry`: every buy condition that is asked holds. `exit`: every sell condition that is asked holds, and `entry` does not.
    Without a condition that is asked there is neither. What the owner's row asks besides is `decide`'s.
    """

    buys: tuple[Condition, ...]
    sells: tuple[Condition, ...] = ()
    shown: Mapping[str, Column] = field(default_factory=dict)
    entry: Holds = field(init=False)
    exit: Holds = field(init=False)

    def __post_init__(self) -> None:
        asked = [c.holds for c in self.buys if c.holds is not None]
        if not asked:
            raise BadInput("A strategy that asks no condition of a BUY decides nothing.")
        bars = len(asked[0])
        arrays: list[Holds | Series] = [
            *asked,
            *(c.holds for c in self.sells if c.holds is not None),
        ]
        arrays += [column.values for column in self.shown.values()]
        if any(each.shape != (bars,) for each in arrays):
            raise BadInput("Every column has one value per bar of the window.")
        entry = every(self.buys, bars)
        object.__setattr__(self, "entry", entry)
        object.__setattr__(self, "exit", every(self.sells, bars) & ~entry)

    def __len__(self) -> int:
        return len(self.entry)

    @property
    def values(self) -> Mapping[str, Series]:
        """The shown columns as arrays, by name."""
        return {name: column.values for name, column in self.shown.items()}

    def at(self, i: int) -> Mapping[str, float | Unknown]:
        """The shown values at one bar, as a signal keeps them."""
        return {name: column.at(i) for name, column in self.shown.items()}


def every(conditions: tuple[Condition, ...], bars: int) -> Holds:
    """Where all conditions that are asked hold; nowhere, when none is asked."""
    asked = [c.holds for c in conditions if c.holds is not None]
    return np.logical_and.reduce(asked) if asked else np.zeros(bars, dtype=np.bool_)


def not_known(name: str, why: Unknown) -> str:
    """The sentence of a condition whose value is unknown."""
    return f"{name} is not known ({why.why}): insufficient data."


def _asked(parts: tuple[Condition, ...]) -> list[Holds]:
    asked = [part.holds for part in parts if part.holds is not None]
    if not parts or len(asked) < len(parts):
        raise BadInput("Conditions are joined of conditions that are asked.")
    return asked


def _later(short: Why, bars: int) -> Why:
    return lambda i: short(i - bars) if i >= bars else TOO_FEW_BARS


def _values(other: float | Column) -> Series | float:
    return other.values if isinstance(other, Column) else other


def _told(other: float | Column, i: int) -> str:
    if isinstance(other, Column):
        return f"{other.name} {say(float(other.values[i]))}"
    return f"{other:g}"


def _not(holds: object) -> str:
    return "" if holds else "not "
