"""How figures are written for the eye: money, prices, ages, times. What is not known is a dash, never a zero."""

from decimal import Decimal
from typing import Final

DASH: Final = "–"  # noqa: RUF001 (an en dash is meant)
MINUTE: Final = 60
HOUR: Final = 3600
DAY: Final = 86400

Figure = Decimal | int | float | None


def money(amount: Figure, *, sign: bool = False) -> str:
    """Dollars with two places and thousands."""
    if amount is None:
        return DASH
    cents = round(Decimal(amount), 2)
    return f"{_sign(cents, plus=sign)}${abs(cents):,.2f}"


def percent(amount: Figure) -> str:
    """Percent with two places and its sign."""
    return DASH if amount is None else f"{_sign(amount, plus=True)}{abs(amount):.2f} %"


def price(rate: Figure) -> str:
    """A price with as many places as its size calls for."""
    if rate is None:
        return DASH
    places = 2 if rate >= 100 else 4 if rate >= 1 else 6  # noqa: PLR2004 (where the eye wants more places)
    return f"{rate:,.{places}f}"


def size(quantity: Figure) -> str:
    """A quantity without trailing zeros."""
    if quantity is None:
        return DASH
    text = f"{Decimal(quantity):,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def age(seconds: Figure) -> str:
    """How long ago, in the largest unit that fits."""
    if seconds is None:
        return "never"
    whole = float(seconds)
    if whole < MINUTE:
        return f"{whole:.0f} s"
    if whole < HOUR:
        return f"{whole / MINUTE:.0f} min"
    return f"{whole / HOUR:.1f} h" if whole < DAY else f"{whole / DAY:.1f} d"


def clock(iso: str | None) -> str:
    """Day, hour and minute, UTC."""
    return f"{iso[:10]} {iso[11:16]}" if iso else DASH


def moment(iso: str) -> str:
    """Month, day, hour and minute, UTC."""
    return clock(iso)[5:]


def tone(amount: Figure) -> str:
    """Whether a figure is a gain, a loss, or neither."""
    if not amount:
        return "quiet"
    return "good" if amount > 0 else "bad"


def _sign(amount: Decimal | float, *, plus: bool) -> str:
    if amount < 0:
        return "−"  # noqa: RUF001 (a minus sign is meant)
    return "+" if plus and amount > 0 else ""
