"""Incidents as rows: the same fingerprint is the same incident, told when it opens and when it is over; repeats only raise its count."""

from collections.abc import Sequence
from dataclasses import replace

from interlock.evidence.incident import PAGED, Incident
from interlock.orders.intent import Intent
from interlock.store.outbox import tell_closed, tell_opened, tell_still_open
from interlock.store.records import INCIDENTS
from interlock.store.rows import Rows
from interlock.store.standing import FREEZE, UNKNOWN_OUTCOME
from interlock.values import Instant

CRITICAL = "FAIL"
# What is wrong with one lot, and over when it is closed: it cannot be guarded, its pair was refused, its sale fails.
OF_LOT = ("lot", "pair", PAGED)


def write_incident(rows: Rows, incident: Incident) -> None:
    """Opens the incident, or counts its repeat; one that was closed opens anew, and one that pages is told again every minute."""
    known = rows.get(INCIDENTS, incident.fingerprint)
    if known is None or known.closed_at is not None:
        rows.put(INCIDENTS, incident)
        tell_opened(rows, incident)
    else:
        count = known.count + incident.count
        rows.put(INCIDENTS, replace(incident, opened_at=known.opened_at, count=count))
        if incident.fingerprint.startswith(f"{PAGED}:"):
            tell_still_open(rows, known, incident)


def close_incidents(rows: Rows, fingerprints: Sequence[str], now: Instant) -> None:
    """Closes those that are open."""
    for fingerprint in fingerprints:
        known = rows.get(INCIDENTS, fingerprint)
        if known is not None and known.closed_at is None:
            rows.put(INCIDENTS, replace(known, closed_at=now))
            tell_closed(rows, known, now)


def contradicted(intent: Intent, text: str, now: Instant) -> Incident:
    """A word of the exchange contradicts what we know of an order: entries of its symbol freeze until a person has looked."""
    fingerprint = f"{FREEZE}:{UNKNOWN_OUTCOME}:{intent.proposal.symbol}"
    return Incident(fingerprint, CRITICAL, f"{intent.client_oid}: {text}", now)
