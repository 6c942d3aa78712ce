"""What the account is worth and what it owes, as the exchange told it, in the account's currency."""

from dataclasses import dataclass
from decimal import Decimal

from interlock.values import Instant


@dataclass(frozen=True, slots=True)
class Balance:
    """One currency of the wallet. `total` counts what is reserved and may be negative (borrowed)."""

    currency: str
    total: Decimal
    available: Decimal


@dataclass(frozen=True, slots=True)
class Figures:
    """Equity and margin exposure in account currency, and the day's loss in percent of its opening equity (a gain is negative)."""

    equity: Decimal
    exposure: Decimal
    daily_loss_pct: Decimal


@dataclass(frozen=True, slots=True)
class DayOpen:
    """The equity with which a UTC day began; `latched_at` is set when its loss limit was reached, and holds.

    `transfers` is what the owner brought less what they took away since, in account currency; `unpriced` names a transfer whose
    worth nobody knows, and with it the day's loss is not known.
    """

    day: str
    equity: Decimal
    as_of: Instant
    late: bool
    latched_at: Instant | None = None
    transfers: Decimal = Decimal(0)
    unpriced: str | None = None

    def loss_pct(self, equity_now: Decimal) -> Decimal | None:
        """Loss since the opening, in percent of it, without what the owner moved; None when it cannot be said."""
        if self.equity <= 0 or self.unpriced is not None:
            return None
        return (self.equity + self.transfers - equity_now) / self.equity * 100


@dataclass(frozen=True, slots=True)
class EquityPoint:
    """The account's worth at one instant, in account currency."""

    at: Instant
    equity: Decimal
    exposure: Decimal
