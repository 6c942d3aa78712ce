"""The oracle of the killed: the exchange's own books against ours, and nothing that the platform says of itself.

Each contradiction is named, and counted under the promise that it breaks.
"""

import sqlite3
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from interlock.account import Lot
from interlock.ledger.book import wallet
from interlock.orders.intent import PREFIX, Attempt, Intent, Request
from interlock.orders.life import State
from interlock.rehearsal.venue import LIVE, Truth
from interlock.settings import Settings
from interlock.store.books import RowBooks
from interlock.store.files import BOOKS_FILE, MARKET_FILE
from interlock.store.records import ATTEMPTS
from interlock.strategy.proposal import Purpose
from interlock.values import Instant
from interlock.wiring.adapters import open_books

EVERYTHING: Final = 1_000_000
ZERO: Final = Decimal(0)
NOT_ENDED: Final = frozenset({State.SENDING, State.UNKNOWN, State.CANCELLING})


@dataclass(frozen=True, slots=True)
class Ours:
    """What our books hold: every intent, every attempt, executions by trade id, the wallet, open lots with all their orders."""

    intents: tuple[Intent, ...]
    attempts: tuple[Attempt, ...]
    fills: Counter[str]
    wallet: Mapping[str, Decimal]
    lots: tuple[tuple[Lot, tuple[Intent, ...]], ...]


class Broken(StrEnum):
    """The promise that a contradiction breaks."""

    DUPLICATE = "duplicate"
    ORPHAN = "orphan"
    LOST_FILL = "lost fill"
    ABANDONED = "abandoned"
    CORRUPT = "corrupt"
    UNPROTECTED = "unprotected"
    OTHER = "other"


Wrong = tuple[Broken, str]


@dataclass(frozen=True, slots=True)
class Reckoning:
    """How much both sides agree upon, and every contradiction."""

    accepted: int
    intents: int
    fills: int
    wrong: tuple[Wrong, ...]


def ours_of(settings: Settings) -> Ours:
    """What the books of this data folder hold; they are closed again."""
    with closing(open_books(settings)) as books:
        return ours_in(books)


def ours_in(books: RowBooks) -> Ours:
    """What these books hold."""
    with books._ground.look() as rows:  # noqa: SLF001 - who judges reads what no program of ours does
        attempts = tuple(sent.attempt for sent in rows.find(ATTEMPTS))
    return Ours(
        intents=books.picture(Instant(0), limit=EVERYTHING).intents,
        attempts=attempts,
        fills=Counter(fill.trade_id for fill in books.fills()),
        wallet=wallet(books.entries()),
        lots=books.open_lots(),
    )


def reckoned(ours: Ours, truth: Truth) -> Reckoning:
    """Both sides compared, at a moment when everything rests."""
    accepts = [a for a in truth["accepts"] if a["parent_id"] is None]
    oids = Counter(a["client_oid"] for a in accepts)
    sent = {i.client_oid for i in ours.intents if _is_known_as_accepted(i)}
    found = {
        Broken.DUPLICATE: _duplicates(ours, oids),
        Broken.ORPHAN: _orphans(ours, accepts),
        Broken.LOST_FILL: _fills(ours, truth),
        Broken.ABANDONED: _abandoned(ours, oids),
        Broken.UNPROTECTED: _protection(ours, truth),
        Broken.OTHER: (*_unknown(ours, sent, set(oids)), *_wallets(ours, truth)),
    }
    wrong = tuple((broken, text) for broken, texts in found.items() for text in texts)
    return Reckoning(len(accepts), len(sent), len(truth["fills"]), wrong)


def corruption(folder: Path) -> tuple[Wrong, ...]:
    """What SQLite itself finds wrong with the files."""
    wrong: list[Wrong] = []
    for name in (BOOKS_FILE, MARKET_FILE):
        with closing(sqlite3.connect(f"file:{folder / name}?mode=ro", uri=True)) as file:
            try:
                said = file.execute("PRAGMA integrity_check").fetchall()
            except sqlite3.DatabaseError as error:
                said = [(str(error),)]
        if said != [("ok",)]:
            wrong.append((Broken.CORRUPT, f"{name}: {said[:3]}"))
    return tuple(wrong)


