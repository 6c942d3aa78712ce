"""A lot is what one filled entry opened. Exits reduce the lot they name, never another."""

from dataclasses import dataclass
from decimal import Decimal

from interlock.account.funding import Funding
from interlock.values import Instant, Instrument


@dataclass(frozen=True, slots=True)
class Lot:
    """`bought` and `remaining` in base (remaining net of fees taken in base), `cost`, `proceeds` and `fees` in quote.

    `stop_distance` and `target_distance` (quote per base) were frozen with the entry's signal and are applied to the average price.
    With a `trailing_pct` its stop follows `high`, the highest bid seen since it opened, as far as it was worth a step.
    With a `stop_floor` its stop stands there, once that is higher: a strategy may raise it, and 0 says that it has not yet.
    `interest` (quote) is its share of what the exchange charged for the debt that margin lots of one currency make together.
    `exit_reason` is set once it is to be closed: a durable plan that a restart goes on with.
    """

    id: str
    symbol: str
    base: str
    quote: str
    funding: Funding
    opened_at: Instant
    bought: Decimal
    cost: Decimal
    remaining: Decimal
    stop_distance: Decimal
    target_distance: Decimal
    proceeds: Decimal = Decimal(0)
    fees: Decimal = Decimal(0)
    sold: Decimal = Decimal(0)
    exit_reason: str | None = None
    closed_at: Instant | None = None
    trailing_pct: Decimal | None = None
    high: Decimal | None = None
    interest: Decimal = Decimal(0)
    stop_floor: Decimal | None = None

    @property
    def may_follow(self) -> bool:
        """Whether its stop may be replaced by a higher one: it then stands alone, for a pair cannot be replaced."""
        return self.trailing_pct is not None or self.stop_floor is not None

    @property
    def average(self) -> Decimal:
        """What one unit of base cost on average, in quote."""
        return self.cost / self.bought

    def sellable(self, instrument: Instrument) -> Decimal:
        """What of it can be sold: the remaining quantity, floored to the lot step of its instrument."""
        return instrument.quantity_down(max(self.remaining, Decimal(0))).size

    def is_dust(self, instrument: Instrument) -> bool:
        """Whether the remainder is too small for any order: below one step, or below the minimum notional at cost."""
        size = self.sellable(instrument)
        floor = instrument.min_notional or Decimal(0)
        return size == 0 or size * self.average < floor
