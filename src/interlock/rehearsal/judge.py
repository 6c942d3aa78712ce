"""What the exchange's books say against ours, asked when everything is quiet: empty when every promise was kept."""

from collections import Counter, defaultdict
from decimal import Decimal
from typing import Any, Final

from interlock.ledger.book import wallet
from interlock.orders.intent import PREFIX, target_of
from interlock.ports import Books
from interlock.reconcile.plan import MISMATCH
from interlock.rehearsal.script import PAIR
from interlock.rehearsal.world import World, wallet_of
from interlock.values import Instant

LIVE: Final = frozenset({"ACTIVE", "PENDING", "NEW"})
EVERYTHING: Final = 1_000_000


def violations(world: World) -> list[str]:
    """What was seen to be wrong meanwhile, and what the exchange's books say against ours; empty when every promise was kept."""
    books = world.open_books()
    truth: dict[str, Any] = world.engine.books()
    return [
        *world.watcher.violations(),
        *_one_order_per_intent(books, truth, world.now()),
        *_pairs_are_whole(books, truth, world.now()),
        *unbooked(world),
        *_protected_or_flat(books, truth),
        *_lives_ended_as_they_may(world),
        *nothing_unknown(books),
    ]


def at_rest(world: World) -> list[str]:
    """What is not at rest yet: nothing unknown, every lot protected or flat, no sale half done, and nothing frozen that is explained."""
    books = world.open_books()
    uncovered = _protected_or_flat(books, world.engine.books())
    return [
        *nothing_unknown(books),
        *uncovered,
        *_half_done(books),
        *_frozen_though_equal(books, world),
    ]


def unbooked(world: World) -> list[str]:
    """What happened at the exchange and is not in our books, or there and never happened."""
    books = world.open_books()
    return [*equal_books(books, world), *every_fill_once(books, world.engine.books())]


def undisturbed(world: World) -> list[str]:
    """Where nothing goes wrong nothing is told as wrong."""
    marks = sorted(world.open_books().open_marks())
    return [f"I17: nothing went wrong, and {mark} is open" for mark in marks]


def _half_done(books: Books) -> list[str]:
    """A lot that is to be sold is sold soon after the last fault."""
    return [
        f"I17: the lot {lot.id} is to be sold ({lot.exit_reason}) and stands"
        for lot, legs in books.open_lots()
        if lot.exit_reason is not None and not lot.is_dust(legs[0].proposal.instrument)
    ]


def frozen(world: World) -> list[str]:
    """The exchange's journal explains what moves money here: a currency that was frozen before it was read is free again soon."""
    marks = sorted(each for each in world.open_books().open_marks() if each.startswith(MISMATCH))
    return [f"I17: {mark} stands" for mark in marks]


def _frozen_though_equal(books: Books, world: World) -> list[str]:
    """Where both sides agree nothing is frozen for a difference."""
    stands = frozen(world)
    return stands if stands and not equal_books(books, world) else []


def _one_order_per_intent(books: Books, truth: dict[str, Any], now: Instant) -> list[str]:
    accepted = Counter(a["client_oid"] for a in truth["accepts"] if a["parent_id"] is None)
    intents = books.picture(now, limit=EVERYTHING).intents
    known = {intent.client_oid for intent in intents}
    twice = [f"I1: {oid} was accepted {n} times" for oid, n in accepted.items() if n > 1]
    ours = [oid for oid in accepted if oid.startswith(PREFIX)]
    strangers = [f"I1: {oid} has no intent" for oid in ours if oid not in known]
    entries = [i for i in intents if i.proposal.purpose == "ENTRY" and i.client_oid in accepted]
    signals = Counter(i.signal_id for i in entries)
    doubled = [f"I1: signal {s} was ordered {n} times" for s, n in signals.items() if n > 1]
    return twice + strangers + doubled


