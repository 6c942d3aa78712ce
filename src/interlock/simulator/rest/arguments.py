"""The arguments of a request, read strictly: each in the type and on the grid that the exchange demands, else its own refusal.

Decimals must be texts without an exponent. A number where a text belongs has the refusal that was met in production.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from types import MappingProxyType
from typing import Final, TypeVar

from interlock.simulator.answers import Refusal
from interlock.simulator.books.orders import ZERO, Kind, TimeInForce, Wish
from interlock.simulator.market.candles import Page
from interlock.simulator.market.listing import Listed
from interlock.simulator.rest.funding import Rights, leverage_of, stp_of
from interlock.simulator.rest.requests import Call
from interlock.simulator.switches import BareLeverage, SpotMargin, Switches
from interlock.values import Instant, Side

BAD_REQUEST: Final = 40003
BAD_ARGUMENT: Final = 40004
OID_MAX: Final = 36
LEGS_MAX: Final = 10
OCO_LEGS: Final = 2
POST_ONLY: Final = "POST_ONLY"
SMART: Final = "SMART_POST_ONLY"
MARGIN_ORDER: Final = "MARGIN_ORDER"
ROWS_MAX: Final = 100
CANDLES_MAX: Final = 300
CANDLES_DEFAULT: Final = 25
TAPE_MAX: Final = 150
TAPE_DEFAULT: Final = 25
DEPTH_MAX: Final = 50
DAY: Final = timedelta(days=1)
MILLISECOND: Final = timedelta(milliseconds=1)
CHAIN_WINDOW: Final = 90 * DAY
CHAIN_ROWS: Final = 20
CHAIN_ROWS_MAX: Final = 200
HISTORY: Final = MappingProxyType({"D1": (DAY, 30), "H1": (timedelta(hours=1), 120)})
Word = TypeVar("Word")
KINDS: Final = Kind.__members__
SIDES: Final = Side.__members__
TIMES_IN_FORCE: Final = TimeInForce.__members__
_PLAIN: Final = re.compile(r"\d{1,14}(\.\d{1,14})?")
_WHOLE: Final = re.compile(r"\d{1,19}")
# Magnitudes below which a number counts seconds, milliseconds, microseconds; above the last it counts nanoseconds.
_SECONDS, _MILLISECONDS, _MICROSECONDS = 10**11, 10**14, 10**17


@dataclass(frozen=True, slots=True)
class Span:
    """Which rows of a history are asked for: made at or after `start` and before `end`, the newest `limit`, of one symbol or all."""

    start: Instant
    end: Instant
    limit: int
    symbol: str | None


@dataclass(frozen=True, slots=True)
class ChainPage:
    """Which deposits or withdrawals are asked for: of one currency or all, made from `start` on and before `end`, so many after `skip`."""

    start: Instant
    end: Instant
    symbol: str | None
    skip: int
    limit: int


@dataclass(frozen=True, slots=True)
class Times:
    """`count` instants a `step` apart, the last of them `end`."""

    end: Instant
    step: timedelta
    count: int


def text(params: Mapping[str, object], name: str, *, code: int = BAD_ARGUMENT) -> str | None:
    """An optional text; an empty one is none."""
    value = params.get(name)
    if value is not None and not isinstance(value, str):
        raise Refusal(code)
    return value or None


def listed_of(params: Mapping[str, object], instruments: Mapping[str, Listed]) -> Listed:
    """The instrument that an order names; 209 when there is none, 208 when it is not traded here."""
    symbol = text(params, "instrument_name", code=209)
    if symbol is None:
        raise Refusal(BAD_ARGUMENT)
    listed = instruments.get(symbol)
    if listed is None:
        raise Refusal(209)
    if not listed.tradable:
        raise Refusal(208)
    return listed


def funded(params: Mapping[str, object], switches: Switches) -> Mapping[str, object]:
    """The parameters of an order with its funding said: what it is when it says nothing, and what a leverage alone means.

    SPOT goes without saying.
    """
    is_bare = "leverage" in params and params.get("spot_margin") != "MARGIN"
    if is_bare and switches.bare_leverage is BareLeverage.REJECT:
        raise Refusal(BAD_ARGUMENT)
    if is_bare and switches.bare_leverage is BareLeverage.MARGIN:
        return {**params, "spot_margin": "MARGIN"}
    if "spot_margin" in params or switches.spot_margin_default is SpotMargin.SPOT:
        return params
    return {**params, "spot_margin": switches.spot_margin_default.value}


def ordinary_wish(call: Call, instruments: Mapping[str, Listed], rights: Rights) -> Wish:
    """The order that a private/create-order asks for; a trigger only where those are still taken."""
    params = call.params
    listed = listed_of(params, instruments)
    kind = _kind(params)
    if kind.is_trigger:
        if rights.legacy_triggers:
            return trigger_wish(call, instruments, rights)
        raise Refusal(140001)
    leverage = leverage_of(params, rights)
    limit = _on_grid(params.get("price"), listed.tick, 308) if kind.has_limit else None
    quantity, notional = _amounts(params, listed, kind)
    side, instruction = _side(params), _instruction(params, leverage)
    return Wish(
        listed=listed,
        side=side,
        kind=kind,
        client_oid=_client_oid(call),
        quantity=quantity,
        limit=limit,
        notional=notional,
        tif=_tif(params),
        post_only=instruction is not None,
        smart=instruction == SMART,
        fee_in_quote=_fee_in_quote(params, listed, side),
        leverage=leverage,
        stp=stp_of(params, rights),
    )


def trigger_wish(call: Call, instruments: Mapping[str, Listed], rights: Rights) -> Wish:
    """The trigger that a private/advanced/create-order asks for."""
    params = call.params
    listed = listed_of(params, instruments)
    kind = _kind(params)
    if not kind.is_trigger:
        raise Refusal(218)
    leverage = leverage_of(params, rights)
    reference = text(params, "ref_price_type", code=230) or "MARK_PRICE"
    if reference not in {"MARK_PRICE", "INDEX_PRICE", "LAST_PRICE"}:
        raise Refusal(230)
    side = _side(params)
    instruction = _instruction(params, leverage) if kind.has_limit else None
    return Wish(
        listed=listed,
        side=side,
        kind=kind,
        client_oid=_client_oid(call),
        quantity=_quantity(params, listed),
        limit=_on_grid(params.get("price"), listed.tick, 308) if kind.has_limit else None,
        ref_price=_on_grid(params.get("ref_price"), listed.tick, 229),
        ref_price_type=reference,
        tif=_tif(params),
        post_only=instruction is not None,
        fee_in_quote=_fee_in_quote(params, listed, side),
        leverage=leverage,
        stp=stp_of(params, rights),
    )


def oco_wishes(call: Call, instruments: Mapping[str, Listed], rights: Rights) -> tuple[Wish, Wish]:
    """The limit and the trigger of a private/advanced/create-oco, on one side of one instrument, in the order in which they came."""
    found = legs(call.params, advanced=True)
    if len(found) != OCO_LEGS:
        raise Refusal(BAD_ARGUMENT)
    asked = [_oco_leg(call, leg, index) for index, leg in enumerate(found)]
    one, other = (_oco_wish(each, instruments, rights) for each in asked)
    alike = one.listed is other.listed and one.side is other.side
    if not alike or one.kind.is_trigger is other.kind.is_trigger:
        raise Refusal(50010)
    if any(wish.ref_price_type not in {"MARK_PRICE", "NULL_VAL"} for wish in (one, other)):
        raise Refusal(230)
    return one, other


def _oco_leg(call: Call, leg: Mapping[str, object], index: int) -> Call:
    """One leg as a request of its own."""
    own = text(leg, "client_oid") or f"{call.nonce}_{index}"
    return replace(call, params={**leg, "client_oid": own})


def _oco_wish(asked: Call, instruments: Mapping[str, Listed], rights: Rights) -> Wish:
    is_limit = asked.params.get("type") == Kind.LIMIT
    wish = (ordinary_wish if is_limit else trigger_wish)(asked, instruments, rights)
    if is_limit and wish.tif is not TimeInForce.GOOD_TILL_CANCEL:
        raise Refusal(221)
    return wish


def legs(params: Mapping[str, object], *, advanced: bool) -> list[Mapping[str, object]]:
    """The one to ten legs of a list; a list by which orders hang together is not taken here."""
    kind = text(params, "contingency_type")
    if not advanced and kind != "LIST":
        raise Refusal(140001 if kind in {"OCO", "OTO", "OTOCO"} else BAD_ARGUMENT)
    found = params.get("order_list")
    if not isinstance(found, list) or not 0 < len(found) <= LEGS_MAX:
        raise Refusal(BAD_ARGUMENT)
    if not all(isinstance(leg, Mapping) for leg in found):
        raise Refusal(BAD_ARGUMENT)
    return found


def amended_wish(call: Call, wish: Wish, filled: Decimal) -> Wish:
    """What an amended order asks for: both a price and a quantity must be said, and something must change."""
    params, listed = call.params, wish.listed
    quantity = _on_grid(params.get("new_quantity"), listed.lot, 213)
    kind, limit = _amended_price(params, wish)
    ref_price = wish.ref_price
    if params.get("new_ref_price") is not None and wish.kind.is_trigger:
        ref_price = _on_grid(params["new_ref_price"], listed.tick, 229)
    if (quantity, limit, ref_price) == (wish.quantity, wish.limit, wish.ref_price):
        raise Refusal(BAD_ARGUMENT)
    if quantity <= filled:
        raise Refusal(213)
    return replace(
        wish,
        kind=kind,
        quantity=quantity,
        limit=limit,
        ref_price=ref_price,
        client_oid=_client_oid(call),
    )


def _amended_price(params: Mapping[str, object], wish: Wish) -> tuple[Kind, Decimal | None]:
    """The new price; of a trigger, zero makes it one at market, and any other one with a limit."""
    given = params.get("new_price")
    if wish.kind.is_trigger and given == "0":
        return (Kind.STOP_LOSS if wish.kind.stops else Kind.TAKE_PROFIT), None
    limit = _on_grid(given, wish.listed.tick, 308)
    if not wish.kind.is_trigger:
        return wish.kind, limit
    return (Kind.STOP_LIMIT if wish.kind.stops else Kind.TAKE_PROFIT_LIMIT), limit


def which_to_amend(params: Mapping[str, object]) -> tuple[str | None, str | None]:
    """The order_id and the present client_oid of the order to amend; one of them must be there."""
    return which({"order_id": params.get("order_id"), "client_oid": params.get("orig_client_oid")})


def which(params: Mapping[str, object]) -> tuple[str | None, str | None]:
    """The order_id and the client_oid by which an order is named; one of them must be there."""
    order_id, client_oid = text(params, "order_id"), text(params, "client_oid")
    if order_id is None and client_oid is None:
        raise Refusal(BAD_ARGUMENT)
    return order_id, client_oid


def span(params: Mapping[str, object], now: Instant) -> Span:
    """The window of a history: the day before its end by default, its end just after now, at most a hundred rows."""
    end = _instant(params.get("end_time")) or now + MILLISECOND
    start = _instant(params.get("start_time")) or end - DAY
    limit = params.get("limit", ROWS_MAX)
    if not isinstance(limit, int) or isinstance(limit, bool):
        raise Refusal(BAD_REQUEST)
    if not 0 < limit <= ROWS_MAX:
        raise Refusal(BAD_ARGUMENT)
    return Span(start, end, limit, text(params, "instrument_name"))


def candle_page(params: Mapping[str, object], now: Instant) -> Page:
    """The page of candles: the newest 25 by default, silently no more than 300, never none."""
    start, end = (_instant(params.get(name)) for name in ("start_ts", "end_ts"))
    count = _count(params, "count", CANDLES_DEFAULT)
    return Page(start, end or now + MILLISECOND, min(count, CANDLES_MAX))


def tape_span(params: Mapping[str, object], now: Instant) -> Span:
    """Which public trades: the newest 25 of the day before the end by default, silently no more than 150, from seven days at most."""
    end = _instant(params.get("end_ts")) or now + MILLISECOND
    start = _instant(params.get("start_ts")) or end - DAY
    count = min(_count(params, "count", TAPE_DEFAULT), TAPE_MAX)
    return Span(max(start, end - 7 * DAY), min(end, now + MILLISECOND), count, None)


def chain_page(params: Mapping[str, object], now: Instant) -> ChainPage:
    """Ninety days by default, twenty rows of the first page, at most two hundred."""
    end = _instant(params.get("end_ts")) or now + MILLISECOND
    start = _instant(params.get("start_ts")) or end - CHAIN_WINDOW
    page, size = str(params.get("page", 0)), _count(params, "page_size", CHAIN_ROWS)
    if not _WHOLE.fullmatch(page):
        raise Refusal(BAD_REQUEST)
    size = min(size, CHAIN_ROWS_MAX)
    return ChainPage(start, end, text(params, "currency"), int(page) * size, size)


def history_page(params: Mapping[str, object], now: Instant) -> Times:
    """Thirty days or a hundred and twenty hours at most, by default days, until now."""
    name = text(params, "timeframe") or "D1"
    if name not in HISTORY:
        raise Refusal(BAD_REQUEST)
    step, most = HISTORY[name]
    end = min(_instant(params.get("end_time")) or now, now)
    return Times(end, step, min(_count(params, "limit", most), most))


def depth_of(params: Mapping[str, object]) -> int:
    """How many levels of a book: fifty when nothing is said, silently no more."""
    return min(_count(params, "depth", DEPTH_MAX), DEPTH_MAX)


def page_of(params: Mapping[str, object]) -> int:
    """Which page: the first unless said otherwise."""
    return _count(params, "page", 1)


def _count(params: Mapping[str, object], name: str, default: int) -> int:
    """A whole number above zero."""
    count = str(params.get(name, default))
    if not _WHOLE.fullmatch(count):
        raise Refusal(BAD_REQUEST)
    if int(count) == 0:
        raise Refusal(BAD_ARGUMENT)
    return int(count)


def _instant(value: object) -> Instant | None:
    """A time in seconds, milliseconds, microseconds or nanoseconds, told apart by its magnitude."""
    if value is None:
        return None
    if isinstance(value, bool) or not _WHOLE.fullmatch(str(value)):
        raise Refusal(BAD_REQUEST)
    number = int(str(value))
    if number < _SECONDS:
        return Instant(number * 1_000_000)
    if number < _MILLISECONDS:
        return Instant(number * 1000)
    return Instant(number if number < _MICROSECONDS else number // 1000)


def _kind(params: Mapping[str, object]) -> Kind:
    kind = _word(params, "type", KINDS, 218)
    if kind is None:
        raise Refusal(BAD_ARGUMENT)
    return kind


def _side(params: Mapping[str, object]) -> Side:
    side = _word(params, "side", SIDES, 220)
    if side is None:
        raise Refusal(BAD_ARGUMENT)
    return side


def _tif(params: Mapping[str, object]) -> TimeInForce:
    return _word(params, "time_in_force", TIMES_IN_FORCE, 221) or TimeInForce.GOOD_TILL_CANCEL


def _word(
    params: Mapping[str, object], name: str, words: Mapping[str, Word], code: int
) -> Word | None:
    """One of the words that there are, if any was said."""
    said = text(params, name, code=code)
    if said is None:
        return None
    found = words.get(said)
    if found is None:
        raise Refusal(code)
    return found


def _instruction(params: Mapping[str, object], leverage: Decimal | None) -> str | None:
    """Whether the order may only rest, and how strictly; a margin order may say that it is one; others are not served."""
    if "exec_inst" not in params:
        return None
    given = params["exec_inst"]
    if leverage is not None and isinstance(given, list):
        given = [each for each in given if each != MARGIN_ORDER]
    if given not in ([], [POST_ONLY], [SMART]):
        raise Refusal(219)
    return str(given[0]) if isinstance(given, list) and given else None


def _fee_in_quote(params: Mapping[str, object], listed: Listed, side: Side) -> bool:
    """Whether the fee is asked to be paid in quote; other currencies than the two of the pair are not served."""
    named = text(params, "fee_instrument_name", code=215)
    if named is None:
        return False
    if named != listed.quote and (named != listed.base or side is Side.SELL):
        raise Refusal(215)
    return named == listed.quote


def _client_oid(call: Call) -> str:
    given = text(call.params, "client_oid") or str(call.nonce)
    if len(given) > OID_MAX:
        raise Refusal(BAD_ARGUMENT)
    return given


def _amounts(
    params: Mapping[str, object], listed: Listed, kind: Kind
) -> tuple[Decimal, Decimal | None]:
    """Quantity, or the notional of a market buy; quantity wins."""
    by_value = params.get("quantity") is None and params.get("notional") is not None
    if not by_value or kind is not Kind.MARKET or params.get("side") != Side.BUY:
        return _quantity(params, listed), None
    notional = params["notional"]
    if not isinstance(notional, str):
        raise Refusal(50001)
    return ZERO, _plain(notional, BAD_ARGUMENT)


def _quantity(params: Mapping[str, object], listed: Listed) -> Decimal:
    given = params.get("quantity")
    if not isinstance(given, str) and isinstance(given, int | Decimal):
        raise Refusal(40101)
    return _on_grid(given, listed.lot, 213)


def _on_grid(given: object, step: Decimal, code: int) -> Decimal:
    """A decimal text that is a multiple of the step and above zero, without zeros at its end; a missing one is a missing argument."""
    if given is None:
        raise Refusal(BAD_ARGUMENT)
    number = _plain(given, code)
    if number % step:
        raise Refusal(code)
    return number.normalize()


def _plain(given: object, code: int) -> Decimal:
    if not isinstance(given, str) or not _PLAIN.fullmatch(given):
        raise Refusal(code)
    number = Decimal(given)
    if not number:
        raise Refusal(code)
    return number
