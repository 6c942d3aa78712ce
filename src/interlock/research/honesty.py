"""Whether a strategy tells the truth: it looks at no later bar, and what it says does not hang on where its history begins.

A backtest is worth nothing where a value of a bar changes when later bars are known. So the columns of a prefix are held against
those of the whole, at the bars where the strategy speaks, where a look ahead would show, and at others spread over the data.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from interlock.market import Window
from interlock.strategy.columns import Columns, Condition
from interlock.strategy.contract import Strategy
from interlock.values import Instant

SPREAD: Final = 16
SPOKEN: Final = 16
TOLERANCE: Final = 1e-9
HISTORIES: Final = (1, 2, 4)
LIVE: Final = 1800
"""How many closed bars the monitor of a live desk reads (`desk.monitor`)."""
ENDS: Final = 12

Places = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Glimpse:
    """A value that was another when it was decided: at the bar that opened then, without and with the bars after it."""

    what: str
    at: Instant
    alone: str
    later: str


@dataclass(frozen=True, slots=True)
class Lookahead:
    """At how many bars it was looked, and what gave the future away: the first of each column."""

    bars: int
    glimpses: tuple[Glimpse, ...]


@dataclass(frozen=True, slots=True)
class Memory:
    """With so many bars of history and no more, looked at where it speaks and at bars spread over the data.

    `unknown` are the columns that had no value there and have one with all of history; `deviation` is the largest relative one of the
    others, in `column`; at `decided_otherwise` of the bars it decides otherwise.
    """

    history: int
    bars: int
    unknown: tuple[str, ...]
    deviation: float
    column: str
    decided_otherwise: int


def lookahead(strategy: Strategy, window: Window) -> Lookahead:
    """Compares the columns of prefixes with those of the whole window."""
    whole = strategy.columns(window)
    ends = _ends(whole, len(window))
    found: dict[str, Glimpse] = {}
    for end in ends:
        alone = strategy.columns(window.head(int(end) + 1))
        for glimpse in _glimpses(alone, whole, window):
            found.setdefault(glimpse.what, glimpse)
    return Lookahead(len(ends), tuple(found.values()))


def recursion(
    strategy: Strategy, window: Window, histories: Sequence[int] = ()
) -> tuple[Memory, ...]:
    """What differs at some newest bars when no more than so many bars before them are known: a live desk does not know all of them."""
    whole = strategy.columns(window)
    lengths = histories or (*(strategy.bars_needed * each for each in HISTORIES), LIVE)
    fitting = sorted({each for each in lengths if each < len(window)})
    return tuple(_memory(strategy, window, whole, each) for each in fitting)


def _ends(whole: Columns, bars: int) -> Places:
    """The bars at which it is looked: spread over the window, and where it says BUY or SELL."""
    if not bars:
        return np.array([], dtype=np.intp)
    spread = np.linspace(0, bars - 1, min(SPREAD, bars)).astype(np.intp)
    return np.unique(np.concatenate([spread, _some(whole.entry), _some(whole.exit)]))


def _some(spoken: NDArray[np.bool_]) -> Places:
    places = np.flatnonzero(spoken)
    return places[np.linspace(0, len(places) - 1, min(SPOKEN, len(places))).astype(np.intp)]


def _glimpses(alone: Columns, whole: Columns, window: Window) -> Iterator[Glimpse]:
    for what, one, other in _pairs(alone, whole):
        differing = np.flatnonzero(~_equal(one, other[: len(one)]))
        if differing.size:
            place = int(differing[0])
            at = Instant.of_ms(int(window.opens_ms[place]))
            yield Glimpse(what, at, f"{one[place]:g}", f"{other[place]:g}")


def _pairs(
    one: Columns, other: Columns
) -> Iterator[tuple[str, NDArray[np.float64], NDArray[np.float64]]]:
    """What a strategy says in numbers, by name: its columns, its conditions, its decisions; true is 1."""
    for name in one.shown:
        yield name, one.shown[name].values, other.shown[name].values
    for side in ("buys", "sells"):
        mine: tuple[Condition, ...] = getattr(one, side)
        theirs: tuple[Condition, ...] = getattr(other, side)
        for a, b in zip(mine, theirs, strict=True):
            if a.holds is not None and b.holds is not None:
                yield a.name, a.holds.astype(np.float64), b.holds.astype(np.float64)
    yield "BUY", one.entry.astype(np.float64), other.entry.astype(np.float64)
    yield "SELL", one.exit.astype(np.float64), other.exit.astype(np.float64)


def _equal(one: NDArray[np.float64], other: NDArray[np.float64]) -> NDArray[np.bool_]:
    close = np.isclose(one, other, rtol=TOLERANCE, atol=0.0, equal_nan=True)
    return np.asarray(close, dtype=np.bool_)


def _memory(strategy: Strategy, window: Window, whole: Columns, history: int) -> Memory:
    ends = np.unique(np.linspace(history - 1, len(window) - 1, ENDS).astype(np.intp))
    spoken = np.concatenate([_some(whole.entry), _some(whole.exit)])
    ends = np.unique(np.concatenate([ends, spoken[spoken >= history - 1]]))
    worst, name, otherwise, unknown = 0.0, "", 0, set[str]()
    for end in ends:
        part = strategy.columns(window.head(int(end) + 1).tail(history))
        otherwise += _decides(part, -1) != _decides(whole, int(end))
        for column, values in part.shown.items():
            one, other = float(values.values[-1]), float(whole.shown[column].values[end])
            if np.isnan(one) != np.isnan(other):
                unknown.add(column)
            elif one != other and abs(one - other) / max(abs(one), abs(other)) > worst:
                worst, name = abs(one - other) / max(abs(one), abs(other)), column
    return Memory(history, len(ends), tuple(sorted(unknown)), worst, name, otherwise)


def _decides(columns: Columns, place: int) -> tuple[bool, bool]:
    return bool(columns.entry[place]), bool(columns.exit[place])
