"""What a strategy may do about a lot that is open, asked once per closed bar: hold it, leave it, or raise its stop. It never adds risk.

Live and research ask the same method with the same values: the lot as it stands, and the bar with what the strategy shows of it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from interlock.market import Window
from interlock.values import Instant, Unknown


@dataclass(frozen=True, slots=True)
class Held:
    """One open lot: prices in quote per base, the quantity in base. `stop` and `target` are where it is stopped and taken now."""

    symbol: str
    opened_at: Instant
    average: Decimal
    remaining: Decimal
    stop: Decimal | None
    target: Decimal | None


@dataclass(frozen=True, slots=True)
class Moment:
    """One closed bar, prices in quote per base, and the columns that the strategy shows, by name: a number, or why there is none."""

    opens: Instant
    ends: Instant
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    values: Mapping[str, float | Unknown]


@dataclass(frozen=True, slots=True)
class Hold:
    """The lot stays as it is."""


@dataclass(frozen=True, slots=True)
class Exit:
    """The lot is sold, and why."""

    why: str


@dataclass(frozen=True, slots=True)
class MoveStop:
    """The stop stands at this level (quote per base) from now on, and why. A stop is never lowered."""

    level: Decimal
    why: str


Answer = Hold | Exit | MoveStop


def moment_at(values: Mapping[str, float | Unknown], window: Window, i: int) -> Moment:
    """The bar at one place of a window with the values that are shown of it."""
    opens = Instant.of_ms(int(window.opens_ms[i]))
    return Moment(
        opens=opens,
        ends=opens + window.span,
        open=_exact(window.open[i]),
        high=_exact(window.high[i]),
        low=_exact(window.low[i]),
        close=_exact(window.close[i]),
        values=values,
    )


def settled(answer: Answer, held: Held, bar: Moment) -> Answer:
    """What is done about an answer: a stop that is not higher is none, and one that the bar closed at or below sells the lot."""
    if not isinstance(answer, MoveStop):
        return answer
    if not answer.level.is_finite() or answer.level <= (held.stop or 0):
        return Hold()
    return Exit(answer.why) if answer.level >= bar.close else answer


def _exact(price: float) -> Decimal:
    return Decimal(repr(float(price)))
