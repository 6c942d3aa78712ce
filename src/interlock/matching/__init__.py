"""What a market does to an order, pure: the path inside a bar, touch and gap, quotes, volume share, fees.

One model for the simulated exchange and for research, so that what was tested is what is traded. Nothing here knows an exchange.
"""

from interlock.matching.execution import Execution, Liquidity, execution, takeable
from interlock.matching.path import Direction, first_touch, price_at, range_until
from interlock.matching.quotes import Quote, crosses, maker_level, quote_of, taking_price

__all__ = [
    "Direction",
    "Execution",
    "Liquidity",
    "Quote",
    "crosses",
    "execution",
    "first_touch",
    "maker_level",
    "price_at",
    "quote_of",
    "range_until",
    "takeable",
    "taking_price",
]
