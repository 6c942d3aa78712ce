"""How an order is to be paid and what it must not meet: `spot_margin`, `leverage` and `stp_*`, and the account's own settings of them.

A margin order is taken as one or refused, never made a spot order. A `leverage` without MARGIN is ignored.
"""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Final, NamedTuple

from interlock.simulator.answers import Refusal
from interlock.simulator.books.margin import LEVERAGE_MAX, Settings
from interlock.simulator.books.orders import Prevention, Stp

BAD_ARGUMENT: Final = 40004
NO_ACCESS: Final = 416
BAD_LEVERAGE: Final = 226
BAD_SPOT_MARGIN: Final = 50001
STP_ID_MAX: Final = 32_767
ORDER_LEVERAGE_MAX: Final = Decimal(100)
SCOPES: Final = frozenset({"M", "S"})
DISABLED: Final = "D"
_WHOLE: Final = re.compile(r"[0-9]{1,5}")
_PLAIN: Final = re.compile(r"[0-9]{1,3}(\.[0-9]{1,8})?")


class Rights(NamedTuple):
    """What the account may ask for: triggers on the ordinary method, margin, and what its orders bear when they say nothing."""

    legacy_triggers: bool = False
    has_margin: bool = False
    leverage: Decimal = LEVERAGE_MAX
    stp: Stp | None = None


def leverage_of(params: Mapping[str, object], rights: Rights) -> Decimal | None:
    """The leverage of a margin order, the account's own where none is sent; None for a spot order."""
    funding = params.get("spot_margin", "SPOT")
    if funding == "SPOT":
        return None
    if funding != "MARGIN":
        raise Refusal(BAD_SPOT_MARGIN)
    if not rights.has_margin:
        raise Refusal(NO_ACCESS)
    given = params.get("leverage")
    return rights.leverage if given is None else _leverage(given, ORDER_LEVERAGE_MAX)


def stp_of(params: Mapping[str, object], rights: Rights) -> Stp | None:
    """The mark of an order against self-trades, the account's own where it says nothing."""
    scope = _word(params, "stp_scope")
    if scope is None:
        if params.get("stp_inst") is not None or params.get("stp_id") is not None:
            raise Refusal(BAD_ARGUMENT)
        return rights.stp
    if scope not in SCOPES:
        raise Refusal(BAD_ARGUMENT)
    return _stp(scope, params)


def change(settings: Settings, params: Mapping[str, object]) -> None:
    """Changes what is said and leaves the rest; a scope of D ends the prevention. Nothing changes when anything is refused."""
    scope, leverage = _word(params, "stp_scope"), params.get("leverage")
    if scope not in {None, *SCOPES, DISABLED} or (scope is None and leverage is None):
        raise Refusal(BAD_ARGUMENT)
    stp = _stp(scope, params) if scope in SCOPES else None
    if leverage is not None:
        settings.leverage = _leverage(leverage, LEVERAGE_MAX)
    if scope is not None:
        settings.stp = stp


def settings_row(settings: Settings) -> dict[str, object]:
    """The account's settings as they are shown."""
    stp = settings.stp
    return {
        "leverage": f"{settings.leverage:f}",
        "stp_id": str(stp.id) if stp else "0",
        "stp_scope": stp.scope if stp else "NULL_VAL",
        "stp_inst": stp.prevention.value if stp else "NULL_VAL",
    }


def _stp(scope: str, params: Mapping[str, object]) -> Stp:
    """A scope needs to be told which order ends; without an id it is zero."""
    prevention, number = _word(params, "stp_inst"), str(params.get("stp_id", 0))
    if prevention not in set(Prevention) or not _WHOLE.fullmatch(number):
        raise Refusal(BAD_ARGUMENT)
    if int(number) > STP_ID_MAX:
        raise Refusal(BAD_ARGUMENT)
    return Stp(scope, Prevention(prevention), int(number))


def _leverage(given: object, most: Decimal) -> Decimal:
    """A leverage from one on, as a plain text or a whole number."""
    if isinstance(given, bool) or not _PLAIN.fullmatch(str(given)):
        raise Refusal(BAD_LEVERAGE)
    number = Decimal(str(given))
    if not 1 <= number <= most:
        raise Refusal(BAD_LEVERAGE)
    return number


def _word(params: Mapping[str, object], name: str) -> str | None:
    value = params.get(name)
    if value is not None and not isinstance(value, str):
        raise Refusal(BAD_ARGUMENT)
    return value