def _pairs_are_whole(books: Books, truth: dict[str, Any], now: Instant) -> list[str]:
    """The legs of one list are those of one pair of ours, asked for with the one nonce that was written for both."""
    intents = {i.client_oid: i for i in books.picture(now, limit=EVERYTHING).intents}
    nonces = {a["client_oid"]: a["nonce"] for a in truth["accepts"] if a["method"] == PAIR}
    wrong = []
    for oid, nonce in nonces.items():
        leg = intents.get(oid)
        other = target_of(leg).client_oid if leg is not None and leg.is_pair else None
        if other is not None and nonces.get(other) != nonce:
            wrong.append(f"I2: {oid} has no sibling that was asked for with it")
        if leg is not None and leg.leader is None and not leg.is_pair:
            wrong.append(f"I2: {oid} is half of a pair and was never meant to be one")
    return wrong


def equal_books(books: Books, world: World) -> list[str]:
    """The wallet that our ledger makes is the one that the exchange shows."""
    ours, theirs = wallet(books.entries()), wallet_of(world.engine)
    currencies = sorted({*ours, *theirs})
    zero = Decimal(0)
    pairs = [(c, ours.get(c, zero), theirs.get(c, zero)) for c in currencies]
    return [f"I8: {c}: our books hold {a}, the exchange {b}" for c, a, b in pairs if a != b]


def every_fill_once(books: Books, truth: dict[str, Any]) -> list[str]:
    """All executions are booked, each once, and an order has as much of them as the exchange says was executed of it."""
    fills = books.fills()
    ours = Counter(fill.trade_id for fill in fills)
    entries = books.entries()
    # What somebody else traded before the books were opened is in what they were opened with.
    since_ms = entries[0].at.ms if entries else 0
    happened = {fill["trade_id"]: fill["create_time"] for fill in truth["fills"]}
    theirs = {trade for trade, at in happened.items() if at >= since_ms}
    sizes: dict[str, Decimal] = defaultdict(Decimal)
    for fill in fills:
        sizes[fill.client_oid] += fill.quantity
    missing = [f"I6: fill {t} was lost" for t in sorted(theirs - set(ours))]
    false = [f"I6: fill {t} never happened" for t in ours if t not in happened]
    twice = [f"I7: fill {t} was booked {n} times" for t, n in ours.items() if n > 1]
    unequal = [
        f"I6: {intent.filled} of {intent.client_oid} was executed and {sizes[intent.client_oid]} is booked"
        for intent in books.intents()
        if intent.filled != sizes[intent.client_oid]
    ]
    return missing + false + twice + unequal


def _protected_or_flat(books: Books, truth: dict[str, Any]) -> list[str]:
    live = [o for o in truth["orders"] if o["status"] in LIVE]
    stops: dict[str, Decimal] = defaultdict(Decimal)
    for order in live:
        if order["order_type"] == "STOP_LOSS":
            stops[order["instrument_name"]] += Decimal(order["quantity"])
    held: dict[str, Decimal] = defaultdict(Decimal)
    for lot, legs in books.open_lots():
        held[lot.symbol] += lot.sellable(legs[0].proposal.instrument)
    legs_of = {o["instrument_name"] for o in live if o.get("list_id")} | set(stops)
    wrong = []
    for symbol in sorted({*held, *legs_of}):
        covered, size = stops[symbol], held[symbol]
        if covered < size:
            wrong.append(f"I17: {size} of {symbol} is held and {covered} is protected")
        elif covered > size > 0:
            wrong.append(f"I17: {covered} of {symbol} is to be sold of {size}")
        elif not size and symbol in legs_of:
            wrong.append(f"I17: a leg of {symbol} outlived its lot")
    return wrong


def _lives_ended_as_they_may(world: World) -> list[str]:
    """A lease is lost to a rival alone, and an invariant breaks only where a commit was hidden."""
    wrong = []
    if world.fenced > world.rivals:
        wrong.append(f"I9: {world.fenced} lives lost their lease to {world.rivals} rivals")
    if world.broken > world.machine.hid:
        wrong.append(f"I10: {world.broken} lives ended by a broken invariant")
    return wrong


def nothing_unknown(books: Books) -> list[str]:
    """Nothing is left in the middle of being done."""
    unknown = ("UNKNOWN", "SENDING", "CANCELLING")
    live = [intent for intent, _ in books.live_intents() if intent.state in unknown]
    return [f"I17: {intent.proposal.key} is still {intent.state}" for intent in live]
