"""Our orders in their words, and their orders as our facts.

A stop and the target beside it live at the advanced endpoints, everything else at the ordinary ones; the two are never asked about
each other. A pair is one request with two legs, and is cancelled as one, by the id of its list. A status that we do not know proves
only that the order exists. How much was executed is the cumulative quantity, whatever the status says.
"""

from dataclasses import replace
from decimal import Decimal
from typing import Final

import msgspec

from interlock.account import Margin
from interlock.errors import BadInput, Unreachable
from interlock.orders.evidence import OrderFact, Source
from interlock.orders.intent import Intent, target_of
from interlock.orders.life import State
from interlock.protocol.crypto_com.wire import Rows, decode, instant, number, rows_of
from interlock.strategy.proposal import OrderType, Proposal
from interlock.values import Instant, Price, Quantity, Side, number_text

CREATE: Final = "private/create-order"
CANCEL: Final = "private/cancel-order"
CREATE_PAIR: Final = "private/advanced/create-oco"
CANCEL_PAIR: Final = "private/advanced/cancel-oco"
DETAIL: Final = "private/get-order-detail"
OPEN: Final = "private/get-open-orders"
HISTORY: Final = "private/get-order-history"
PAGE: Final = 100
OID_MAX: Final = 36
WORD_MAX: Final = 40
CODE_DIGITS_MAX: Final = 9

STATES: Final = {
    "PENDING": State.ACKED,
    "NEW": State.ACKED,
    "ACTIVE": State.WORKING,
    "CANCELED": State.CANCELLED,
    "CANCELLED": State.CANCELLED,
    "FILLED": State.FILLED,
    "EXECUTED": State.FILLED,
    "COMPLETE": State.FILLED,
    "CLOSED": State.FILLED,
    "REJECTED": State.REJECTED,
    "EXPIRED": State.EXPIRED,
}

_SOURCES: Final = {
    DETAIL: (Source.ORDER_DETAIL, Source.ADVANCED_DETAIL),
    OPEN: (Source.OPEN_ORDERS, Source.ADVANCED_OPEN_ORDERS),
    HISTORY: (Source.ORDER_HISTORY, Source.ADVANCED_HISTORY),
}


ADVANCED: Final = frozenset(advanced for _, advanced in _SOURCES.values())


class _Order(msgspec.Struct):
    order_id: str | int
    client_oid: str | int
    instrument_name: str
    side: str
    status: str
    quantity: Decimal
    cumulative_quantity: Decimal
    cumulative_value: Decimal
    order_type: str | None = None
    type: str | None = None
    ref_price: Decimal | None = None
    trigger_price: Decimal | None = None
    exchange_order_id: str | int | None = None
    limit_price: Decimal | None = None
    list_id: str | int | None = None
    create_time: int | str = 0
    reason: int | str | None = None
    reject_reason: int | str | None = None


def create_method(intent: Intent) -> str:
    """The method that asks for the order of an intent, or for the pair that it leads."""
    return CREATE_PAIR if intent.is_pair else method(CREATE, advanced=intent.is_advanced)


def cancel_method(intent: Intent) -> str:
    """The method that asks to cancel the order of an intent, or the pair that it belongs to."""
    return (
        CANCEL_PAIR if intent.list_id is not None else method(CANCEL, advanced=intent.is_advanced)
    )


def method(ordinary: str, *, advanced: bool) -> str:
    """The method itself, or its twin for advanced orders."""
    return ordinary.replace("private/", "private/advanced/") if advanced else ordinary


def source(ordinary: str, *, advanced: bool) -> Source:
    """Where an answer of this method was read."""
    return _SOURCES[ordinary][advanced]


def create_params(intent: Intent) -> dict[str, object]:
    """The parameters that ask for the order of an intent: every number a text on the instrument's grid, the client_oid always.

    Spot carries `spot_margin: SPOT` and never a leverage; margin carries MARGIN and exactly the judged leverage. What could not
    be meant by the intent's kind is bad input, and nothing is sent. The legs of a pair stand in one list, each with its own id.
    """
    if intent.is_pair:
        single = replace(intent, proposal=replace(intent.proposal, target=None))
        return {"order_list": [_leg(target_of(intent)), _leg(single)]}
    return _leg(intent)


