"""What the exchange told of the account when it was asked, and whose turn it is to act for it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from interlock.account.figures import Balance
from interlock.account.switches import Mode
from interlock.values import Instant


@dataclass(frozen=True, slots=True)
class AccountReading:
    """The wallet as the exchange told it: balances by currency, equity and exposure in account currency.

    `clock_offset` is the least by which the exchange's clock must have been ahead of ours; None when it told no time.
    """

    balances: Mapping[str, Balance]
    equity: Decimal
    exposure: Decimal
    as_of: Instant
    clock_offset: timedelta | None = None


@dataclass(frozen=True, slots=True)
class FeeRate:
    """Rates as plain fractions (0.005 is half a percent)."""

    maker: Decimal
    taker: Decimal


@dataclass(frozen=True, slots=True)
class Tenure:
    """One engine's turn at the account: the fencing token, and the installation whose ids it uses."""

    epoch: int
    install_id: str
    venue: Mode
    began_at: Instant
