"""What a strategy is: a frozen dataclass of parameters with one method from bars to columns. The presets are strategies like any other.

A strategy is a function of closed bars and of its own fields: it knows no account, no position and no clock. Live and research ask
the same method, and what it says of a bar may not depend on later ones.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field, fields, replace
from datetime import timedelta
from decimal import Decimal
from typing import Any, Final, Protocol

from interlock.errors import BadInput
from interlock.market import Window
from interlock.strategy.bars import Bars
from interlock.strategy.columns import Columns
from interlock.strategy.manage import Answer, Held, Hold, Moment

HOUR: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class AtrStop:
    """A stop at so many times ATR(14); `fallback_pct` of the price where the ATR is unknown, None for the mode's own."""

    multiple: Decimal
    fallback_pct: Decimal | None


@dataclass(frozen=True, slots=True)
class Percent:
    """A distance in percent of the price."""

    pct: Decimal


@dataclass(frozen=True, slots=True)
class RiskReward:
    """A target at so many times the stop distance, whatever that came from."""

    ratio: Decimal


Stop = AtrStop | Percent
Target = RiskReward | Percent


class Declares(Protocol):
    """What whoever trades on a strategy must know of it without running it."""

    @property
    def name(self) -> str:
        """What a person chooses."""

    @property
    def key(self) -> str:
        """What is stored with its signals."""

    @property
    def timeframe(self) -> timedelta:
        """The span of its bars."""

    @property
    def bars_needed(self) -> int:
        """The least number of bars that a BUY needs."""

    @property
    def stop(self) -> Stop | None:
        """Where a lot is stopped; None leaves it to the watchlist row."""

    @property
    def target(self) -> Target | None:
        """Where a lot is taken; None leaves it to the watchlist row."""

    @property
    def price_change_pct_min(self) -> Decimal:
        """The move after which a signal of one side speaks again."""

    @property
    def manages(self) -> bool:
        """Whether it has a word about lots that are open."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """What a strategy that runs elsewhere declares of itself."""

    name: str
    key: str
    timeframe: timedelta
    bars_needed: int
    stop: Stop | None
    target: Target | None
    price_change_pct_min: Decimal
    manages: bool


@dataclass(frozen=True, slots=True)
class Range:
    """What a parameter may be, and the step in which a sweep walks through it."""

    low: float
    high: float
    step: float


def param(default: Any, low: float, high: float, step: float = 1) -> Any:  # noqa: ANN401 - a field of any number's type, as `dataclasses.field` is
    """A field of a strategy that a sweep may change: its default, its bounds and its step."""
    return field(default=default, metadata={"range": Range(low, high, step)})


def swept(low: float, high: float, step: float = 1) -> Any:  # noqa: ANN401 - likewise
    """The same for a field without a default."""
    return field(metadata={"range": Range(low, high, step)})


@dataclass(frozen=True, slots=True, kw_only=True)
class Strategy(ABC):
    """The base of every strategy. `name` is what a person chooses, `key` what is stored with its signals: the name, if nothing else.

    `stop` and `target` are declared here, because protection is part of an
    entry; None leaves them to the watchlist row. A signal of one side speaks again after a move of `price_change_pct_min`.
    """

    name: str
    key: str = ""
    timeframe: timedelta = HOUR
    stop: Stop | None = None
    target: Target | None = None
    price_change_pct_min: Decimal = Decimal(1)

    def __post_init__(self) -> None:
        if not self.key:
            object.__setattr__(self, "key", self.name)
        for name, allowed in self.ranges().items():
            value = getattr(self, name)
            if not allowed.low <= value <= allowed.high:
                text = (
                    f"{self.name}: {name} is {value}, not in {allowed.low:g} to {allowed.high:g}."
                )
                raise BadInput(text)

    @property
    def bars_needed(self) -> int:
        """The least number of bars that a BUY needs (warm-up)."""
        return 50

    @property
    def says(self) -> str:
        """What it does, in one line: the first of its docstring, if nothing else."""
        return (type(self).__doc__ or "").strip().split("\n", maxsplit=1)[0]

    @property
    def manages(self) -> bool:
        """Whether it has a word about lots that are open: their stops then stand alone, so that they can be raised."""
        return type(self).manage is not Strategy.manage

    def manage(self, standing: Held, bar: Moment) -> Answer:  # noqa: ARG002 - what a strategy that has a word looks at
        """What becomes of an open lot at a bar that has closed: `Hold()`, `Exit(why)` or `MoveStop(level, why)`."""
        return Hold()

    @abstractmethod
    def rules(self, bars: Bars) -> Columns:
        """The conditions of a BUY and of a SELL at every bar, and the columns that are worth keeping with a signal."""

    def columns(self, window: Window | Bars) -> Columns:
        """The columns over a whole window; bars that were made before keep what was computed of them.

        EMA10, MA50 and ATR(14) are always among the shown: an entry is judged by whether they are known, and a stop may need them.
        """
        bars = window if isinstance(window, Bars) else Bars(window)
        said = self.rules(bars)
        if len(said) != len(bars):
            raise BadInput(f"{self.name} has {len(said)} values for {len(bars)} bars.")
        always = {"ema10": bars.ema(10), "ma50": bars.sma(50), "atr": bars.atr()}
        if always.keys() <= said.shown.keys():
            return said
        return replace(said, shown={**always, **said.shown})

    @classmethod
    def ranges(cls) -> dict[str, Range]:
        """The parameters that a sweep may change, by name."""
        return {f.name: f.metadata["range"] for f in fields(cls) if "range" in f.metadata}


def declared(strategy: Declares) -> Declared:
    """What the strategy declares of itself, without the strategy."""
    return Declared(**{f.name: getattr(strategy, f.name) for f in fields(Declared)})
