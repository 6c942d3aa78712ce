"""What the exchange's books say against ours, asked when everything is quiet: empty when every promise was kept."""

from collections import Counter
from decimal import Decimal
from typing import Any

from interlock.ledger.book import wallet
from interlock.orders.intent import PREFIX, target_of
from interlock.ports import Books
from interlock.rehearsal.script import PAIR
from interlock.rehearsal.world import World, wallet_of
from interlock.values import Instant


def violations(world: World) -> list[str]:
    """What the exchange's books say against ours; empty when every promise was kept."""
    books = world.open_books()
    truth: dict[str, Any] = world.engine.books()
    return [
        *_one_order_per_intent(books, truth, world.now()),
        *_pairs_are_whole(books, truth, world.now()),
        *equal_books(books, world),
        *every_fill_once(books, truth),
        *_protected_or_flat(books, truth),
        *nothing_unknown(books),
    ]


def _one_order_per_intent(books: Books, truth: dict[str, Any], now: Instant) -> list[str]:
    accepted = Counter(a["client_oid"] for a in truth["accepts"] if a["parent_id"] is None)
    intents = books.picture(now, limit=10_000).intents
    known = {intent.client_oid for intent in intents}
    twice = [f"{oid} was accepted {n} times" for oid, n in accepted.items() if n > 1]
    ours = [oid for oid in accepted if oid.startswith(PREFIX)]
    strangers = [f"{oid} has no intent" for oid in ours if oid not in known]
    entries = [i for i in intents if i.proposal.purpose == "ENTRY" and i.client_oid in accepted]
    signals = Counter(i.signal_id for i in entries)
    doubled = [f"signal {s} was ordered {n} times" for s, n in signals.items() if n > 1]
    return twice + strangers + doubled


def _pairs_are_whole(books: Books, truth: dict[str, Any], now: Instant) -> list[str]:
    """The legs of one list are those of one pair of ours, asked for with the one nonce that was written for both."""
    intents = {i.client_oid: i for i in books.picture(now, limit=10_000).intents}
    nonces = {a["client_oid"]: a["nonce"] for a in truth["accepts"] if a["method"] == PAIR}
    wrong = []
    for oid, nonce in nonces.items():
        leg = intents.get(oid)
        other = target_of(leg).client_oid if leg is not None and leg.is_pair else None
        if other is not None and nonces.get(other) != nonce:
            wrong.append(f"{oid} has no sibling that was asked for with it")
        if leg is not None and leg.leader is None and not leg.is_pair:
            wrong.append(f"{oid} is half of a pair and was never meant to be one")
    return wrong


def equal_books(books: Books, world: World) -> list[str]:
    """The wallet that our ledger makes is the one that the exchange shows."""
    ours, theirs = wallet(books.entries()), wallet_of(world.engine)
    currencies = sorted({*ours, *theirs})
    zero = Decimal(0)
    pairs = [(c, ours.get(c, zero), theirs.get(c, zero)) for c in currencies]
    return [f"{c}: our books hold {a}, the exchange {b}" for c, a, b in pairs if a != b]


def every_fill_once(books: Books, truth: dict[str, Any]) -> list[str]:
    """No execution is lost, and none is booked twice."""
    ours = Counter(fill.trade_id for fill in books.fills())
    theirs = {fill["trade_id"] for fill in truth["fills"]}
    missing = [f"fill {t} was lost" for t in sorted(theirs - set(ours))]
    return missing + [f"fill {t} was booked {n} times" for t, n in ours.items() if n > 1]


def _protected_or_flat(books: Books, truth: dict[str, Any]) -> list[str]:
    live = {"ACTIVE", "PENDING", "NEW"}
    stops = [o for o in truth["orders"] if o["order_type"] == "STOP_LOSS" and o["status"] in live]
    targets = [o for o in truth["orders"] if o.get("list_id") and o["status"] in live]
    covered = sum((Decimal(o["quantity"]) for o in stops), Decimal(0))
    held = Decimal(0)
    for lot, legs in books.open_lots():
        held += lot.sellable(legs[0].proposal.instrument)
    if covered < held:
        return [f"{held} is held and {covered} is protected"]
    if not held:
        return ["a leg outlived its lot"] if stops or targets else []
    return [f"{covered} is to be sold of {held}"] if covered > held else []


def nothing_unknown(books: Books) -> list[str]:
    """Nothing is left in the middle of being done."""
    unknown = ("UNKNOWN", "SENDING", "CANCELLING")
    live = [intent for intent, _ in books.live_intents() if intent.state in unknown]
    return [f"{intent.proposal.key} is still {intent.state}" for intent in live]
