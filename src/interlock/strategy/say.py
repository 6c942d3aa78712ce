"""Numbers as a trader reads them: six significant digits, no exponent, no trailing zeros."""

from decimal import Decimal

from interlock.values import number_text


def say(number: float | Decimal) -> str:
    """The number as text, for a sentence; never for an order."""
    return number_text(Decimal(f"{number:.6g}"))
