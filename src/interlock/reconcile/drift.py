"""Drift: our ledger against the exchange's wallet, two sides that know nothing of each other, at the same prices.

    drift % = |ledger - exchange| / max(|exchange|, 1) * 100

Anything that cannot be read or priced is unknown, and unknown has drifted.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from interlock.values import Unknown

CENT = Decimal("0.000001")


@dataclass(frozen=True, slots=True)
class CurrencyDrift:
    """One currency: what our books say we hold, and what the exchange says."""

    currency: str
    ledger: Decimal
    exchange: Decimal

    @property
    def difference(self) -> Decimal:
        """Exchange less ledger, in the currency."""
        return self.exchange - self.ledger


@dataclass(frozen=True, slots=True)
class Drift:
    """All currencies compared, and the whole difference in percent of the exchange's value."""

    rows: tuple[CurrencyDrift, ...]
    ledger_value: Decimal
    exchange_value: Decimal

    @property
    def pct(self) -> Decimal:
        """Percent of the exchange's value, at least one unit of account."""
        whole = max(abs(self.exchange_value), Decimal(1))
        return abs(self.ledger_value - self.exchange_value) / whole * 100

    def exact(self) -> bool:
        """Whether every single currency agrees to the exchange's last printed digit."""
        return all(abs(row.difference) <= CENT for row in self.rows)


def drift(
    ledger: Mapping[str, Decimal],
    exchange: Mapping[str, Decimal],
    prices: Mapping[str, Decimal],
) -> Drift | Unknown:
    """The drift between both wallets; `prices` in unit of account per currency. A currency without a price is unknown."""
    currencies = sorted({*ledger, *exchange})
    missing = [c for c in currencies if c not in prices]
    if missing:
        return Unknown(f"no price for {', '.join(missing)}")
    zero = Decimal(0)
    rows = tuple(CurrencyDrift(c, ledger.get(c, zero), exchange.get(c, zero)) for c in currencies)
    if not rows:
        return Unknown("nothing to compare")
    return Drift(
        rows,
        sum((r.ledger * prices[r.currency] for r in rows), zero),
        sum((r.exchange * prices[r.currency] for r in rows), zero),
    )
