"""The table of intents: every figure of the order readable in a column of its own, the instrument as it was then beside them."""

from functools import lru_cache
from typing import Final, cast

from interlock.account import Funding, Margin, Spot
from interlock.ledger.booking import lot_id_of
from interlock.orders.intent import Intent
from interlock.orders.life import State
from interlock.store.codec import dumps, loads, remembered
from interlock.store.rows import Cell, Table
from interlock.strategy.proposal import OrderType, Proposal, Protection, Purpose, TimeInForce
from interlock.values import (
    Instant,
    Instrument,
    Price,
    Quantity,
    Side,
    decimal_of,
    number_text,
)

INSTRUMENTS_REMEMBERED: Final = 4096


def _cells(intent: Intent) -> tuple[Cell, ...]:
    wish = intent.proposal
    named: dict[str, Cell] = {
        "id": intent.id,
        "idempotency_key": wish.key,
        "purpose": wish.purpose.value,
        "signal_id": intent.signal_id,
        "lot_id": wish.lot_id,
        "serves": lot_id_of(intent),
        "symbol": wish.symbol,
        "side": wish.side.value,
        "order_type": wish.type.value,
        "time_in_force": wish.tif.value,
        "quantity": number_text(wish.quantity.size),
        "price": _rate(wish.limit),
        "trigger_price": _rate(wish.trigger),
        "target_price": _rate(wish.target),
        "reserved": number_text(intent.reserved),
        **_funding_cells(wish.funding),
        **_protection_cells(wish.protection),
        "instrument": _instrument_text(wish.instrument),
        "client_oid": intent.client_oid,
        "verdict_id": intent.verdict_id,
        "status": intent.state.value,
        "live": int(not intent.ended),
        "order_id": intent.order_id,
        "spawned_order_id": intent.spawned_order_id,
        "filled": number_text(intent.filled),
        "value": number_text(intent.value),
        "refusal": intent.refusal,
        "leader": intent.leader,
        "list_id": intent.list_id,
        "confirmed_at": intent.confirmed_at.micros if intent.confirmed_at else None,
        "created_at": intent.created_at.micros,
        "updated_at": intent.updated_at.micros,
    }
    return tuple(named[column] for column in COLUMNS)


def _thing(cells: tuple[Cell, ...]) -> Intent:
    row = dict(zip(COLUMNS, cells, strict=True))
    confirmed_at = row["confirmed_at"]
    return Intent(
        id=_text(row["id"]),
        client_oid=_text(row["client_oid"]),
        proposal=_proposal(row),
        verdict_id=_text(row["verdict_id"]),
        state=State(_text(row["status"])),
        created_at=_instant(row["created_at"]),
        updated_at=_instant(row["updated_at"]),
        signal_id=_text_or_none(row["signal_id"]),
        order_id=_text_or_none(row["order_id"]),
        spawned_order_id=_text_or_none(row["spawned_order_id"]),
        filled=decimal_of(row["filled"]),
        value=decimal_of(row["value"]),
        confirmed_at=None if confirmed_at is None else _instant(confirmed_at),
        refusal=_text_or_none(row["refusal"]),
        leader=_text_or_none(row["leader"]),
        list_id=_text_or_none(row["list_id"]),
    )


def _proposal(row: dict[str, Cell]) -> Proposal:
    instrument = _instrument(row["instrument"])
    return Proposal(
        key=_text(row["idempotency_key"]),
        purpose=Purpose(_text(row["purpose"])),
        instrument=instrument,
        side=Side(_text(row["side"])),
        type=OrderType(_text(row["order_type"])),
        tif=TimeInForce(_text(row["time_in_force"])),
        quantity=Quantity(decimal_of(row["quantity"]), instrument.base),
        funding=_funding(row),
        limit=_price(row["price"], instrument),
        trigger=_price(row["trigger_price"], instrument),
        lot_id=_text_or_none(row["lot_id"]),
        protection=_protection(row),
        target=_price(row["target_price"], instrument),
    )


def _funding_cells(funding: Funding) -> dict[str, Cell]:
    match funding:
        case Spot():
            return {"margin_mode": "SPOT", "leverage": None}
        case Margin(leverage=leverage):
            text = None if leverage is None else number_text(leverage)
            return {"margin_mode": "MARGIN", "leverage": text}


def _funding(row: dict[str, Cell]) -> Funding:
    if row["margin_mode"] == "SPOT":
        return Spot()
    leverage = row["leverage"]
    return Margin(None if leverage is None else decimal_of(leverage))


def _protection_cells(protection: Protection | None) -> dict[str, Cell]:
    if protection is None:
        return dict.fromkeys(
            ("sl_distance", "sl_source", "tp_distance", "tp_source", "trailing_pct", "stop_floor")
        )
    trailing, floor = protection.trailing_pct, protection.stop_floor
    return {
        "sl_distance": number_text(protection.stop_distance),
        "sl_source": protection.stop_source,
        "tp_distance": number_text(protection.target_distance),
        "tp_source": protection.target_source,
        "trailing_pct": None if trailing is None else number_text(trailing),
        "stop_floor": None if floor is None else number_text(floor),
    }


def _protection(row: dict[str, Cell]) -> Protection | None:
    if row["sl_distance"] is None:
        return None
    trailing, floor = row["trailing_pct"], row["stop_floor"]
    return Protection(
        stop_distance=decimal_of(row["sl_distance"]),
        target_distance=decimal_of(row["tp_distance"]),
        stop_source=_text(row["sl_source"]),
        target_source=_text(row["tp_source"]),
        trailing_pct=None if trailing is None else decimal_of(trailing),
        stop_floor=None if floor is None else decimal_of(floor),
    )


def _rate(price: Price | None) -> Cell:
    return None if price is None else number_text(price.rate)


def _price(cell: Cell, instrument: Instrument) -> Price | None:
    if cell is None:
        return None
    return Price(decimal_of(cell), instrument.base, instrument.quote)


@lru_cache(INSTRUMENTS_REMEMBERED)
def _instrument_text(instrument: Instrument) -> str:
    return dumps(instrument)


@lru_cache(INSTRUMENTS_REMEMBERED)
def _instrument(text: Cell) -> Instrument:
    return cast("Instrument", loads(Instrument, text))


def _text(cell: Cell) -> str:
    return str(cell)


def _text_or_none(cell: Cell) -> str | None:
    return None if cell is None else str(cell)


def _instant(cell: Cell) -> Instant:
    return Instant(cast("int", cell))


COLUMNS: Final = (
    "id",
    "idempotency_key",
    "purpose",
    "signal_id",
    "lot_id",
    "serves",
    "symbol",
    "side",
    "order_type",
    "time_in_force",
    "quantity",
    "price",
    "trigger_price",
    "target_price",
    "reserved",
    "margin_mode",
    "leverage",
    "sl_distance",
    "sl_source",
    "tp_distance",
    "tp_source",
    "trailing_pct",
    "stop_floor",
    "instrument",
    "client_oid",
    "verdict_id",
    "status",
    "live",
    "order_id",
    "spawned_order_id",
    "filled",
    "value",
    "refusal",
    "leader",
    "list_id",
    "confirmed_at",
    "created_at",
    "updated_at",
)

INTENTS: Final = Table("order_intents", ("id",), "created_at", COLUMNS, _cells, remembered(_thing))
