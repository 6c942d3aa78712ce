"""Orders, trades and balances as the exchange shows them: decimals are texts, milliseconds whole numbers, nanoseconds texts.

A price has the decimals of its tick. A value or a fee keeps the zeros that its factors bring along (22 times 0.06085 is 1.33870, as
recorded); every other number has none at its end.
"""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, Final

from interlock.matching import Liquidity
from interlock.simulator.books.journal import Cause, Movement
from interlock.simulator.books.orders import Order, Status, Trade
from interlock.simulator.config import Config
from interlock.simulator.market.candles import price_text
from interlock.simulator.market.listing import Listed
from interlock.simulator.market.prints import Print
from interlock.simulator.rest.fields import PAIR_WORDS, RESTING
from interlock.simulator.switches import AS_SEEN, HistoryOrder, ReservedQtyStyle, Switches
from interlock.values import Side, number_text

# Beyond every id that the entries of a trade have.
MOVEMENT_IDS: Final = 13_000_000_000_000_000_000
ADDRESS: Final = "simulated-address"
NETWORK_ID: Final = "CRONOS"
ACCOUNT: Final = "00000000-0000-4000-8000-000000000001"
Row = dict[str, object]


def order_row(order: Order, config: Config) -> dict[str, object]:
    """One order; a limit price only where there is one, a trigger's own fields only on a trigger."""
    wish, listed = order.wish, order.wish.listed
    row: dict[str, object] = {
        "account_id": ACCOUNT,
        "order_id": config.switches.shown_id(order.id, order.parent_id),
        "client_oid": wish.client_oid,
        "order_type": wish.kind.value,
        "time_in_force": wish.tif.value,
        "side": wish.side.value,
        "exec_inst": _instructions(order),
        "quantity": number_text(wish.quantity),
    }
    if wish.limit is not None:
        row["limit_price"] = tick_text(wish.limit, listed)
    row |= {
        "order_value": amount_text(order.value),
        "maker_fee_rate": number_text(config.maker_rate),
        "taker_fee_rate": number_text(config.taker_rate),
        "avg_price": tick_text(order.average, listed),
        "ref_price": tick_text(wish.ref_price or Decimal(0), listed),
        "ref_price_type": wish.ref_price_type,
        "cumulative_quantity": number_text(order.filled),
        "cumulative_value": amount_text(order.filled_value),
        "cumulative_fee": amount_text(order.fee),
        "status": order.status.value,
        "update_user_id": ACCOUNT,
        "order_date": order.created.day(),
        "instrument_name": wish.listed.symbol,
        "fee_instrument_name": wish.fee_currency,
        "reason": order.reason,
        "create_time": order.created.ms,
        "create_time_ns": str(order.created.micros * 1000),
        "update_time": order.updated.ms,
    }
    return row | _advanced_fields(order, config) if order.is_advanced else row


def read_row(order: Order, config: Config) -> dict[str, object]:
    """An order as a read shows it: an ordinary one that is open without its rates."""
    row = order_row(order, config)
    hidden = RESTING if order.is_open and not order.is_advanced else ()
    return {name: row[name] for name in row if name not in hidden}


def listed_row(order: Order, config: Config) -> dict[str, object]:
    """An order of a pair in the older words of private/get-order-list."""
    row = order_row(order, config)
    row["list_id"] = str(row["list_id"])
    return {word: row[name] for word, name in PAIR_WORDS.items() if name in row}


def trade_row(trade: Trade) -> dict[str, object]:
    """One execution; its fees are negative, for they were charged. Only a maker's has a place among its matches."""
    row = {
        "account_id": ACCOUNT,
        "event_date": trade.at.day(),
        "journal_type": "TRADING",
        "side": trade.done.side.value,
        "instrument_name": trade.listed.symbol,
        "fees": number_text(-trade.done.fee),
        "fee_credits": "0",
        "trade_id": trade.id,
        "trade_match_id": trade.match_id,
        "create_time": trade.at.ms,
        "traded_price": tick_text(trade.done.price, trade.listed),
        "traded_quantity": number_text(trade.done.quantity),
        "fee_instrument_name": trade.fee_currency,
        "client_oid": trade.client_oid,
        "taker_side": trade.liquidity.value,
        "order_id": trade.order_id,
        "match_count": 1,
        "match_index": 0,
        "create_time_ns": str(trade.at.micros * 1000),
        "transact_time_ns": str(trade.at.micros * 1000),
    }
    hidden = "match_index" if trade.liquidity is Liquidity.TAKER else ""
    return {name: row[name] for name in row if name != hidden}


def journal_rows(trade: Trade) -> list[dict[str, object]]:
    """The two entries that an execution leaves: what was exchanged, and what it cost."""
    done = trade.done
    sign = 1 if done.side is Side.BUY else -1
    entries = (
        ("TRADING", trade.listed.symbol, sign * done.quantity, -sign * done.value),
        ("TRADE_FEE", trade.fee_currency, -done.fee, Decimal(0)),
    )
    return [
        {
            "account_id": ACCOUNT,
            "event_date": trade.at.day(),
            "journal_type": kind,
            "journal_id": str(2 * int(trade.id) + n),
            "transaction_qty": number_text(quantity),
            "transaction_cost": number_text(cost),
            "realized_pnl": "0",
            "order_id": trade.order_id,
            "trade_id": trade.id,
            "trade_match_id": trade.match_id,
            "event_timestamp_ms": trade.at.ms,
            "event_timestamp_ns": str(trade.at.micros * 1000),
            "client_oid": trade.client_oid,
            "taker_side": trade.liquidity.value,
            "side": done.side.value,
            "instrument_name": instrument,
        }
        for n, (kind, instrument, quantity, cost) in enumerate(entries)
    ]


