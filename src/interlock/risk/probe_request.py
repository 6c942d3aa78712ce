"""The probe's question as it arrives: strict JSON, numbers that are numbers, and one error per field that is not what it must be.

Whatever the bytes are, the answer is a request or a list of errors; nothing raises.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Context, Decimal, InvalidOperation
from enum import StrEnum
from typing import Any, Final

from interlock.account import Funding, Margin, Spot
from interlock.values import Side
from interlock.values.instrument import SYMBOL

BYTES_MAX: Final = 65_536
DIGITS_MAX: Final = 40
EXPONENT_MIN: Final = -40
MAGNITUDE_MAX: Final = 18
_EXACT: Final = Context(prec=100)


class Scope(StrEnum):
    """Which rules the probe asks: those of the risk guard, or every one."""

    GUARD = "guard"
    ORDER = "order"


@dataclass(frozen=True, slots=True)
class Problem:
    """One field of the request, and what is wrong with it."""

    field: str
    problem: str


@dataclass(frozen=True, slots=True)
class ProbeErrors:
    """Everything that is wrong with a request; never empty."""

    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class ProbeRequest:
    """Would this entry be allowed. `value`, `equity` and `exposure` in quote; figures that were not supplied are None.

    `quantity` is None where the value was given instead.
    """

    symbol: str
    side: Side
    value: Decimal
    funding: Funding
    price: Decimal | None = None
    quantity: Decimal | None = None
    equity: Decimal | None = None
    exposure: Decimal | None = None
    daily_loss_pct: Decimal | None = None
    scope: Scope = Scope.GUARD


@dataclass(frozen=True, slots=True)
class _NotFinite:
    """A number of JSON's dialects that is none."""

    text: str


class _Twice(ValueError):
    """A name stands twice in one object."""


def read(body: bytes) -> ProbeRequest | ProbeErrors:
    """The request that these bytes say, or every error in them. Quoted numbers, NaN and unknown fields are errors."""
    if len(body) > BYTES_MAX:
        return _errors("body", f"is longer than {BYTES_MAX} bytes")
    try:
        said = json.loads(
            body.decode("utf-8"),
            parse_float=_number,
            parse_int=_number,
            parse_constant=_NotFinite,
            object_pairs_hook=_once,
        )
    except _Twice as error:
        return _errors("body", f"names {error} twice")
    except UnicodeDecodeError:
        return _errors("body", "is not UTF-8")
    except (ValueError, RecursionError):
        return _errors("body", "is not JSON")
    if not isinstance(said, dict):
        return _errors("body", "is not an object")
    return _request(said)


def _request(said: Mapping[str, Any]) -> ProbeRequest | ProbeErrors:
    problems = [
        Problem(_shown(name), "is not a field of the probe") for name in said if name not in FIELDS
    ]
    for name, check in FIELDS.items():
        problem = check(said[name]) if name in said else REQUIRED.get(name)
        if problem is not None:
            problems.append(Problem(name, problem))
    if "trade_value_usd" not in said:
        missing = (name for name in ("price", "quantity") if name not in said)
        problems += [Problem(name, "is missing, and so is trade_value_usd") for name in missing]
    if problems:
        return ProbeErrors(tuple(problems))
    return ProbeRequest(
        symbol=said["symbol"],
        side=Side(said["side"]),
        value=_value(said),
        funding=_funding(said),
        price=said.get("price"),
        quantity=None if "trade_value_usd" in said else said.get("quantity"),
        equity=said.get("account_equity"),
        exposure=said.get("total_margin_exposure"),
        daily_loss_pct=said.get("daily_loss_pct"),
        scope=Scope(said.get("scope", Scope.GUARD)),
    )


def _value(said: Mapping[str, Any]) -> Decimal:
    """What the order is worth: the value given wins over price times quantity."""
    given = said.get("trade_value_usd")
    return given if given is not None else _EXACT.multiply(said["price"], said["quantity"])


def _funding(said: Mapping[str, Any]) -> Funding:
    """A margin flag that the watchlist does not share is spot."""
    is_margin = said.get("is_margin", False) and said.get("trade_on_margin_from_watchlist", True)
    return Margin(said.get("leverage")) if is_margin else Spot()


def _number(text: str) -> Decimal | _NotFinite:
    try:
        return Decimal(text)
    except InvalidOperation:
        return _NotFinite(text)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    names = [name for name, _ in pairs]
    for name in names:
        if names.count(name) > 1:
            raise _Twice(_shown(name))
    return dict(pairs)


def _shown(text: str) -> str:
    """A text of the caller as it may be repeated: short, and plain ASCII."""
    return text[:40].encode("ascii", "backslashreplace").decode("ascii")


def _errors(field: str, problem: str) -> ProbeErrors:
    return ProbeErrors((Problem(field, problem),))


Check = Callable[[Any], str | None]


def _symbol(value: object) -> str | None:
    if isinstance(value, str) and SYMBOL.fullmatch(value):
        return None
    return "must be a symbol such as BTC_USDT"


def _word(*words: str) -> Check:
    said = " or ".join(words)
    return lambda value: None if isinstance(value, str) and value in words else f"must be {said}"


def _bool(value: object) -> str | None:
    return None if isinstance(value, bool) else "must be true or false"


def _finite(value: object) -> str | None:
    """What keeps a value from being a number that anybody means."""
    if isinstance(value, _NotFinite):
        return f"{_shown(value.text)} is not a finite number"
    if not isinstance(value, Decimal):
        return "must be a number"
    _, digits, exponent = value.as_tuple()
    is_long = len(digits) > DIGITS_MAX or not isinstance(exponent, int) or exponent < EXPONENT_MIN
    if is_long or value.adjusted() >= MAGNITUDE_MAX:
        return "is not a number that an order can have"
    return None


def _above_zero(value: Any) -> str | None:  # noqa: ANN401  a value of JSON is of any type until it is checked
    return _finite(value) or (None if value > 0 else "must be above zero")


def _null_or(least: Decimal | None) -> Check:
    def check(value: Any) -> str | None:  # noqa: ANN401  a value of JSON is of any type until it is checked
        if value is None:
            return None
        is_below = least is not None and not _finite(value) and value < least
        return _finite(value) or (f"must not be below {least}" if is_below else None)

    return check


FIELDS: Final[Mapping[str, Check]] = {
    "symbol": _symbol,
    "side": _word("BUY", "SELL"),
    "price": _above_zero,
    "quantity": _above_zero,
    "trade_value_usd": _above_zero,
    "is_margin": _bool,
    "leverage": _null_or(Decimal(0)),
    "trade_on_margin_from_watchlist": _bool,
    "account_equity": _null_or(Decimal(0)),
    "total_margin_exposure": _null_or(Decimal(0)),
    "daily_loss_pct": _null_or(None),
    "scope": _word("guard", "order"),
}
REQUIRED: Final = {"symbol": "is missing", "side": "is missing"}
