"""The marks that can be read when a rehearsal is over: from the exchange's books, from ours, and from what was played."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import msgspec

from interlock.orders.intent import PREFIX
from interlock.rehearsal.acts import machine_of, messenger_of
from interlock.rehearsal.world import World
from interlock.risk.verdict import Blocked
from interlock.values import Instant

HOUR: Final = timedelta(hours=1)
DAY: Final = timedelta(days=1)
WEEK_S: Final = 7 * 86400.0
NEAR: Final = timedelta(minutes=2)
MINUTE_S: Final = 60.0
TRY_AGAIN: Final = 1013
BOT: Final = "bot-"
"""How another program names its orders."""

# Of each rule that blocked an entry: which fault it tells of.
BLOCKS: Final = {
    "PRICE_AGE": "F1",
    "BAR_AGE": "F1",
    "EQUITY": "G1",
    "AVAILABLE": "G5",
    "PORTFOLIO_CAP": "G5",
    "MIN_NOTIONAL": "F9",
    "GRID": "F9",
    "TICK": "F9",
    "AMOUNT": "F9",
}
STALE: Final = frozenset({"PRICE_AGE", "BAR_AGE"})
OF_STREAMS: Final = {"reorder": "D1", "duplicate": "D2"}
OF_SOCKETS: Final = {
    "missed heartbeat": "D4",
    "nobody answers": "D7",
    "no acknowledgement": "D8",
    "shut out": "D9",
    "garbage": "D11",
}
OF_MACHINES: Final = {"busy": "H1", "unplugged": "B1"}
OF_MESSENGERS: Final = {"deaf": "J1", "hurried": "J2", "lossy": "J5"}
OF_WORDS: Final = {"delist": "F7", "halt": "F7"}

Mark = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Left:
    """What is read: the world, what was played, when the process was down, and which orders were to be accepted late."""

    world: World
    played: Sequence[Mapping[str, Any]]
    downs: Sequence[tuple[float, float]]
    late: Iterable[str]


def marks(left: Left) -> Iterator[Mark]:
    """Every mark that is read last."""
    world = left.world
    yield from _named(OF_STREAMS, world.sockets.audience.faults.fired)
    yield from _named(OF_SOCKETS, world.sockets.counts)
    yield from _named(OF_MACHINES, machine_of(world).met)
    yield from _named(OF_MESSENGERS, messenger_of(world).met)
    yield "N2", world.fenced
    yield "B5", sum(bool(world.engine.truth[1].bearers(oid)) for oid in left.late)
    yield from _of_downs(left)
    for row in left.played:
        yield from _of_step(world, row)
    yield from _of_decisions(left)
    yield from _of_orders(world)
    yield from _of_books(world)


def rows(shown: object) -> list[dict[str, Any]]:
    """The rows of a list; none where there is no list."""
    data = shown.get("data") if isinstance(shown, dict) else None
    return data if isinstance(data, list) else []


def plain(shown: object) -> object:
    """The same as JSON would say it."""
    return msgspec.to_builtins(shown)


def _named(names: Mapping[str, str], counts: Mapping[str, int]) -> Iterator[Mark]:
    return ((mark, counts.get(name, 0)) for name, mark in names.items())


def _of_downs(left: Left) -> Iterator[Mark]:
    yield "C5", sum(end - begin > WEEK_S for begin, end in left.downs)


def _of_step(world: World, row: Mapping[str, Any]) -> Iterator[Mark]:
    """A step that was played, and had something to meet."""
    if row["at_us"] is None or row["error"] is not None:
        return
    word, said = row["word"], row["said"]
    at = Instant(row["at_us"])
    if word in OF_WORDS:
        yield OF_WORDS[word], 1
    if word == "margin_call":
        yield "C14", int(said.get("on", True))
    if word == "gap":
        yield "F4", int(at.floor(HOUR) + HOUR <= world.now())
    if word == "freeze" and said.get("symbol") is not None:
        yield "F14", int(len(world.open_books().watchlist()) > 1)
    if word == "stream" and any((row["told"] or {}).values()):
        yield "D3", int(said["fault"] == "stall" and said["seconds"] >= MINUTE_S)
        yield "D7", int(said["fault"] == "close" and said["code"] == TRY_AGAIN)


def _of_decisions(left: Left) -> Iterator[Mark]:
    world = left.world
    for made in world.open_books().picture(world.now()).decisions:
        if not isinstance(made.verdict, Blocked):
            continue
        rules = {objection.rule for objection in made.verdict.objections}
        for name in {BLOCKS[rule] for rule in rules if rule in BLOCKS}:
            yield name, 1
        if rules & STALE:
            yield "A3", int(_was_down_at(left, made.signal.ends))


def _was_down_at(left: Left, instant: Instant) -> bool:
    at = (instant - left.world.start).total_seconds()
    return any(begin <= at <= end for begin, end in left.downs)


def _of_orders(world: World) -> Iterator[Mark]:
    truth = world.engine.books()
    accepted = {accept["client_oid"] for accept in truth["accepts"]}
    for order in truth["orders"]:
        is_part = order["status"] in {"CANCELED", "EXPIRED"} and float(order["cumulative_quantity"])
        yield "C10", int(bool(is_part) and order["client_oid"].startswith(PREFIX))
        yield "B19", int(order["status"] == "REJECTED" and order["client_oid"] in accepted)
    for trade in world.engine.truth[1].trades:
        to_midnight = min(trade.at - trade.at.floor(DAY), trade.at.floor(DAY) + DAY - trade.at)
        yield "E9", int(world.start.floor(DAY) != world.now().floor(DAY) and to_midnight <= NEAR)


def _of_books(world: World) -> Iterator[Mark]:
    books = world.open_books()
    for fill in books.fills():
        yield "C12", int(not fill.client_oid.startswith(PREFIX))
        yield "N5", int(fill.client_oid.startswith(BOT))
    yield "C13", sum(entry.cause.startswith("journal:") for entry in books.entries())
