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
    """The equity with which a UTC day began; `latched_at` is set when its loss limit was reached, and holds."""

    day: str
    equity: Decimal
    as_of: Instant
    late: bool
    latched_at: Instant | None = None

    def loss_pct(self, equity_now: Decimal) -> Decimal | None:
        """Loss since the opening, in percent of it; None when the opening was not above zero."""
        return None if self.equity <= 0 else (self.equity - equity_now) / self.equity * 100


@dataclass(frozen=True, slots=True)
class EquityPoint:
    """The account's worth at one instant, in account currency."""

    at: Instant
    equity: Decimal
    exposure: Decimal
