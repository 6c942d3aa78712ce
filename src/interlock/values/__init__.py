"""Money, price, quantity, instrument, time, ids, secret, and what is known or unknown.

Every value carries its unit and refuses to meet another's. Money is Decimal; nothing here reads a clock.
"""

from interlock.values.amounts import Money, Price, Quantity, decimal_of, number_text
from interlock.values.identity import digest
from interlock.values.instrument import Instrument, Side, check_symbol
from interlock.values.knowledge import Known, Unknown
from interlock.values.secret import Secret
from interlock.values.time import Instant, is_within

__all__ = [
    "Instant",
    "Instrument",
    "Known",
    "Money",
    "Price",
    "Quantity",
    "Secret",
    "Side",
    "Unknown",
    "check_symbol",
    "decimal_of",
    "digest",
    "is_within",
    "number_text",
]
