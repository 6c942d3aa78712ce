"""The outbox: what the owner is told, written in the very transaction of what it tells of, so that neither is there without the other.

A message is one by its key: a replay of evidence, a restart and a repeat are silent.
"""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Final

from interlock.account import Lot
from interlock.errors import BadInput
from interlock.evidence.incident import Incident
from interlock.evidence.telling import Delivery, Expired, Message, Mute, Said, Saying, Topic, Unsaid
from interlock.store.records import (
    OPEN,
    OUTBOX,
    OUTBOX_AGED,
    OUTBOX_DUE,
    THE_MESSENGER,
    TRIES,
    Decision,
    Tries,
)
from interlock.store.rows import Rows
from interlock.values import Instant, number_text

MINUTE: Final = timedelta(minutes=1)


def tell(rows: Rows, topic: Topic, key: str, text: str, now: Instant) -> None:
    """Writes the message behind those that are there, unless its key is."""
    if any(rows.sound(OUTBOX, dedup_key=key, limit=1)):
        return
    number = _next_number(rows)
    rows.add(OUTBOX, Message(number, key, topic, text, now, due_at=now))


def _next_number(rows: Rows) -> int:
    """One more than the newest, whether it can be read or not."""
    newest, poison = rows.sound(OUTBOX, newest=True, limit=1)
    return max([0, *(each.id for each in newest), *(int(str(key[0])) for key in poison)]) + 1


def tell_signal(rows: Rows, made: Decision) -> None:
    """The alert of a signal, and what became of its order side; the order never waits for it."""
    if made.alert is None:
        return
    match made.outcome:
        case "ORDERED":
            became = "An order was written."
        case "EXIT":
            became = "What is held of it is being sold."
        case _:
            became = f"No order: {made.code}."
    text = f"{made.alert} {became}"
    tell(rows, Topic.SIGNAL, f"signal:{made.signal.id}", text, made.at)


def tell_lot(rows: Rows, before: Lot | None, lot: Lot, now: Instant) -> None:
    """A lot that opened, and a lot that closed: each of its closings is another, since a late execution may open it again."""
    if before is None:
        text = f"Bought {_amount(lot.bought, lot.base)} for {_amount(lot.cost, lot.quote)}."
        tell(rows, Topic.LOT, f"lot:{lot.id}:opened", text, now)
    if lot.closed_at is not None and (before is None or before.closed_at is None):
        key = f"lot:{lot.id}:closed:{lot.closed_at.micros}"
        tell(rows, Topic.LOT, key, _closing(lot), now)


def _closing(lot: Lot) -> str:
    if not lot.sold:
        held = _amount(lot.remaining, lot.base)
        return f"Closed {lot.symbol}: the {held} that it holds are too little for any order."
    # All that it cost, the part that the exchange kept as its fee in base included.
    result = _amount(lot.proceeds - lot.cost - lot.fees, lot.quote)
    why = f" Reason: {lot.exit_reason}." if lot.exit_reason else ""
    sold = f"Sold {_amount(lot.sold, lot.base)} for {_amount(lot.proceeds, lot.quote)}"
    return f"{sold}, bought for {_amount(lot.cost, lot.quote)}; result after fees: {result}.{why}"


def _amount(size: Decimal, currency: str) -> str:
    return f"{number_text(size)} {currency}"


def tell_opened(rows: Rows, incident: Incident) -> None:
    """An incident that opened; its repeats only raise its count."""
    key = f"incident:{incident.fingerprint}:{incident.opened_at.micros}:opened"
    text = f"{incident.severity} {incident.fingerprint}: {incident.text}"
    tell(rows, Topic.INCIDENT, key, text, incident.opened_at)


def tell_still_open(rows: Rows, known: Incident, now: Incident) -> None:
    """An incident that lasts, once for each full minute."""
    minutes = (now.opened_at - known.opened_at) // MINUTE
    if minutes:
        key = f"incident:{known.fingerprint}:{known.opened_at.micros}:minute:{minutes}"
        text = f"{now.severity} {now.fingerprint}, for {minutes} min: {now.text}"
        tell(rows, Topic.INCIDENT, key, text, now.opened_at)


def tell_closed(rows: Rows, incident: Incident, now: Instant) -> None:
    """An incident that is over."""
    key = f"incident:{incident.fingerprint}:{incident.opened_at.micros}:closed"
    # Its first line says which; the facts and the remedy below were told when it opened.
    which = incident.text.partition("\n")[0]
    text = f"Over: {incident.fingerprint}: {which}"
    tell(rows, Topic.INCIDENT, key, text, now)


def undelivered(rows: Rows, now: Instant, limit: int) -> tuple[Message, ...]:
    """What is due, the oldest first; then what waits for a further try."""
    waiting, _ = rows.sound(OUTBOX_DUE, open=OPEN, limit=limit)
    return tuple(
        sorted(waiting, key=lambda m: (m.due_at > now, m.due_at if m.due_at > now else m.id))
    )


def heard(rows: Rows, message_id: int, outcome: Saying, now: Instant) -> None:
    """Keeps what became of a message; one that was said or given up stays so."""
    message = rows.get(OUTBOX, message_id)
    if message is None:
        raise BadInput(f"There is no message {message_id}.")
    if message.sent_at is None and message.expired_at is None:
        rows.put(OUTBOX, _after(message, outcome, now))
    if not isinstance(outcome, Expired):
        _count(rows, ok=isinstance(outcome, Said), now=now)


def _after(message: Message, outcome: Saying, now: Instant) -> Message:
    match outcome:
        case Said(theirs):
            n = message.attempts + 1
            return replace(message, attempts=n, sent_at=now, message_id=theirs, last_error=None)
        case Unsaid(error, again_at):
            n = message.attempts + 1
            return replace(message, attempts=n, due_at=again_at, last_error=error)
        case Expired():
            return replace(message, expired_at=now)


def _count(rows: Rows, *, ok: bool, now: Instant) -> None:
    known = rows.get(TRIES, THE_MESSENGER)
    failures = 0 if ok else 1 + (known.failures_in_row if known else 0)
    rows.put(TRIES, Tries(ok, failures, now))


def delivery(rows: Rows, mute: Mute | None) -> Delivery:
    """How telling goes."""
    tries = rows.get(TRIES, THE_MESSENGER)
    oldest, _ = rows.sound(OUTBOX_AGED, open=OPEN, limit=1)
    return Delivery(
        last_send_ok=tries.last_send_ok if tries else None,
        failures_in_row=tries.failures_in_row if tries else 0,
        oldest_unsent=oldest[0].at if oldest else None,
        mute=mute,
    )
