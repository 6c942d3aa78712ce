"""One row of the table of order rules: its name, what is stored when it raises, whom it binds, and what it asks."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from interlock.risk.finding import Said
from interlock.risk.question import Question


class Binds(StrEnum):
    """Which purposes a rule binds."""

    ALL = "all"
    ENTRY = "ENTRY"


@dataclass(frozen=True, slots=True)
class OrderRule:
    """One rule by its name; `code` is stored when it raises; `number` is its row in the functional specification."""

    number: int
    name: str
    code: str
    binds: Binds
    ask: Callable[[Question], Said]
