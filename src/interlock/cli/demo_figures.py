"""What the demo reports: the platform's own count beside the exchange's, which is asked over HTTP. They must agree to the last digit."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from interlock.evidence.picture import Picture
from interlock.ledger.book import wallet
from interlock.orders.intent import Intent
from interlock.orders.life import State
from interlock.ports import Books
from interlock.protection.view import View, is_protected
from interlock.reconcile.drift import Drift, drift
from interlock.strategy.proposal import Purpose
from interlock.values import Unknown

EVERYTHING: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class ExchangeTruth:
    """What the simulator says of itself: accepted orders, executions, the wallet, the last prices."""

    accepted: tuple[str, ...]
    fills: int
    trades: str
    wallet: Mapping[str, Decimal]
    prices: Mapping[str, Decimal]
    live_stops: frozenset[str]


def was_accepted(intent: Intent) -> bool:
    """Whether the platform knows that the exchange took this order; each leg of a pair is one, named by the list at first."""
    refused = intent.state is State.REJECTED and intent.refusal is not None
    is_named = intent.order_id is not None or intent.list_id is not None
    return is_named and not refused


def figures(books: Books, truth: ExchangeTruth, picture: Picture) -> dict[str, Any]:
    """The agreement of both sides, as JSON numbers."""
    intents = [intent for intent in picture.intents if was_accepted(intent)]
    accepted = Counter(truth.accepted)
    strangers = set(accepted) - {intent.client_oid for intent in picture.intents}
    outcomes = Counter(decided.outcome for decided in picture.decisions)
    return {
        "intents_sent": len(intents),
        "exchange_orders": len(accepted),
        "duplicate_orders": sum(n - 1 for n in accepted.values()) + len(strangers),
        "fills": truth.fills,
        "fills_booked": len(books.fills()),
        "trades": truth.trades,
        "ledger_drift_pct": _drift_pct(books, truth),
        "unprotected_positions": _unprotected(books, truth),
        "open_positions": len(books.open_lots()),
        "decisions": len(picture.decisions),
        "blocked": outcomes["BLOCKED"],
        "audit": "PASS" if picture.audits and picture.audits[0].passed else "FAIL",
    }


def worth(truth: ExchangeTruth) -> float:
    """The wallet at the last prices, in USD."""
    value = sum((size * truth.prices[c] for c, size in truth.wallet.items()), Decimal(0))
    return round(float(value), 2)


def _drift_pct(books: Books, truth: ExchangeTruth) -> float | None:
    """Zero only when every currency agrees exactly; None when it could not be compared."""
    found = drift(wallet(books.entries()), truth.wallet, truth.prices)
    if isinstance(found, Unknown):
        return None
    return 0 if _agrees(found) else max(float(found.pct), 1e-9)


def _agrees(found: Drift) -> bool:
    return all(row.difference == 0 for row in found.rows)


def _unprotected(books: Books, truth: ExchangeTruth) -> int:
    """Open lots that stops living at the exchange do not cover."""
    naked = 0
    for lot, legs in books.open_lots():
        seen = tuple(leg for leg in legs if leg.client_oid in truth.live_stops)
        entry = next(leg for leg in legs if leg.proposal.purpose is Purpose.ENTRY)
        at = lot.opened_at
        view = View(lot, seen, entry.proposal.instrument, None, at, at, at - at)
        naked += not is_protected(view)
    return naked
