"""Money, price and quantity: decimals that know their unit.

A sum of unlike units raises. Division by zero and results that are not finite raise; nothing is rounded silently:
rounding belongs to the instrument, which says the direction.
"""

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Self

from typing_extensions import override

from interlock.errors import BadInput, UnlikeUnits


def decimal_of(text: object) -> Decimal:
    """The finite decimal that `text` (str, int or Decimal) says; anything else is bad input. Floats are refused."""
    if isinstance(text, bool | float) or not isinstance(text, str | int | Decimal):
        raise BadInput(f"{text!r} is not a decimal number.")
    try:
        number = Decimal(text)
    except InvalidOperation as error:
        raise BadInput(f"{text!r} is not a decimal number.") from error
    if not number.is_finite():
        raise BadInput(f"{text!r} is not a finite number.")
    return number


def number_text(number: Decimal) -> str:
    """The one text of a number: no exponent, no thousands separator, no trailing zeros, no minus zero."""
    if not number:
        return "0"
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


@dataclass(frozen=True, slots=True)
class Money:
    """An amount of one currency; it may be negative."""

    amount: Decimal
    currency: str

    def __add__(self, other: Self) -> Self:
        self._meet(other)
        return type(self)(self.amount + other.amount, self.currency)

    def __sub__(self, other: Self) -> Self:
        self._meet(other)
        return type(self)(self.amount - other.amount, self.currency)

    def __neg__(self) -> Self:
        return type(self)(-self.amount, self.currency)

    def __lt__(self, other: Self) -> bool:
        self._meet(other)
        return self.amount < other.amount

    def __le__(self, other: Self) -> bool:
        self._meet(other)
        return self.amount <= other.amount

    @override
    def __str__(self) -> str:
        return f"{number_text(self.amount)} {self.currency}"

    def _meet(self, other: Self) -> None:
        if self.currency != other.currency:
            raise UnlikeUnits(self.currency, other.currency)


@dataclass(frozen=True, slots=True)
class Quantity:
    """So much of one base currency; never negative (the side says the direction)."""

    size: Decimal
    base: str

    def __post_init__(self) -> None:
        if not self.size.is_finite() or self.size < 0:
            raise BadInput(f"A quantity of {self.size} {self.base} cannot be.")

    def __add__(self, other: Self) -> Self:
        self._meet(other)
        return type(self)(self.size + other.size, self.base)

    def __sub__(self, other: Self) -> Self:
        self._meet(other)
        return type(self)(self.size - other.size, self.base)

    def __lt__(self, other: Self) -> bool:
        self._meet(other)
        return self.size < other.size

    def __bool__(self) -> bool:
        return self.size > 0

    @override
    def __str__(self) -> str:
        return f"{number_text(self.size)} {self.base}"

    def _meet(self, other: Self) -> None:
        if self.base != other.base:
            raise UnlikeUnits(self.base, other.base)


@dataclass(frozen=True, slots=True)
class Price:
    """What one unit of `base` costs, in `quote`; always above zero."""

    rate: Decimal
    base: str
    quote: str

    def __post_init__(self) -> None:
        if not self.rate.is_finite() or self.rate <= 0:
            raise BadInput(f"A price of {self.rate} {self.quote} cannot be.")

    def __mul__(self, quantity: Quantity) -> Money:
        if quantity.base != self.base:
            raise UnlikeUnits(self.base, quantity.base)
        return Money(self.rate * quantity.size, self.quote)

    def __lt__(self, other: Self) -> bool:
        self._meet(other)
        return self.rate < other.rate

    def __le__(self, other: Self) -> bool:
        self._meet(other)
        return self.rate <= other.rate

    @override
    def __str__(self) -> str:
        return f"{number_text(self.rate)} {self.quote}"

    def _meet(self, other: Self) -> None:
        if (self.base, self.quote) != (other.base, other.quote):
            raise UnlikeUnits(f"{self.base}_{self.quote}", f"{other.base}_{other.quote}")
