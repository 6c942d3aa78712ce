"""What moved the account's money besides executions, in order: transfers of the owner, interest of the lender."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from interlock.simulator.books.orders import Trade
from interlock.values import Instant


class Cause(StrEnum):
    """The exchange's word for why money moved."""

    DEPOSIT = "ONCHAIN_DEPOSIT"
    WITHDRAWAL = "ONCHAIN_WITHDRAWAL"
    INTEREST = "MARGIN_TRADE_INTEREST"


@dataclass(frozen=True, slots=True)
class Movement:
    """One movement: its place in the journal from one on, and how much came in (negative: went out) of one currency."""

    number: int
    cause: Cause
    currency: str
    amount: Decimal
    at: Instant


class Journal:
    """Every movement, oldest first."""

    def __init__(self) -> None:
        self._movements: list[Movement] = []

    def note(self, cause: Cause, currency: str, amount: Decimal, now: Instant) -> Movement:
        """The next movement."""
        moved = Movement(len(self._movements) + 1, cause, currency, amount, now)
        self._movements.append(moved)
        return moved

    def of(self, *causes: Cause) -> Iterator[Movement]:
        """The movements of these causes (none named: of all), newest first."""
        return (each for each in reversed(self._movements) if not causes or each.cause in causes)


def totals_at(
    held: dict[str, Decimal], trades: list[Trade], journal: Journal, instant: Instant
) -> dict[str, Decimal]:
    """What was held at an instant: what is held now, without everything that came about after it."""
    then = dict(held)
    for trade in reversed(trades):
        if trade.at <= instant:
            break
        then[trade.listed.base] -= trade.done.base_change
        then[trade.listed.quote] -= trade.done.quote_change
    for moved in journal.of():
        if moved.at <= instant:
            break
        then[moved.currency] -= moved.amount
    return then
