"""Interest is charged on a debt, and a debt belongs to a currency: the margin lots that were open share it by what they had cost.

The shares of one charge add up to the charge, to its last digit. What no lot explains stays in the ledger alone.
"""

from collections.abc import Iterable
from dataclasses import replace
from decimal import ROUND_DOWN, Decimal
from typing import Final

from interlock.account import Lot, Margin, Transfer

INTEREST: Final = "MARGIN_TRADE_INTEREST"
DIGITS: Final = Decimal("1e-12")


def charged(charge: Transfer, lots: Iterable[Lot]) -> tuple[Lot, ...]:
    """The margin lots that shared this charge (quote, negative when charged), each with its share; none for another kind."""
    if charge.kind != INTEREST:
        return ()
    borrowers = [lot for lot in lots if _borrowed(lot, charge)]
    whole = sum((lot.cost for lot in borrowers), Decimal(0))
    left, found = -charge.amount, []
    for n, lot in enumerate(borrowers, 1):
        part = (-charge.amount * lot.cost / whole).quantize(DIGITS, ROUND_DOWN)
        share = left if n == len(borrowers) else part
        left -= share
        found.append(replace(lot, interest=lot.interest + share))
    return tuple(found)


def _borrowed(lot: Lot, charge: Transfer) -> bool:
    is_open = lot.opened_at <= charge.at and (lot.closed_at is None or lot.closed_at >= charge.at)
    is_here = lot.quote == charge.currency and lot.cost > 0
    return isinstance(lot.funding, Margin) and is_open and is_here
