"""All that the books keep of one order, found by any of its ids or the beginning of one."""

from typing import Final

from interlock.errors import BadInput
from interlock.evidence.picture import Decided
from interlock.evidence.timeline import Execution, OrderRecord, Step, Tried
from interlock.ledger.book import Entry
from interlock.ledger.booking import lot_id_of
from interlock.orders.intent import Intent
from interlock.store.intent_rows import INTENTS
from interlock.store.records import (
    ATTEMPTS,
    DECISIONS,
    ENTRIES,
    FILLS,
    LOTS,
    POSTINGS,
    STEPS,
    VERDICTS,
    Booked,
)
from interlock.store.rows import Rows
from interlock.strategy.proposal import Purpose

NAME_MIN: Final = 4
NAMED_MAX: Final = 3


def order_record(rows: Rows, named: str) -> OrderRecord | None:
    """The record of the one order that bears this name."""
    intent = _named(rows, named)
    if intent is None:
        return None
    judged = rows.get(VERDICTS, intent.verdict_id)
    # What was asked of a pair was asked by the stop that leads it.
    asked = (intent.id,) if intent.leader is None else (intent.id, intent.leader)
    found = [each for one in asked for each in rows.find(ATTEMPTS, intent_id=one)]
    sent = sorted(found, key=lambda each: each.attempt.nonce)
    lot_id = lot_id_of(intent)
    return OrderRecord(
        intent=intent,
        decided=_decided(rows, intent),
        verdict=judged.verdict if judged else None,
        tried=tuple(Tried(each.attempt, each.answered_at) for each in sent),
        steps=_steps(rows, intent),
        executions=tuple(_execution(rows, b) for b in rows.find(FILLS, intent_id=intent.id)),
        lot=rows.get(LOTS, lot_id) if lot_id else None,
        stops=_stops(rows, lot_id) if lot_id else (),
    )


def _named(rows: Rows, named: str) -> Intent | None:
    whole = (
        *rows.find(INTENTS, client_oid=named),
        *rows.find(INTENTS, id=named),
        *rows.find(INTENTS, order_id=named),
        *rows.find(INTENTS, spawned_order_id=named),
    )
    if whole:
        return whole[0]
    if len(named) < NAME_MIN:
        raise BadInput(f"{NAME_MIN} characters at the least name an order.")
    alike = [intent for intent in rows.find(INTENTS) if _begins(intent, named)]
    if len(alike) > 1:
        ids = ", ".join(intent.client_oid for intent in alike[:NAMED_MAX])
        raise BadInput(f"{len(alike)} orders begin with {named}: {ids}.")
    return alike[0] if alike else None


def _begins(intent: Intent, named: str) -> bool:
    """The part behind our mark names an order too: the mark is the same for all of them."""
    own = intent.client_oid.partition("-")[2]
    ids = (intent.client_oid, own, intent.id, intent.order_id, intent.spawned_order_id)
    return any(each is not None and each.startswith(named) for each in ids)


def _decided(rows: Rows, intent: Intent) -> Decided | None:
    made = rows.get(DECISIONS, intent.signal_id) if intent.signal_id else None
    if made is None:
        return None
    return Decided(made.signal, made.at, made.outcome, made.code, None, made.intent_id)


def _steps(rows: Rows, intent: Intent) -> tuple[Step, ...]:
    return tuple(sorted(rows.find(STEPS, intent_id=intent.id), key=lambda step: step.n))


def _execution(rows: Rows, booked: Booked) -> Execution:
    cause = booked.fill.trade_id
    head = rows.get(ENTRIES, cause)
    postings = sorted(rows.find(POSTINGS, cause=cause), key=lambda row: row.n)
    entry = Entry(cause, head.at, tuple(row.posting for row in postings)) if head else None
    return Execution(booked.fill, booked.booked_at, entry)


def _stops(rows: Rows, lot_id: str) -> tuple[tuple[Intent, tuple[Step, ...]], ...]:
    serving = rows.find(INTENTS, serves=lot_id, purpose=Purpose.PROTECT.value)
    return tuple((stop, _steps(rows, stop)) for stop in serving)