def left_alone(before: Truth, after: Truth) -> Iterator[str]:
    """What is wrong a minute after a death: an entry that works on, a stop that is gone and did not sell."""
    orders = {o["order_id"]: o for o in after["orders"]}
    sold = {o["list_id"] for o in after["orders"] if o.get("list_id") and _has_sold(o)}
    for order in after["orders"]:
        if order["side"] == "BUY" and order["status"] in LIVE:
            yield f"the entry {order['client_oid']} works on without an engine"
    for stop in live_stops(before):
        now = orders[stop["order_id"]]
        is_done = _has_sold(now) or (stop.get("list_id") and stop["list_id"] in sold)
        if now["status"] not in LIVE and not is_done:
            yield f"the stop {stop['client_oid']} is {now['status']} without an engine"


def live_stops(truth: Truth) -> list[dict[str, Any]]:
    """The stops that stand at the exchange."""
    return [o for o in truth["orders"] if o["order_type"] == "STOP_LOSS" and o["status"] in LIVE]


def _has_sold(order: Mapping[str, Any]) -> bool:
    return order["status"] == "FILLED" or Decimal(order["cumulative_quantity"]) > 0


def _is_known_as_accepted(intent: Intent) -> bool:
    refused = intent.state is State.REJECTED and intent.refusal is not None
    return (intent.order_id is not None or intent.list_id is not None) and not refused


def _unknown(ours: Ours, sent: set[str], oids: set[str]) -> Iterator[str]:
    yield from (f"{oid} is said to be accepted and was not" for oid in sorted(sent - oids))
    yield from (f"{oid} was accepted and nobody here knows" for oid in sorted(oids - sent))
    yield from (f"{i.id} is still {i.state}" for i in ours.intents if i.state in NOT_ENDED)


def _duplicates(ours: Ours, oids: Counter[str]) -> Iterator[str]:
    yield from (f"{oid} was accepted {n} times" for oid, n in oids.items() if n > 1)
    entries = (i for i in ours.intents if i.proposal.purpose is Purpose.ENTRY)
    wishes = Counter(i.signal_id for i in entries if i.client_oid in oids)
    yield from (f"the signal {s} was ordered {n} times" for s, n in wishes.items() if n > 1)


def _orphans(ours: Ours, accepts: list[dict[str, Any]]) -> Iterator[str]:
    """Each accepted order was written with exactly its nonce before it was sent; those of a pair with the stop's."""
    leads = {i.client_oid: i.leader or i.id for i in ours.intents}
    written = {(a.intent_id, a.nonce) for a in ours.attempts if a.request is Request.CREATE}
    for accept in accepts:
        oid, nonce = accept["client_oid"], accept["nonce"]
        if (leads.get(oid), nonce) not in written:
            yield f"{oid} was accepted with the nonce {nonce}, which was never written"


def _abandoned(ours: Ours, oids: Counter[str]) -> Iterator[str]:
    for intent in ours.intents:
        if intent.state is State.NOT_PLACED and intent.client_oid in oids:
            yield f"{intent.client_oid} was given up, and the exchange has it"


def _fills(ours: Ours, truth: Truth) -> Iterator[str]:
    theirs = {fill["trade_id"] for fill in truth["fills"]}
    yield from (f"the execution {t} was lost" for t in sorted(theirs - set(ours.fills)))
    yield from (f"the execution {t} was made up" for t in sorted(set(ours.fills) - theirs))
    yield from (f"the execution {t} was booked {n} times" for t, n in ours.fills.items() if n > 1)


def _wallets(ours: Ours, truth: Truth) -> Iterator[str]:
    theirs = {currency: Decimal(size) for currency, size in truth["balances"].items()}
    for currency in sorted({*ours.wallet, *theirs}):
        mine, yours = ours.wallet.get(currency, ZERO), theirs.get(currency, ZERO)
        if mine != yours:
            yield f"of {currency} our books hold {mine}, the exchange {yours}"


def _protection(ours: Ours, truth: Truth) -> Iterator[str]:
    """Every lot has stops at the exchange that sell all of it, and nothing of ours stands there that serves no lot."""
    live = {o["client_oid"]: o for o in truth["orders"] if o["status"] in LIVE}
    serving: set[str] = set()
    for lot, legs in ours.lots:
        instrument = legs[0].proposal.instrument
        oids = {leg.client_oid for leg in legs}
        serving |= oids
        stops = [o for o in live_stops(truth) if o["client_oid"] in oids]
        covered = sum((Decimal(stop["quantity"]) for stop in stops), ZERO)
        if covered < lot.sellable(instrument) and not lot.is_dust(instrument):
            yield f"the lot {lot.id} holds {lot.sellable(instrument)}, and {covered} is protected"
    for oid in sorted(set(live) - serving):
        if oid.startswith(PREFIX):
            yield f"{oid} outlived its lot"
