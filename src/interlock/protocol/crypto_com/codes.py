"""Their refusals as our errors: every code, the HTTP status it comes with, its name, and what to do about it.

A row is data, so that the simulator answers with what the client reads. `status` is the documented HTTP status; where the
documentation is silent, the one met in production, or 400. The class sets say what a code is worth as the answer to a request
that acts (reliability, faults 3.1); they alone decide, and a code that stands in none of them proves nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from interlock.errors import BadInput, NotAuthorised, Refused

MESSAGE_MAX: Final = 200

_NONE: Final = ""
_ACCOUNT: Final = (
    "Look at the account's state in the exchange's web interface; trading waits until it is active."
)
_ALLOWLIST: Final = (
    "Most likely: egress IP not allowlisted. Add the IP returned by `curl -s https://api.ipify.org` on this host to the API key "
    "allowlist in the exchange's API key settings, save, wait 1–2 minutes, confirm that the backend uses that key, run again. "  # noqa: RUF001 - the operator's kept wording
    "If it still fails, run `interlock doctor`: it tells key, clock, permission and address apart."
)
_ASK: Final = "Nothing is sent again; the platform asks the exchange what became of it."
_AUTH: Final = "The account's tier does not admit this; look at it in the exchange's web interface."
_CLOCK: Final = "Set this host's clock (NTP): the exchange admits 60 s of difference. `interlock doctor` shows the offset."
_CONTRACT: Final = "The exchange no longer serves this here: stop trading and update the platform; it is no matter of permission."
_FORMAT: Final = (
    "This is a fault of the platform, not of the order: report it; nothing is sent in another form."
)
_FUNDS: Final = "Add or free funds, or lower the row's amount; leverage is not changed and no second order is sent."
_LOOK: Final = "This does not say that the order is gone: its state is read from detail, open orders and history."
_LOT: Final = "The quantity is not on the lot of its instrument: reload the instruments; no other format is tried. Report it."
_MAINTENANCE: Final = "The exchange is being maintained: entries wait; when it is back everything is reconciled first."
_MARGIN: Final = "The account's margin does not admit this: lower exposure; leverage is not changed by the platform."
_MARKET: Final = (
    "The exchange does not admit this order now; the decision is recorded and nothing is repeated."
)
_OPEN_ORDERS: Final = (
    "Too many open orders (200 per pair, 1000 in total): cancel what is not needed."
)
_PERMISSION: Final = (
    "The account may not trade this way: untick margin on the row, or ask the exchange for access."
)
_RATE: Final = "The platform waits and asks again by itself; if it persists, look for another program that uses this key."
_SEEN: Final = "An order with this id exists or existed: it is looked up, never sent again."
_SMALL: Final = "Below the exchange's minimum order value: raise the row's amount."
_TICK: Final = "The price is not on the tick of its instrument: reload the instruments; no other format is tried. Report it."
_TRIGGER: Final = "The market is already past the trigger price, so no stop is placed: the position is flattened instead."
_UNFILLED: Final = "The book had nothing at the limit: the ordinary end of such an order; no second try within the bar."
_WALLET: Final = (
    "The platform moves no money out of the account; do this in the exchange's web interface."
)


@dataclass(frozen=True, slots=True)
class CodeRow:
    """One code: its HTTP status, its name, what to do, and the other HTTP status with which it was met in production."""

    code: int
    status: int
    name: str
    remedy: str
    observed: int | None = None


_ROWS: Final = (
    CodeRow(0, 200, "SUCCESS", _NONE),
    CodeRow(201, 500, "NO_POSITION", _LOOK),
    CodeRow(202, 400, "ACCOUNT_IS_SUSPENDED", _ACCOUNT),
    CodeRow(203, 500, "ACCOUNTS_DO_NOT_MATCH", _FORMAT),
    CodeRow(204, 400, "DUPLICATE_CLORDID", _SEEN),
    CodeRow(205, 500, "DUPLICATE_ORDERID", _SEEN),
    CodeRow(206, 500, "INSTRUMENT_EXPIRED", _MARKET),
    CodeRow(207, 400, "NO_MARK_PRICE", _MARKET),
    CodeRow(208, 400, "INSTRUMENT_NOT_TRADABLE", _MARKET),
    CodeRow(209, 400, "INVALID_INSTRUMENT", _MARKET),
    CodeRow(210, 500, "INVALID_ACCOUNT", _FORMAT),
    CodeRow(211, 500, "INVALID_CURRENCY", _FORMAT),
    CodeRow(212, 500, "INVALID_ORDERID", _LOOK),
    CodeRow(213, 400, "INVALID_ORDERQTY", _LOT),
    CodeRow(214, 500, "INVALID_SETTLE_CURRENCY", _FORMAT),
    CodeRow(215, 500, "INVALID_FEE_CURRENCY", _FORMAT),
    CodeRow(216, 500, "INVALID_POSITION_QTY", _MARKET),
    CodeRow(217, 500, "INVALID_OPEN_QTY", _MARKET),
    CodeRow(218, 400, "INVALID_ORDTYPE", _FORMAT),
    CodeRow(219, 500, "INVALID_EXECINST", _FORMAT),
    CodeRow(220, 400, "INVALID_SIDE", _FORMAT),
    CodeRow(221, 400, "INVALID_TIF", _FORMAT),
    CodeRow(222, 400, "STALE_MARK_PRICE", _MARKET),
    CodeRow(223, 400, "NO_CLORDID", _FORMAT),
    CodeRow(224, 400, "REJ_BY_MATCHING_ENGINE", _MARKET),
    CodeRow(225, 400, "EXCEED_MAXIMUM_ENTRY_LEVERAGE", _FORMAT),
    CodeRow(226, 400, "INVALID_LEVERAGE", _FORMAT),
    CodeRow(227, 400, "INVALID_SLIPPAGE", _FORMAT),
    CodeRow(228, 400, "INVALID_FLOOR_PRICE", _FORMAT),
    CodeRow(229, 400, "INVALID_REF_PRICE", _TRIGGER),
    CodeRow(230, 400, "INVALID_REF_PRICE_TYPE", _FORMAT),
    CodeRow(301, 500, "ACCOUNT_IS_IN_MARGIN_CALL", _MARGIN),
    CodeRow(302, 500, "EXCEEDS_ACCOUNT_RISK_LIMIT", _MARGIN),
    CodeRow(303, 500, "EXCEEDS_POSITION_RISK_LIMIT", _MARGIN),
    CodeRow(304, 500, "ORDER_WILL_LEAD_TO_IMMEDIATE_LIQUIDATION", _MARGIN),
    CodeRow(305, 500, "ORDER_WILL_TRIGGER_MARGIN_CALL", _MARGIN),
    CodeRow(306, 500, "INSUFFICIENT_AVAILABLE_BALANCE", _FUNDS),
    CodeRow(307, 500, "INVALID_ORDSTATUS", _FORMAT),
    CodeRow(308, 400, "INVALID_PRICE", _TICK),
    CodeRow(309, 500, "MARKET_IS_NOT_OPEN", _MARKET),
    CodeRow(310, 500, "ORDER_PRICE_BEYOND_LIQUIDATION_PRICE", _MARGIN),
    CodeRow(311, 500, "POSITION_IS_IN_LIQUIDATION", _MARGIN),
    CodeRow(312, 500, "ORDER_PRICE_GREATER_THAN_LIMITUPPRICE", _MARKET),
    CodeRow(313, 500, "ORDER_PRICE_LESS_THAN_LIMITDOWNPRICE", _MARKET),
    CodeRow(314, 400, "EXCEEDS_MAX_ORDER_SIZE", _MARKET),
    CodeRow(315, 400, "FAR_AWAY_LIMIT_PRICE", _MARKET),
    CodeRow(316, 500, "NO_ACTIVE_ORDER", _LOOK),
    CodeRow(317, 500, "POSITION_NO_EXIST", _LOOK),
    CodeRow(318, 400, "EXCEEDS_MAX_ALLOWED_ORDERS", _OPEN_ORDERS),
    CodeRow(319, 400, "EXCEEDS_MAX_POSITION_SIZE", _MARKET),
    CodeRow(320, 500, "EXCEEDS_INITIAL_MARGIN", _FUNDS),
    CodeRow(321, 500, "EXCEEDS_MAX_AVAILABLE_BALANCE", _FUNDS),
    CodeRow(325, 400, "EXCEED_DAILY_VOL_LIMIT", _MARKET),
    CodeRow(401, 400, "ACCOUNT_DOES_NOT_EXIST", _ACCOUNT),
    CodeRow(406, 500, "ACCOUNT_IS_NOT_ACTIVE", _ACCOUNT),
    CodeRow(407, 500, "MARGIN_UNIT_DOES_NOT_EXIST", _ACCOUNT),
    CodeRow(408, 400, "MARGIN_UNIT_IS_SUSPENDED", _ACCOUNT),
    CodeRow(409, 500, "INVALID_USER", _ACCOUNT),
    CodeRow(410, 500, "USER_IS_NOT_ACTIVE", _ACCOUNT),
    CodeRow(411, 500, "USER_NO_DERIV_ACCESS", _PERMISSION),
    CodeRow(412, 500, "ACCOUNT_NO_DERIV_ACCESS", _PERMISSION),
    CodeRow(415, 500, "BELOW_MIN_ORDER_SIZE", _SMALL),
    CodeRow(416, 400, "USER_NO_MARGIN_ACCESS", _PERMISSION),
    CodeRow(501, 500, "EXCEED_MAXIMUM_EFFECTIVE_LEVERAGE", _MARGIN),
    CodeRow(604, 500, "INVALID_COLLATERAL_PRICE", _MARGIN),
    CodeRow(605, 500, "INVALID_MARGIN_CALC", _MARGIN),
    CodeRow(606, 500, "EXCEED_ALLOWED_SLIPPAGE", _MARKET),
    CodeRow(608, 400, "INSTRUMENT_NOT_SHORTABLE", _MARKET),
    CodeRow(609, 400, "INSUFFICIENT_MARGIN", _FUNDS),
    CodeRow(613, 500, "INVALID_ISOLATION_ID", _MARKET),
    CodeRow(614, 500, "EXCEEDS_ISOLATED_POSITION_LIMIT", _MARKET),
    CodeRow(615, 500, "ACCOUNT_DOES_NOT_SUPPORT_ISOLATED_POSITION", _MARKET),
    CodeRow(616, 500, "CREATE_ISOLATED_POSITION_FAILED", _MARKET),
    CodeRow(617, 500, "DUPLICATED_INSTRUMENT_ORDER_FOR_ISOLATED_MARGIN", _MARKET),
    CodeRow(618, 500, "TOO_MANY_PENDING_ISOLATED_MARGIN_REQUESTS", _MARKET),
    CodeRow(619, 500, "UNSUPPORTED_OPERATION_ON_ISOLATED_POSITION", _MARKET),
    CodeRow(620, 500, "CREATE_ISOLATED_POSITION_TIMEOUT", _ASK),
    CodeRow(1110, 400, "REDUCE_ONLY_REJECTED", _MARKET),
    CodeRow(30024, 400, "MAX_AMOUNT_VIOLATED", _WALLET),
    CodeRow(40001, 400, "BAD_REQUEST", _FORMAT),
    CodeRow(40002, 400, "METHOD_NOT_FOUND", _FORMAT),
    CodeRow(40003, 400, "INVALID_REQUEST", _FORMAT),
    CodeRow(40004, 400, "MISSING_OR_INVALID_ARGUMENT", _FORMAT),
    CodeRow(40005, 400, "INVALID_DATE", _FORMAT),
    CodeRow(40006, 400, "DUPLICATE_REQUEST", _SEEN),
    CodeRow(40007, 400, "UNNAMED_40007", _FORMAT),
    CodeRow(40101, 401, "UNAUTHORIZED", _ALLOWLIST),
    CodeRow(40102, 400, "INVALID_NONCE", _CLOCK),
    CodeRow(40103, 401, "IP_ILLEGAL", _ALLOWLIST),
    CodeRow(40104, 401, "USER_TIER_INVALID", _AUTH),
    CodeRow(40107, 400, "EXCEED_MAX_SUBSCRIPTIONS", _FORMAT),
    CodeRow(40401, 200, "NOT_FOUND", _LOOK, observed=404),
    CodeRow(40801, 408, "REQUEST_TIMEOUT", _ASK),
    CodeRow(42901, 429, "TOO_MANY_REQUESTS", _RATE),
    CodeRow(43003, 500, "FILL_OR_KILL", _UNFILLED, observed=400),
    CodeRow(43004, 500, "IMMEDIATE_OR_CANCEL", _UNFILLED, observed=400),
    CodeRow(43005, 500, "POST_ONLY_REJ", _UNFILLED, observed=400),
    CodeRow(43012, 200, "SELF_TRADE_PREVENTION", _ASK),
    CodeRow(50001, 400, "ERR_INTERNAL", _ASK),
    CodeRow(50002, 400, "DW_CREDIT_LINE_NOT_MAINTAINED", _ASK),
    CodeRow(50007, 400, "INVALID_TRIGGER_PRICE", _TRIGGER),
    CodeRow(50010, 400, "INVALID_ORDER_PARAMETERS", _FORMAT),
    CodeRow(120009, 500, "REJECTED", _ASK),
    CodeRow(130008, 500, "NON_APPLICABLE", _ASK),
    CodeRow(140001, 500, "API_DISABLED", _CONTRACT),
    CodeRow(5000811, 400, "WITHDRAW_ADDRESS_NOT_IN_WHITE_LIST", _WALLET),
    CodeRow(9010001, 503, "SYSTEM_MAINTENANCE", _MAINTENANCE),
)
CODES: Final[Mapping[int, CodeRow]] = {row.code: row for row in _ROWS}

# What a code is worth as the answer to a request that acts: faults 3.1, nothing else.
GATEWAY_REJECT: Final = frozenset(
    {40001, 40002, 40003, 40004, 40005, 40101, 40102, 40103, 40104, 42901}
)
SEEN_BEFORE: Final = frozenset({204, 205, 40006})
DEFINITE_REJECT: Final = frozenset(
    {*range(201, 204), *range(206, 231)}
    | {*range(301, 322), 325}
    | {401, 406, 407, 408, 409, 410, 411, 412, 415, 416, 501, 1110}
    | {604, 605, 606, 608, 609, *range(613, 620)}
    | {43003, 43004, 43005}
)
# Definite as long as no order is named beside them (faults 3.1, notes).
DEFINITE_WITHOUT_ORDER: Final = frozenset({50007, 50010, 140001})
AUTHENTICATION: Final = frozenset({40101, 40102, 40103, 40104})
# To a question about one order: it is not known there. Never "cancelled".
ORDER_NOT_KNOWN: Final = frozenset({212, 316, 40401})
TIMED_OUT: Final = 40801
# The account's margin does not suffice: it also locks margin entries of the symbol for a while (platform 16).
INSUFFICIENT_MARGIN: Final = 609


def name(code: int) -> str:
    """The documented name of a code; UNLISTED for one that the table does not hold."""
    row = CODES.get(code)
    return row.name if row else "UNLISTED"


def http_status(code: int, *, observed: bool = False) -> int:
    """The HTTP status that comes with a code: the documented one, or the one met in production where that differs."""
    row = CODES.get(code)
    if row is None:
        raise BadInput(f"{code} is no code of the exchange.")
    return row.observed or row.status if observed else row.status


def refusal(code: int, message: str, order_id: str | None = None) -> Refused:
    """The refusal that a code is, with the exchange's own words and our remedy; the 4010x family is NotAuthorised."""
    said = "".join(c for c in message if c.isprintable())[:MESSAGE_MAX] or name(code)
    row = CODES.get(code)
    kind = NotAuthorised if code in AUTHENTICATION else Refused
    return kind(code, said, order_id=order_id, remedy=row.remedy if row else None)
