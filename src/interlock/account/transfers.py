"""What came to the account or left it without an order, by the exchange's own journal: the owner's transfers, and what was charged."""

from dataclasses import dataclass
from decimal import Decimal

from interlock.values import Instant


@dataclass(frozen=True, slots=True)
class Transfer:
    """One row of the exchange's journal. `amount` is positive when it came; `is_owners` says that it was neither gain nor loss.

    `kind` is the exchange's own word, `value` its worth in account currency then (None: it had no price).
    """

    id: str
    at: Instant
    currency: str
    amount: Decimal
    kind: str
    is_owners: bool = True
    value: Decimal | None = None
