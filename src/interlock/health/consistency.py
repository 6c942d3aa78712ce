"""The local consistency check of the order tables: what the rows say of each other, without asking anybody."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from interlock.account import Lot
from interlock.orders.intent import Intent
from interlock.values import Instant

GRACE: Final = timedelta(seconds=60)
ACTED: Final = frozenset({"ORDERED", "EXIT", "BLOCKED", "SUPPRESSED"})


@dataclass(frozen=True, slots=True)
class Ending:
    """How a decision ended: its signal, its time, its outcome, and the intent or the code that it must name."""

    signal_id: str
    at: Instant
    outcome: str
    code: str | None
    intent_id: str | None


def inconsistencies(intents: Iterable[Intent], lots: Iterable[Lot]) -> tuple[str, ...]:
    """What cannot be: one client_oid for two intents, more filled than asked, a lot outside its own bounds."""
    asked = tuple(intents)
    oids = Counter(i.client_oid for i in asked)
    twice = (f"client_oid {oid} names {n} intents" for oid, n in oids.items() if n > 1)
    over = (
        f"intent {i.id} filled {i.filled} of {i.proposal.quantity.size}"
        for i in asked
        if not 0 <= i.filled <= i.proposal.quantity.size
    )
    out = (
        f"lot {lot.id} holds {lot.remaining} of {lot.bought}"
        for lot in lots
        if not 0 <= lot.remaining <= lot.bought
    )
    return (*twice, *over, *out)


def missing_intents(endings: Iterable[Ending], now: Instant) -> tuple[str, ...]:
    """Signals that ended in neither an intent nor a reason, when the grace of 60 s is over: MISSING_ORDER_INTENT."""
    return tuple(e.signal_id for e in endings if _is_missing(e) and now - e.at > GRACE)


def _is_missing(ending: Ending) -> bool:
    if ending.outcome not in ACTED:
        return False
    needs = ending.intent_id if ending.outcome == "ORDERED" else ending.code
    return not needs and ending.outcome != "EXIT"
