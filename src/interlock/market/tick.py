"""The newest word of the market about one symbol: last, bid, ask, and when the exchange said so."""

from dataclasses import dataclass
from decimal import Decimal

from interlock.values import Instant


@dataclass(frozen=True, slots=True)
class Tick:
    """Prices in quote per base. `bid` and `ask` are None where the book has no such side."""

    symbol: str
    last: Decimal
    bid: Decimal | None
    ask: Decimal | None
    at: Instant
