"""How an order is paid for: from what we hold, or on credit. It is fixed when the order is proposed and never changes."""

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Spot:
    """Paid in full; no leverage exists, and none is sent."""


@dataclass(frozen=True, slots=True)
class Margin:
    """On credit. A leverage that nobody set is None, which is a reason to block, never a number."""

    leverage: Decimal | None


Funding = Spot | Margin
