"""The first scenario of all: buy, partial fill, stop, exit; on real prices, judged by the exchange's own books.

`by_target` lets the market reach the target, which rests at the exchange beside the stop; `by_stop` lets it fall through the stop,
which fires; in `by_trail` the stop follows the price. In `by_plan` the exchange takes no pairs: the target is
watched at the desk, and the exit plan runs with a stop alone; in `by_word` the owner's word closes a lot that a pair protects.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

from interlock.account import Mode
from interlock.ledger.book import wallet
from interlock.orders.intent import PREFIX, target_of
from interlock.ports import Books
from interlock.simulator.config import Config, demo_key
from interlock.simulator.engine import Engine
from interlock.simulator.recordings import load
from interlock.strategy.watchlist import WatchlistRow
from interlock.values import Instant
from tests.fakes.store import DictGround, FakeMarket, fake_books
from tests.rehearsal.world import World, wallet_of

SYMBOL = "XRP_USDT"
LEAVING = "SIGNAL:by-hand"
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

BORROWER = {"USD": Decimal(10000), "USDT": Decimal(40)}


@dataclass(frozen=True, slots=True)
class Script:
    """When a scenario starts, how long it lasts, how much of an order the best level holds, and whether the platform listens.

    `arms` are faults that the exchange has from the beginning (name, method, count, code); after `leaves` hours every lot is to be sold;
    `edits` change the row. With a `leverage` it is bought on margin: the account holds dollars that pledge, and less of the quote than
    the entry costs, so that it must borrow.
    """

    name: str
    start: str
    hours: float
    depth: Decimal
    arms: tuple[tuple[str, str, int, int], ...] = ()
    leaves: float | None = None
    edits: Mapping[str, Any] = field(default_factory=dict)
    listens: bool = False
    leverage: Decimal | None = None

    def staged(self, crashes: frozenset[int] = frozenset()) -> World:
        """A world in which it is about to be played, with crashes at these seams."""
        return stage(self, crashes=crashes)


FOR_EVER = 10**9
PAIR = "private/advanced/create-oco"
NO_PAIRS = (("refuse", PAIR, FOR_EVER, 140001),)
BY_TARGET = Script("by_target", "2024-02-29T00:59:50", 6.2, Decimal(100))
BY_STOP = Script("by_stop", "2024-02-29T21:59:50", 2.2, Decimal(100))
BY_PLAN = replace(
    BY_TARGET, name="by_plan", hours=1.2, arms=NO_PAIRS, edits={"tp_percentage": Decimal("0.8")}
)
BY_WORD = replace(BY_TARGET, name="by_word", hours=1.4, leaves=0.5)
BY_TRAIL = replace(
    BY_TARGET,
    name="by_trail",
    hours=2.4,
    edits={"trailing_pct": Decimal(1), "tp_percentage": Decimal(20)},
)
SCRIPTS = (BY_TARGET, BY_STOP, BY_PLAN, BY_WORD, BY_TRAIL)
HEARD = Script("heard", BY_TARGET.start, 0.1, BY_TARGET.depth, listens=True)
HEARD_TO_FIRE = Script("heard to fire", BY_STOP.start, BY_STOP.hours, BY_STOP.depth, listens=True)


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
    if script.leverage is not None:
        config = replace(config, margin=True, balances=BORROWER)
    ground = DictGround()
    opened = open_books or (lambda: fake_books(ground, bound=Mode.SIM))
    books = opened()
    books.open(Mode.SIM, start)
    books.switch("owner", "first steps", start, mode=Mode.SIM, kill=None)
    row = replace(
        ROW,
        updated_at=start - timedelta(hours=2),
        trade_on_margin=script.leverage is not None,
        leverage=script.leverage,
        **script.edits,
    )
    books.watch(row, "owner", start - timedelta(hours=2))
    engine = Engine(config)
    for fault in script.arms:
        engine.arm(*fault)
    world = World(
        engine=engine,
        key=key,
        open_books=opened,
        market=FakeMarket(),
        row=row,
        lasts=timedelta(hours=script.hours),
        seed=seed,
        crashes=crashes,
        listens=script.listens,
    )
    if script.leaves is not None:
        world.after = timedelta(hours=script.leaves)
        world.meanwhile = lambda: leave(world)
    return world


def leave(world: World, why: str = LEAVING) -> None:
    """Every open lot is to be sold, as by a SELL signal, or for another reason."""
    books, now = world.open_books(), world.now()
    tenure = books.picture(now).tenure
    assert tenure is not None
    for lot, _ in books.open_lots():
        books.flag_exit(tenure.epoch, now, lot.id, why)


def violations(world: World) -> list[str]:
    """What the exchange's books say against ours; empty when every promise was kept."""
    books = world.open_books()
    truth: dict[str, Any] = world.engine.books()
    return [
        *_one_order_per_intent(books, truth, world.now()),
        *_pairs_are_whole(books, truth, world.now()),
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


def _nothing_unknown(books: Books) -> list[str]:
    unknown = ("UNKNOWN", "SENDING", "CANCELLING")
    live = [intent for intent, _ in books.live_intents() if intent.state in unknown]
    return [f"{intent.proposal.key} is still {intent.state}" for intent in live]
