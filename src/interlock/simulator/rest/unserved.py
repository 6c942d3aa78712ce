"""The documented methods that have nothing to do here: which find nothing, and with which code each other is refused.

A method that stands in none of the tables is unknown (40002). No key here may withdraw, and no account hangs below this one.
"""

from types import MappingProxyType
from typing import Final

NO_POSITION: Final = 201
NO_ACCOUNT: Final = 401
NOT_ISOLATED: Final = 615
UNAUTHORISED: Final = 40101
INTERNAL: Final = 50001
DISABLED: Final = 140001
CONVERSION: Final = "public/staking/get-conversion-rate"
"""The one public method that is a POST."""

EMPTY: Final = MappingProxyType(
    {
        "private/get-subaccount-balances": "data",
        "private/get-fee-credit-balances": "data",
        "private/get-deposit-address": "deposit_address_list",
    }
)
"""Methods that find nothing, and the list in which they say so."""

_FAMILIES: Final = MappingProxyType(
    {
        "fiat": (
            "fiat-deposit-info",
            "fiat-deposit-history",
            "fiat-withdraw-history",
            "fiat-create-withdraw",
            "fiat-transaction-quota",
            "fiat-transaction-limit",
            "fiat-get-bank-accounts",
        ),
        "staking": (
            "stake",
            "unstake",
            "convert",
            "get-staking-position",
            "get-staking-instruments",
            "get-open-stake",
            "get-stake-history",
            "get-reward-history",
            "get-open-convert",
            "get-convert-history",
        ),
        "otc": (
            "get-otc-user",
            "get-instruments",
            "request-quote",
            "accept-quote",
            "get-quote-history",
            "get-trade-history",
        ),
        "bot": ("create", "get-bots", "terminate"),
        "advanced": ("create-oto", "create-otoco", "cancel-oto", "cancel-otoco"),
    }
)

REFUSED: Final = MappingProxyType(
    {
        "private/close-position": NO_POSITION,
        "private/create-subaccount-transfer": NO_ACCOUNT,
        "private/create-isolated-margin-transfer": NOT_ISOLATED,
        "private/change-isolated-margin-leverage": NOT_ISOLATED,
        "private/create-withdrawal": UNAUTHORISED,
        "private/get-trigger-orders": INTERNAL,
        **{
            f"private/{family}/{name}": DISABLED
            for family, names in _FAMILIES.items()
            for name in names
        },
    }
)
"""Methods that are refused, and their codes."""
