"""The signature of a request: HMAC-SHA256 over method, id, key, parameters and nonce, without separators.

Parameters are rendered by one rule: keys in ascending order, each followed by its value; lists by their elements in their own order;
texts verbatim; numbers in plain notation without trailing zeros, as the exchange's verifier renders them. A binary float has no
rendering: it is refused, never guessed. (Crypto.com Exchange API v1, "Digital Signature".)
"""

import hashlib
import hmac
from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from interlock.errors import BadInput
from interlock.values import Secret, number_text

DEPTH_MAX: Final = 12
DIGITS_MAX: Final = 64
# The official Java sample renders a list that lies this deep (inside an element of a list) in brackets; all others do not.
_BRACKET_LEVEL: Final = 3


def param_string(value: object) -> str:
    """The text of `value` that is signed. JSON numbers are int or Decimal; floats, and depth beyond 12, are bad input."""
    return _render(value, 0, bracketed=False)


def renderings(params: Mapping[str, object]) -> tuple[str, ...]:
    """Every text of these parameters that a verifier accepts: one, or two when a list lies inside an element of a list."""
    plain, bracketed = param_string(params), _render(params, 0, bracketed=True)
    return (plain,) if plain == bracketed else (plain, bracketed)


def signature(  # noqa: PLR0913, PLR0917 - the six parts of a signed request, in the order in which they are signed
    secret: Secret,
    method: str,
    request_id: str,
    api_key: str,
    params: Mapping[str, object],
    nonce: str,
) -> str:
    """The signature in lower-case hex; `request_id` and `nonce` are the decimal texts that are sent."""
    return _hmac(secret, f"{method}{request_id}{api_key}{param_string(params)}{nonce}")


def verifies(  # noqa: PLR0913, PLR0917 - the six parts of a signed request, and the signature that claims them
    secret: Secret,
    method: str,
    request_id: str,
    api_key: str,
    params: Mapping[str, object],
    nonce: str,
    claimed: str,
    *,
    rendering: int | None = None,
) -> bool:
    """Whether `claimed` signs this request in any accepted rendering, or in one; hex of either case, compared in constant time."""
    given = claimed.lower().encode(errors="replace")
    texts = renderings(params)
    return any(
        hmac.compare_digest(
            _hmac(secret, f"{method}{request_id}{api_key}{text}{nonce}").encode(), given
        )
        for text in (texts if rendering is None else (texts[rendering],))
    )


def _hmac(secret: Secret, text: str) -> str:
    try:
        message = text.encode()
    except UnicodeEncodeError as error:
        raise BadInput("The text to sign holds a character that is none.") from error
    return hmac.new(secret.reveal().encode(), message, hashlib.sha256).hexdigest()


def _render(value: object, level: int, *, bracketed: bool) -> str:
    if level > DEPTH_MAX:
        raise BadInput(f"Parameters nested deeper than {DEPTH_MAX} are not signed.")
    match value:
        case Mapping():
            pairs = sorted((str(key), inner) for key, inner in value.items())
            return "".join(
                key + _render(inner, level + 1, bracketed=bracketed) for key, inner in pairs
            )
        case list() | tuple():
            parts = [_render(inner, level + 1, bracketed=bracketed) for inner in value]
            deep = bracketed and level >= _BRACKET_LEVEL
            return f"[{', '.join(parts)}]" if deep else "".join(parts)
        case _:
            return _scalar(value)


def _scalar(value: object) -> str:
    match value:
        case str():
            return value
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int() if abs(value) < 10**DIGITS_MAX:
            return str(value)
        case Decimal() if value.is_finite() and _is_short(value):
            return number_text(value)
        case _:
            raise BadInput(f"A {type(value).__name__} of this size or kind has no text to sign.")


def _is_short(number: Decimal) -> bool:
    exponent = number.as_tuple().exponent
    return isinstance(exponent, int) and exponent > -DIGITS_MAX and number.adjusted() < DIGITS_MAX