def _leg(intent: Intent) -> dict[str, object]:
    proposal = intent.proposal
    if not 0 < len(intent.client_oid) <= OID_MAX:
        raise BadInput(f"{intent.client_oid!r} is no client_oid of at most {OID_MAX} characters.")
    if not proposal.instrument.holds(proposal.limit or proposal.trigger, proposal.quantity):
        raise BadInput(f"The order for {proposal.symbol} is not on its instrument's grid.")
    return {
        "instrument_name": proposal.symbol,
        "side": proposal.side.value,
        "type": proposal.type.value,
        "quantity": _text(proposal.quantity),
        "client_oid": intent.client_oid,
        **_kind(proposal),
        **_funding(proposal),
    }


def cancel_params(intent: Intent) -> dict[str, object]:
    """The parameters that ask to cancel the order of an intent, or its pair as a whole."""
    if intent.list_id is not None:
        return {"list_id": intent.list_id}
    return {"client_oid": intent.client_oid}


def order(result: bytes, as_of: Instant, where: Source) -> OrderFact:
    """The fact in the result of an order detail; an empty or unknown shape proves nothing and raises Unreachable."""
    row = decode(result, _Order, where)
    try:
        return _fact(row, as_of, where)
    except BadInput as error:
        raise Unreachable(f"The order cannot be read: {error}") from error


def orders(result: bytes, as_of: Instant, where: Source) -> Rows[OrderFact]:
    """The facts in a list of orders, oldest first, each order once."""
    rows = rows_of(result, _Order, lambda row: (_age(row), _fact(row, as_of, where)), where)
    by_id = {fact.order_id: (age, fact) for age, fact in rows.facts}
    ordered = sorted(by_id.values(), key=lambda pair: (pair[0], pair[1].order_id))
    return Rows(tuple(fact for _, fact in ordered), rows.skipped)


def _kind(proposal: Proposal) -> dict[str, str]:
    """What only an order of this type carries."""
    match proposal.type, proposal.limit, proposal.trigger:
        case OrderType.LIMIT, Price() as limit, None:
            return {"price": number_text(limit.rate), "time_in_force": proposal.tif.value}
        case OrderType.MARKET, None, None:
            return {}
        case OrderType.STOP_LOSS, None, Price() as trigger:
            return {"ref_price": number_text(trigger.rate), "ref_price_type": "MARK_PRICE"}
        case _:
            raise BadInput(f"A {proposal.type} order with these prices cannot be said.")


def _funding(proposal: Proposal) -> dict[str, str]:
    match proposal.funding:
        case Margin(leverage=None):
            raise BadInput("A margin order without a leverage cannot be said.")
        case Margin(leverage=Decimal() as leverage):
            return {"spot_margin": "MARGIN", "leverage": number_text(leverage)}
        case _:
            return {"spot_margin": "SPOT"}


def _text(quantity: Quantity) -> str:
    return number_text(quantity.size)


def _fact(row: _Order, as_of: Instant, where: Source) -> OrderFact:
    filled, value = number(row.cumulative_quantity), number(row.cumulative_value)
    if filled < 0 or value < 0:
        raise BadInput(f"order {row.order_id} is said to have executed {filled}.")
    spawned, listed = str(row.exchange_order_id or "0"), str(row.list_id or "0")
    return OrderFact(
        client_oid=str(row.client_oid),
        order_id=str(row.order_id),
        symbol=row.instrument_name,
        side=_side(row.side),
        type=_type(row.order_type or row.type),
        state=STATES.get(row.status, State.ACKED),
        quantity=number(row.quantity),
        filled=filled,
        value=value,
        trigger=_trigger(row),
        source=where,
        as_of=as_of,
        spawned_order_id=spawned if spawned.strip("0") else None,
        refusal=_refusal(row),
        unlisted=None if row.status in STATES else row.status[:WORD_MAX],
        limit=number(row.limit_price) if row.limit_price else None,
        list_id=listed if listed.strip("0") else None,
    )


def _refusal(row: _Order) -> int | None:
    """The code of a rejection; a reason that is no code says nothing."""
    told = str(row.reject_reason or row.reason or "")
    is_code = STATES.get(row.status) is State.REJECTED and told.isascii() and told.isdigit()
    return int(told) or None if is_code and len(told) <= CODE_DIGITS_MAX else None


def _trigger(row: _Order) -> Decimal | None:
    named = row.ref_price or row.trigger_price
    return number(named) if named else None


def _type(text: str | None) -> OrderType | None:
    return OrderType.__members__.get(text or "")


def _side(text: str) -> Side:
    try:
        return Side(text.upper())
    except ValueError as error:
        raise BadInput(f"{text[:20]!r} is no side.") from error


def _age(row: _Order) -> Instant:
    return instant(row.create_time)