def movement_row(moved: Movement) -> dict[str, object]:
    """The entry of a transfer or of interest: it belongs to no order and no trade."""
    amount = number_text(moved.amount)
    return {
        "account_id": ACCOUNT,
        "event_date": moved.at.day(),
        "journal_type": moved.cause.value,
        "journal_id": str(MOVEMENT_IDS + moved.number),
        "transaction_qty": amount,
        "transaction_cost": amount,
        "realized_pnl": "0",
        "order_id": "0",
        "trade_id": "0",
        "trade_match_id": "0",
        "event_timestamp_ms": moved.at.ms,
        "event_timestamp_ns": str(moved.at.micros * 1000),
        "client_oid": "",
        "taker_side": "",
        "side": "NULL_VAL",
        "instrument_name": moved.currency,
    }


def chain_row(moved: Movement) -> dict[str, object]:
    """A deposit or a withdrawal, completed at once; a withdrawal names its network and its client's id, which it has none of."""
    stamp = str(moved.at.ms)
    row: dict[str, object] = {
        "currency": moved.currency,
        "fee": "0",
        "create_time": stamp,
        "id": str(moved.number),
        "update_time": stamp,
        "amount": number_text(abs(moved.amount)),
        "address": ADDRESS,
        "status": "1",
        "txid": f"simulated/{moved.number}",
    }
    if moved.cause is Cause.WITHDRAWAL:
        row |= {"client_wid": "", "status": "5", "network_id": NETWORK_ID}
    return row


def print_row(trade: Print, listed: Listed) -> dict[str, object]:
    """One public trade; its side is in small letters here, and its nanoseconds are a whole number."""
    return {
        "d": trade.id,
        "t": trade.at.ms,
        "tn": trade.at.micros * 1000,
        "q": lot_text(trade.quantity, listed),
        "p": tick_text(trade.price, listed),
        "s": trade.side.value.lower(),
        "i": trade.symbol,
        "m": trade.match_id,
    }


def balance_words(
    row: Mapping[str, Any], names: tuple[str, ...], switches: Switches = AS_SEEN
) -> Row:
    """A balance in the fields and the order of one of the two places that show it; what is isolated is nothing here."""
    hides = switches.reserved_qty_style is ReservedQtyStyle.ZERO
    hidden = {"reserved_qty": "0"} if hides else {}
    whole = {
        "total_isolated_cash_balance": "0",
        "isolated_positions": [],
        "total_risk_exposure": row["used_position_limit"],
        **row,
        "position_balances": [{**coin, **hidden} for coin in row["position_balances"]],
    }
    return {name: whole[name] for name in names}


def arranged(rows: Iterable[Row], order: HistoryOrder) -> list[Row]:
    """A page, newest first as it comes, in the order that is asked for; a shuffled one is the same one each time."""
    found = list(rows)
    match order:
        case HistoryOrder.NEWEST:
            return found
        case HistoryOrder.OLDEST:
            return found[::-1]
        case HistoryOrder.SHUFFLED:
            return found[1::2] + found[::2]


def tick_text(price: Decimal, listed: Listed) -> str:
    """A price with the decimals of its tick, or more where it has more; zero is plain."""
    return price_text(price.normalize(), listed.price_decimals) if price else "0"


def lot_text(quantity: Decimal, listed: Listed) -> str:
    """A public quantity with the decimals of its lot, or more where it has more; zero is plain."""
    lot = price_text(listed.lot.normalize(), 0)
    decimals = len(lot.partition(".")[2])
    return price_text(quantity.normalize(), decimals) if quantity else "0"


def amount_text(amount: Decimal) -> str:
    """A product with the zeros that its factors brought along; zero is plain."""
    return f"{amount:f}" if amount else "0"


def _instructions(order: Order) -> list[str]:
    wish = order.wish
    said = (
        (wish.notional is not None, "NOTIONAL_ORDER"),
        (wish.smart, "SMART_POST_ONLY"),
        (wish.post_only and not wish.smart, "POST_ONLY"),
        (wish.on_credit, "MARGIN_ORDER"),
    )
    return [word for holds, word in said if holds]


def _advanced_fields(order: Order, config: Config) -> dict[str, object]:
    """What an advanced order shows beyond an ordinary one; one whose child was rejected tells the reason."""
    leg = order.wish.leg
    listed: dict[str, object] = {}
    if leg is not None:
        listed = {"list_id": leg.list_id, "contingency_type": "OCO", "leg_id": leg.number}
    child = config.switches.shown_id(order.child_id, order.id) if order.child_id else "0"
    fields = listed | {"attach_order_id": "0", "exchange_order_id": child}
    is_rejected = order.status is Status.REJECTED
    return fields | {"reject_reason": str(order.reason)} if is_rejected else fields
