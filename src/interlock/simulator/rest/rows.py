"""Orders and trades as the exchange shows them: decimals are texts, milliseconds whole numbers, nanoseconds texts."""

from decimal import Decimal
from typing import Final

from interlock.simulator.books.orders import Order, Trade
from interlock.simulator.config import Config
from interlock.simulator.market.prints import Print
from interlock.values import Side, number_text

ACCOUNT: Final = "00000000-0000-4000-8000-000000000001"


def order_row(order: Order, config: Config) -> dict[str, object]:
    """One order; a limit price only where there is one, a trigger's own fields only on a trigger."""
    wish = order.wish
    row: dict[str, object] = {
        "account_id": ACCOUNT,
        "order_id": order.id,
        "client_oid": wish.client_oid,
        "order_type": wish.kind.value,
        "time_in_force": wish.tif.value,
        "side": wish.side.value,
        "exec_inst": _instructions(order),
        "quantity": number_text(wish.quantity),
    }
    if wish.limit is not None:
        row["limit_price"] = number_text(wish.limit)
    row |= {
        "order_value": number_text(order.value),
        "maker_fee_rate": number_text(config.maker_rate),
        "taker_fee_rate": number_text(config.taker_rate),
        "avg_price": number_text(order.average),
        "ref_price": number_text(wish.ref_price or Decimal(0)),
        "ref_price_type": wish.ref_price_type,
        "cumulative_quantity": number_text(order.filled),
        "cumulative_value": number_text(order.filled_value),
        "cumulative_fee": number_text(order.fee),
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
    return row | _advanced_fields(order) if order.is_advanced else row


def trade_row(trade: Trade) -> dict[str, object]:
    """One execution; its fees are negative, for they were charged."""
    return {
        "account_id": ACCOUNT,
        "event_date": trade.at.day(),
        "journal_type": "TRADING",
        "side": trade.done.side.value,
        "instrument_name": trade.listed.symbol,
        "fees": number_text(-trade.done.fee),
        "trade_id": trade.id,
        "trade_match_id": trade.match_id,
        "create_time": trade.at.ms,
        "traded_price": number_text(trade.done.price),
        "traded_quantity": number_text(trade.done.quantity),
        "fee_instrument_name": trade.fee_currency,
        "client_oid": trade.client_oid,
        "taker_side": trade.liquidity.value,
        "order_id": trade.order_id,
        "create_time_ns": str(trade.at.micros * 1000),
        "transact_time_ns": str(trade.at.micros * 1000),
    }


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


def print_row(trade: Print) -> dict[str, object]:
    """One public trade; its side is in small letters here, and its nanoseconds are a whole number."""
    return {
        "d": trade.id,
        "t": trade.at.ms,
        "tn": trade.at.micros * 1000,
        "q": number_text(trade.quantity),
        "p": number_text(trade.price),
        "s": trade.side.value.lower(),
        "i": trade.symbol,
        "m": trade.match_id,
    }


def _instructions(order: Order) -> list[str]:
    if order.wish.notional is not None:
        return ["NOTIONAL_ORDER"]
    if order.wish.smart:
        return ["SMART_POST_ONLY"]
    return ["POST_ONLY"] if order.wish.post_only else []


def _advanced_fields(order: Order) -> dict[str, object]:
    """What an advanced order shows beyond an ordinary one; one whose child was rejected tells the reason."""
    leg = order.wish.leg
    listed: dict[str, object] = {}
    if leg is not None:
        listed = {"list_id": leg.list_id, "contingency_type": "OCO", "leg_id": leg.number}
    return listed | {
        "attach_order_id": "0",
        "exchange_order_id": order.child_id or "0",
        "reject_reason": str(order.reason),
    }
