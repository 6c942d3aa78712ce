"""One measured cost."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """What it is, how much of it, in what, and what to think of it."""

    name: str
    value: float
    unit: str
    note: str
