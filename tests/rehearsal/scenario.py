"""The first scenario of all: buy, partial fill, stop, exit; on real prices, judged by the exchange's own books.

`by_target` lets the market reach the target, so that the exit plan runs; `by_stop` lets it fall through the stop, which fires.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

from interlock.account import Mode
from interlock.ledger.book import wallet
from interlock.orders.intent import PREFIX
from interlock.ports import Books
from interlock.simulator.config import Config, demo_key
from interlock.simulator.engine import Engine
from interlock.simulator.recordings import load
from interlock.strategy.watchlist import WatchlistRow
from interlock.values import Instant
from tests.fakes.store import DictGround, FakeMarket, fake_books
from tests.rehearsal.world import World, wallet_of

SYMBOL = "XRP_USDT"
SERIES = load("binance_XRP-USDT_1h")
ROW = WatchlistRow(
    symbol=SYMBOL,
    preset="intraday-aggressive",
    alert_enabled=True,
    buy_alert_enabled=True,
    sell_alert_enabled=True,
    trade_enabled=True,
    trade_amount_usd=Decimal(100),
    sl_percentage=Decimal(2),
    tp_percentage=Decimal(3),
)


@dataclass(frozen=True, slots=True)
class Script:
    """When a scenario starts, how long it lasts, and how much of an order the best level holds."""

    name: str
    start: str
    hours: float
    depth: Decimal

    def staged(self, crashes: frozenset[int] = frozenset()) -> World:
        """A world in which it is about to be played, with crashes at these seams."""
        return stage(self, crashes=crashes)


BY_TARGET = Script("by_target", "2024-02-29T00:59:50", 6.2, Decimal(100))
BY_STOP = Script("by_stop", "2024-02-29T21:59:50", 2.2, Decimal(100))
SCRIPTS = (BY_TARGET, BY_STOP)


def stage(
    script: Script,
    seed: int = 0,
    crashes: frozenset[int] = frozenset(),
    open_books: Callable[[], Books] | None = None,
) -> World:
    """A world with this script, new books (on a dictionary, or what `open_books` opens), and crashes at these seams."""
    start = Instant.of_iso(script.start)
    key = demo_key(seed)
    config = Config(start=start, replay={SYMBOL: SERIES}, keys=(key,), depth={SYMBOL: script.depth})
    ground = DictGround()
    opened = open_books or (lambda: fake_books(ground, bound=Mode.SIM))
    books = opened()
    books.open(Mode.SIM, start)
    books.switch("owner", "first steps", start, mode=Mode.SIM, kill=None)
    row = replace(ROW, updated_at=start - timedelta(hours=2))
    books.watch(row, "owner", start - timedelta(hours=2))
    return World(
        engine=Engine(config),
        key=key,
        open_books=opened,
        market=FakeMarket(),
        row=row,
        lasts=timedelta(hours=script.hours),
        seed=seed,
        crashes=crashes,
    )


def violations(world: World) -> list[str]:
    """What the exchange's books say against ours; empty when every promise was kept."""
    books = world.open_books()
    truth: dict[str, Any] = world.engine.books()
    return [
        *_one_order_per_intent(books, truth, world.now()),
        *_equal_books(books, world),
        *_every_fill_once(books, truth),
        *_protected_or_flat(books, truth),
        *_nothing_unknown(books),
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


def _equal_books(books: Books, world: World) -> list[str]:
    ours, theirs = wallet(books.entries()), wallet_of(world.engine)
    currencies = sorted({*ours, *theirs})
    zero = Decimal(0)
    pairs = [(c, ours.get(c, zero), theirs.get(c, zero)) for c in currencies]
    return [f"{c}: our books hold {a}, the exchange {b}" for c, a, b in pairs if a != b]


def _every_fill_once(books: Books, truth: dict[str, Any]) -> list[str]:
    ours = Counter(fill.trade_id for fill in books.fills())
    theirs = {fill["trade_id"] for fill in truth["fills"]}
    missing = [f"fill {t} was lost" for t in sorted(theirs - set(ours))]
    return missing + [f"fill {t} was booked {n} times" for t, n in ours.items() if n > 1]


def _protected_or_flat(books: Books, truth: dict[str, Any]) -> list[str]:
    live = {"ACTIVE", "PENDING", "NEW"}
    stops = [o for o in truth["orders"] if o["order_type"] == "STOP_LOSS" and o["status"] in live]
    covered = sum((Decimal(o["quantity"]) for o in stops), Decimal(0))
    held = Decimal(0)
    for lot, legs in books.open_lots():
        held += lot.sellable(legs[0].proposal.instrument)
    if covered < held:
        return [f"{held} is held and {covered} is protected"]
    return [] if held or not stops else ["a stop outlived its lot"]


def _nothing_unknown(books: Books) -> list[str]:
    unknown = ("UNKNOWN", "SENDING", "CANCELLING")
    live = [intent for intent, _ in books.live_intents() if intent.state in unknown]
    return [f"{intent.proposal.key} is still {intent.state}" for intent in live]
