"""The same accidents for the naive bot and for ours, each measured by the exchange's own books at the end.

Every trial is so short that one entry is right: each accepted one beyond it is a duplicate.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Final

from interlock.rehearsal.judge import violations
from interlock.rehearsal.script import BOUGHT, BY_STOP, WHOLE, Script
from interlock.rehearsal.world import World, wallet_of
from interlock.simulator.streams.faults import Disturbance
from tests.rehearsal.naive import NaiveWorld, Row
from tests.rehearsal.scenarios import (
    ENTRY,
    LATER,
    NO_PAIR,
    STOP,
    SYMBOL,
    Scenario,
    arm,
    do,
)

HAND: Final = do(
    LATER,
    "hand",
    method=f'"{ENTRY}"',
    params=f'{{instrument_name = {SYMBOL}, side = "BUY", type = "MARKET", quantity = "50", client_oid = "hand"}}',
)
TRADES: Final = "user.trade"
DUST: Final = Decimal(1)  # USDT: less can neither be sold nor guarded
OPEN: Final = frozenset({"ACTIVE", "PENDING", "NEW"})
NOTHING: Final = Decimal(0)


@dataclass(frozen=True, slots=True)
class Trial:
    """One accident: what is done to the exchange and the stream, and at which seam the process dies (its first call)."""

    title: str
    steps: tuple[str, ...] = ()
    script: Script = WHOLE
    dies_at: str = ""
    disturbed: tuple[Disturbance, ...] = ()
    more: Decimal = NOTHING


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the exchange's books say of one bot: its entries, which it knows, executions missed or invented, what no stop guards."""

    accepted: int
    known: int
    duplicates: int
    wrong_fills: int
    naked: int
    at_risk: Decimal


def lost(count: int, script: Script, more: Decimal = NOTHING) -> Trial:
    """So many acknowledgements in a row are lost."""
    words = "the acknowledgement is lost" if count == 1 else f"{count} acknowledgements are lost"
    return Trial(words, (arm("lose_answer", ENTRY, count=count),), script, more=more)


HOUR: Final = replace(WHOLE, name="nearly an hour", hours=0.9)
FALLS: Final = replace(BY_STOP, hours=0.9, depth=WHOLE.depth)
TRIALS: Final = (
    Trial("nothing goes wrong"),
    Trial("nothing goes wrong, and the price falls", script=FALLS),
    Trial("the order is lost on its way", (arm("lose_request", ENTRY),)),
    lost(1, WHOLE),
    Trial("the order is accepted 45 s late, unheard", (arm("accept_late", ENTRY, by_seconds=45),)),
    Trial("a gateway says 502, the order was accepted", (arm("http_502", ENTRY),)),
    Trial("killed between decision and sending", dies_at=f"send {ENTRY}"),
    Trial("killed between acceptance and commit", dies_at=f"sent {ENTRY}"),
    Trial("killed with a position that has no stop yet", dies_at="send private/advanced/create"),
    Trial(
        "orders are found 30 s late, for a minute",
        (arm("lag", "private/get-order-detail", seconds=60, by_seconds=30),),
    ),
    Trial(
        "an execution is told twice, then the price falls",
        script=FALLS,
        disturbed=(Disturbance("duplicate", TRADES),),
    ),
    Trial("an execution is not told", disturbed=(Disturbance("drop", TRADES),)),
    Trial("partly filled, the rest cancelled", script=BOUGHT),
    Trial("every stop is refused", (NO_PAIR, arm("refuse", STOP, count=99, code=140001))),
    Trial("the owner buys 50 more by hand", (HAND,)),
    lost(10, HOUR),
    lost(100, HOUR, more=Decimal(10_000)),
)


def naive(trial: Trial) -> Outcome:
    """What becomes of the naive bot."""
    world = _played(trial, NaiveWorld.over)
    assert isinstance(world, NaiveWorld)
    booked = {row.order_id: _remembered(row) for row in world.rows}
    return _outcome(world, {row.order_id for row in world.rows}, booked)


def ours(trial: Trial) -> Outcome:
    """What becomes of ours, where the judge of every rehearsal is content too."""
    world = _played(trial, lambda staged: staged)
    books = world.open_books()
    assert violations(world) == []
    known = {
        i.order_id
        for i in books.picture(world.now(), limit=1000).intents
        if i.order_id is not None and i.state not in {"SENDING", "UNKNOWN"}
    }
    booked: dict[str, Decimal] = {}
    for fill in books.fills():
        booked[fill.order_id] = booked.get(fill.order_id, NOTHING) + fill.quantity
    return _outcome(world, known, booked)


def _remembered(row: Row) -> Decimal:
    """What the naive bot believes to hold of an order: one that was cancelled or lost is over."""
    return row.filled if row.state in {"OPEN", "FILLED"} else NOTHING


def _played(trial: Trial, lived: Callable[[World], World]) -> World:
    scenario = Scenario(trial.title, replace(trial.script, listens=True), trial.steps)
    crashes: frozenset[int] = frozenset()
    if trial.dies_at:
        before = lived(scenario.staged())
        before.run()
        names = enumerate(before.seams.names)
        crashes = frozenset({next(n for n, name in names if name.startswith(trial.dies_at))})
    world = lived(scenario.staged(crashes))
    world.sockets.disturb(*trial.disturbed)
    if trial.more:
        world.engine.transfer("USDT", trial.more)
    world.run()
    assert world.lives == 1 + len(crashes)
    return world


def _outcome(world: World, known: set[str], booked: Mapping[str, Decimal]) -> Outcome:
    truth: dict[str, Any] = world.engine.books()
    buys = [o for o in truth["orders"] if o["side"] == "BUY" and o["client_oid"] != "hand"]
    ids = [order["order_id"] for order in buys]
    stops = [o for o in truth["orders"] if o["order_type"] == "STOP_LOSS" and o["status"] in OPEN]
    covered = sum((Decimal(o["quantity"]) for o in stops), NOTHING)
    held, price = wallet_of(world.engine).get("XRP", NOTHING), _bid(world)
    bare = max(held - covered, NOTHING) * price
    return Outcome(
        accepted=len(buys),
        known=sum(each in known for each in ids),
        duplicates=max(len(buys) - 1, 0),
        wrong_fills=sum(_wrong_fills(each, truth, booked.get(each, NOTHING)) for each in ids),
        naked=_naked([Decimal(o["cumulative_quantity"]) for o in buys], held, covered, price),
        at_risk=bare.quantize(Decimal(1)) if bare > DUST else NOTHING,
    )


def _wrong_fills(order_id: str, truth: Mapping[str, Any], booked: Decimal) -> int:
    """How many executions of an order the bot did not count, or counted beyond the true ones."""
    sizes = [Decimal(f["traded_quantity"]) for f in truth["fills"] if f["order_id"] == order_id]
    missed = 0
    for size in sizes:
        missed += booked < size
        booked -= min(size, booked)
    return missed + (booked > 0)


def _naked(lots: list[Decimal], held: Decimal, covered: Decimal, price: Decimal) -> int:
    """How many lots no stop guards; what was bought by hand is the last of them."""
    naked = 0
    for size in (*lots, held):
        lot = min(size, held)
        guarded = min(lot, covered)
        naked += (lot - guarded) * price > DUST
        held, covered = held - lot, covered - guarded
    return naked


def _bid(world: World) -> Decimal:
    told: Any = world.engine.tell("public/get-tickers", {"instrument_name": "XRP_USDT"})
    return Decimal(told["data"][0]["b"])
