"""What was heard of an id that nobody knows: kept until the id is known or the exchange was asked about it, and never dropped in silence.

An order of ours may be spoken of before its id is (the child of a trigger); somebody else's is spoken of as well. What is parked is read
again with each later evidence. A full place is an incident: what came then is a gap for whoever listens.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Final

from interlock.evidence.incident import Incident
from interlock.orders.evidence import PARKED_MAX, Fill, OrderFact, Parked
from interlock.store.incidents import CRITICAL, write_incident
from interlock.store.records import FILLS, OPEN, PARKED
from interlock.store.rows import Rows
from interlock.values import Instant

FOREIGN_AFTER: Final = timedelta(minutes=1)
UNPROVEN_AFTER: Final = timedelta(minutes=10)
FULL: Final = "stream:parked"

READ: Final = "READ"
BOOKED: Final = "BOOKED"
FOREIGN: Final = "FOREIGN"
UNPROVEN: Final = "UNPROVEN"


def park(rows: Rows, told: OrderFact | Fill, now: Instant) -> None:
    """Keeps it, once; when there is no room it says so."""
    key = _key(told)
    if rows.get(PARKED, key) is not None:
        return
    if len(waiting(rows)) >= PARKED_MAX:
        text = f"{PARKED_MAX} events of unknown ids wait already; {key} has no place."
        write_incident(rows, Incident(FULL, CRITICAL, text, now))
        return
    rows.add(PARKED, Parked(key, now, told))


def waiting(rows: Rows) -> Sequence[Parked]:
    """What waits, oldest first."""
    return rows.find(PARKED, open=OPEN)


def resolve(rows: Rows, parked: Parked, outcome: str) -> None:
    """It waits no more."""
    rows.put(PARKED, replace(parked, outcome=outcome))


def settle(rows: Rows, now: Instant) -> None:
    """After the exchange was asked: booked is done, a stranger's is a stranger's, and an execution that it does not tell is told."""
    for parked in waiting(rows):
        age = now - parked.at
        if isinstance(parked.told, OrderFact):
            if age >= FOREIGN_AFTER:
                resolve(rows, parked, FOREIGN)
        elif rows.get(FILLS, parked.told.trade_id) is not None:
            resolve(rows, parked, BOOKED)
        elif age >= UNPROVEN_AFTER:
            resolve(rows, parked, UNPROVEN)
            text = f"The execution {parked.told.trade_id} was heard, and the exchange does not tell of it when asked."
            write_incident(rows, Incident(f"fill:{parked.told.trade_id}", CRITICAL, text, now))


def _key(told: OrderFact | Fill) -> str:
    match told:
        case Fill(trade_id=trade_id):
            return f"fill:{trade_id}"
        case OrderFact():
            return f"order:{told.order_id}:{told.source}:{told.state}:{told.filled:f}"
