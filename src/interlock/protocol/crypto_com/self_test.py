"""Whether our signer signs as the exchange documents: two published vectors, with a key and a secret that are made up."""

import hmac
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final

from interlock.protocol.crypto_com.signing import signature
from interlock.values import Secret

Answer = tuple[str, Mapping[str, object], str]

KEY: Final = "test_api_key_0123456789"
SECRET: Final = Secret("test_secret_abcdefghijklmnopqrstuvwxyz")
STAMP: Final = "1700000000000"
_NO_PARAMS: Final = MappingProxyType[str, object]({})
_LEGS: Final = MappingProxyType[str, object](
    {
        "contingency_type": "LIST",
        "order_list": (
            {"instrument_name": "LTC_USDT", "order_id": "6142909902150128699"},
            {"instrument_name": "ADA_USDT", "order_id": "6142909902150139975"},
        ),
    }
)
ANSWERS: Final[tuple[Answer, ...]] = (
    (
        "private/user-balance",
        _NO_PARAMS,
        "7c474c9ad71e2ad7ec848dc9c7958250ae1b408aabed45b1df106179759571c3",
    ),
    (
        "private/cancel-order-list",
        _LEGS,
        "9f1728140cb27165db22cb4a374bef5c6d0fb75b02c881539522ac5320802350",
    ),
)


def signs_as_documented(answers: Iterable[Answer] = ANSWERS) -> bool:
    """Whether each known request gets its known signature."""
    return all(
        hmac.compare_digest(signature(SECRET, method, STAMP, KEY, params, STAMP), known)
        for method, params, known in answers
    )
