"""Who counts the marks of a rehearsal: looks on while requests leave and arrive, passes rest and processes die, and reads the books last.

It changes nothing and is no part of the trace.
"""

import re
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

import msgspec

from interlock.orders.life import State
from interlock.rehearsal import reading
from interlock.rehearsal.acts import machine_of
from interlock.rehearsal.schedule import Act
from interlock.rehearsal.script import PAIR
from interlock.rehearsal.world import World
from interlock.simulator.answers import Answer, Refusal
from interlock.simulator.config import Permission
from interlock.strategy.proposal import Purpose

CREATE: Final = "private/create-order"
STOP: Final = "private/advanced/create-order"
CREATES: Final = frozenset({CREATE, STOP, PAIR})
CANCELS: Final = frozenset(
    {"private/cancel-order", "private/advanced/cancel-order", "private/advanced/cancel-oco"}
)
ACTING: Final = CREATES | CANCELS
DETAILS: Final = frozenset({"private/get-order-detail", "private/advanced/get-order-detail"})
LISTS: Final = frozenset({"private/get-open-orders", "private/advanced/get-open-orders"})
TRADES: Final = "private/get-trades"
SLOW: Final = frozenset({TRADES, "private/get-order-history", "private/advanced/get-order-history"})

SHOWN: Final = DETAILS | LISTS | SLOW
UNHEARD: Final = frozenset({"lose_answer", "hold_answer", "cut_answer", "http_502"})
LOST: Final = frozenset({"lose_request", "hold_request"})
LATE: Final = frozenset({"accept_late", "accept_late_502"})
AGAINST_ACTS: Final = {
    "truncate": "B7",
    "content_type": "B8",
    "http_502": "B10",
    "http_502_before": "B10",
    "accept_late_502": "B10",
    "fill_after_cancel": "B25",
}
AGAINST_ANY: Final = {"other_typing": "B17", "maintenance": "F13"}
CODES: Final = {40101: "E1", 40102: "E5", 40103: "E2", 42901: "B13"}
CODES_OF_ACTS: Final = {50001: "B11", 40801: "B12"}
CODES_OF_CREATES: Final = {306: "B9", 308: "F8", 213: "F8", 609: "C14"}
NOT_CANCELLABLE: Final = frozenset({212, 316})
SEEN_BEFORE: Final = frozenset({204, 205, 40006})
NOT_AUTHORISED: Final = frozenset({40101, 40103})
NO_SUCH_ORDER: Final = 40401

CODE: Final = re.compile(rb'"code":\s*"?(\d+)')
OID: Final = re.compile(rb'"client_oid":\s*"([^"]+)"')
TRADE: Final = re.compile(rb'"trade_id":\s*"([^"]+)"')
HOME: Final = "127.0.0.1"
MOMENT_S: Final = 0.05
HOUR_S: Final = 3600.0
STILL_S: Final = 300.0
SKEW: Final = timedelta(seconds=5)
BEFORE_THE_BYTES: Final = frozenset(
    {"books.may_send begins", "books.may_send is done", "books.further_attempt is done"}
    | {f"send {path}" for path in ACTING}
)
AFTER_THE_ANSWER: Final = frozenset(
    {"books.answered is done", "say is done", "say is answered", "books.heard begins"}
)


@dataclass(slots=True)
class Counting:
    """`world.Onlooker`. `flights` are the requests that act and whose answer was not read: whether each has reached the exchange."""

    world: World
    counts: Counter[str] = field(default_factory=Counter)
    downs: list[tuple[float, float]] = field(default_factory=list)
    flights: dict[bytes, bool] = field(default_factory=dict)
    late: set[str] = field(default_factory=set)
    _asked: set[str] = field(default_factory=set)
    _failed: dict[str, int] = field(default_factory=dict)
    _slow: int = 0
    _unready_deaths: int = 0
    _killed_at: float = -1.0
    _left_ms: int = 0
    _events: int = 0
    _trades: int = 0
    _in_doubt: bool = False
    _is_new: bool = True
    _has_seen: bool = False

    # -- requests

    def leaves(self, path: str, body: bytes) -> None:
        machine = machine_of(self.world)
        if self._is_new:
            self._is_new = False
            self._mark("N12", abs(machine.skew) >= SKEW)
        if path in ACTING:
            self.flights[body] = False
            now_ms = machine.tells(self.world.now()).ms
            self._mark("E10", now_ms == self._left_ms)
            self._left_ms = now_ms

    def answers(self, path: str, body: bytes, answer: Answer | None) -> None:
        met = set(self.world.engine.faults.met)
        code = _code(answer)
        self._count_slow(path)
        if met:
            self._count_met(path, body, answer, met)
        if code:
            self._count_code(path, body, code)
        if path in ACTING:
            self._count_act(path, body, answer, code, met)
        if path == TRADES and answer is not None and b"trade_id" in answer.body:
            self._count_trades(answer.body)

    def hears(self, path: str, body: bytes) -> None:
        del path
        self.flights.pop(body, None)

    def _count_slow(self, path: str) -> None:
        if path in SLOW and not self._is_ready():
            self._slow += 1
            self._mark("C6", self._slow > 1)

    def _count_met(self, path: str, body: bytes, answer: Answer | None, met: set[str]) -> None:
        for fault in met:
            self._mark(AGAINST_ANY.get(fault, ""))
            if path in ACTING:
                self._mark(AGAINST_ACTS.get(fault, ""))
        if "lag" in met and answer is not None:
            self._count_lag(path, body, answer)

    def _count_code(self, path: str, body: bytes, code: int) -> None:
        self._mark(CODES.get(code, ""))
        if code in NOT_AUTHORISED:
            self._count_shut_out(path)
        if code == NO_SUCH_ORDER and path in DETAILS:
            self._mark("C1", self._knows(_oid(body)))

    def _count_shut_out(self, path: str) -> None:
        access, key = self.world.engine.access, self.world.key.key
        if access.is_revoked(key):
            self._mark("E3")
            return
        try:
            found = access.key(key, HOME)
        except Refusal:
            self._mark("E2")
            return
        self._mark("E4", path in ACTING and found.permission is not Permission.TRADE)

    def _count_act(
        self, path: str, body: bytes, answer: Answer | None, code: int, met: set[str]
    ) -> None:
        if body in self.flights:
            self.flights[body] = True
        self._mark(CODES_OF_ACTS.get(code, ""))
        if path in CANCELS:
            self._mark("A11", bool(met & (UNHEARD | LOST)))
            self._mark("B26", code in NOT_CANCELLABLE)
            return
        oid = _oid(body)
        self._in_doubt = self._in_doubt or code < 0
        self._mark(CODES_OF_CREATES.get(code, ""))
        self._mark("B15" if oid in self._asked else "B14", code in SEEN_BEFORE)
        self._mark("B18", code > 0 and answer is not None and b'"order_id"' in answer.body)
        self._mark("B3", bool(met & LOST))
        self._mark("B4", bool(met & UNHEARD) and self._knows(oid))
        if met & LATE:
            self.late.add(oid)
        self._asked.add(oid)

    def _count_lag(self, path: str, body: bytes, answer: Answer) -> None:
        """What was shown as it stood before, where that differs from how it stands."""
        engine = self.world.engine
        try:
            true = engine.show(path, msgspec.json.decode(body).get("params", {}))
        except Refusal:
            return
        shown = msgspec.json.decode(answer.body).get("result") if _code(answer) == 0 else None
        if path in LISTS:
            listed = {row["client_oid"] for row in reading.rows(shown)}
            self._mark("C3", any(row["client_oid"] not in listed for row in reading.rows(true)))
        if path in SHOWN:
            self._mark("C2", shown is not None and reading.plain(shown) != reading.plain(true))

    def _count_trades(self, body: bytes) -> None:
        found = [each.decode() for each in TRADE.findall(body)]
        if self.world.sockets.hears:
            booked = {fill.trade_id for fill in self.world.open_books().fills()}
            self._mark("C7", any(each not in booked for each in found))

    # -- what happens

    def happens(self) -> None:
        world = self.world
        if not world.listens or world.engine.events.count == self._events:
            return
        self._events = world.engine.events.count
        trades = len(world.engine.truth[1].trades)
        self._mark("D12", trades > self._trades and not world.sockets.hears)
        self._trades = trades

    def rests(self, who: str) -> None:
        desk = self.world.desk
        if desk is not None:
            failures = desk.day.failures.in_a_row.get(who, 0)
            self._mark("A21", failures > self._failed.get(who, 0))
            self._failed[who] = failures
        if who == "monitor" and machine_of(self.world).skew < -SKEW:
            now = machine_of(self.world).tells(self.world.now())
            self._mark(
                "F6",
                self._sees_future(
                    any(tick.at > now for tick in self.world.market.ticks().values())
                ),
            )
        if who == "settler" and self._in_doubt:
            self._in_doubt = False
            live = self.world.open_books().live_intents()
            self._mark("G8", sum(i.state is State.UNKNOWN for i, _ in live) > 1)

    def _sees_future(self, sees: bool) -> bool:  # noqa: FBT001 - whether it does now
        """Whether a life sees it for the first time."""
        is_first, self._has_seen = sees and not self._has_seen, self._has_seen or sees
        return is_first

    def does(self, act: Act) -> None:
        """What is about to be done."""
        now, is_alive = self.world.loop.time(), not self.world.seams.is_dead
        match act.do:
            case "kill":
                self._killed_at = now
                self._mark("G7", self._is_sending())
            case "lower":
                self._mark("G6", self._is_sending())
            case "clock":
                self._mark("E6", is_alive and act.by < 0)
                self._mark("E7", is_alive and act.by >= HOUR_S)
            case "still":
                self._mark("E12", is_alive)
            case "stall":
                self._mark("A18", is_alive and act.by >= STILL_S)
            case "rotate":
                live = self.world.open_books().live_intents()
                self._mark("E11", any(not intent.ended for intent, _ in live))
            case "down":
                self.downs.append((now, now + act.by))
            case _:
                pass

    def dies(self) -> None:
        seam = self.world.seams.newest
        torn = machine_of(self.world).takes_torn()
        self._mark("A14", self.world.loop.time() - self._killed_at < MOMENT_S)
        self._mark("A2", torn == "rule")
        self._mark("A1", not torn and seam == "books.rule begins")
        self._count_flights(seam)
        self._count_unbooked(seam, torn)
        self._count_lots()
        self._unready_deaths = 0 if self._is_ready() else self._unready_deaths + 1
        self._mark("A12", self._unready_deaths > 0)
        self._mark("A16", self._unready_deaths > 1)
        self.flights.clear()
        self._failed.clear()
        self._slow, self._is_new, self._has_seen = 0, True, False

    def _count_flights(self, seam: str) -> None:
        is_unsent = seam in BEFORE_THE_BYTES or not all(self.flights.values())
        is_ruled = seam == "books.rule is done" and self._is_sending()
        self._mark("A4", is_unsent or is_ruled)
        self._mark("A6", any(self.flights.values()))
        answered = {f"answered {path}" for path in ACTING} | {"books.answered begins"}
        self._mark("A7", seam in answered)
        self._mark("A8", seam in AFTER_THE_ANSWER)

    def _count_unbooked(self, seam: str, torn: str) -> None:
        places = {"books.learn begins", "hear a frame", f"answered {TRADES}"}
        if torn != "learn" and (torn or seam not in places):
            return
        booked = len(self.world.open_books().fills())
        if len(self.world.engine.truth[1].trades) > booked:
            self._mark("A10" if torn else "A9")

    def _count_lots(self) -> None:
        books = self.world.open_books()
        live = [intent for intent, _ in books.live_intents()]
        self._mark(
            "B27",
            any(
                i.proposal.purpose is Purpose.PROTECT and i.state is State.CANCELLING for i in live
            ),
        )
        kept = {intent.proposal.lot_id for intent in live if intent.is_stop}
        self._mark("G11", any(lot.id not in kept for lot, _ in books.open_lots()))

    # -- what it stands on

    def _mark(self, name: str, happened: bool = True) -> None:  # noqa: FBT001, FBT002 - what is marked, and whether
        if happened and name:
            self.counts[name] += 1

    def _knows(self, oid: str) -> bool:
        return bool(self.world.engine.truth[1].bearers(oid))

    def _is_ready(self) -> bool:
        return self.world.settler is not None and self.world.settler.ready_at is not None

    def _is_sending(self) -> bool:
        live = self.world.open_books().live_intents()
        return bool(self.flights) or any(i.state is State.SENDING for i, _ in live)


def _code(answer: Answer | None) -> int:
    """The code of an answer; -1 where none can be read."""
    found = CODE.search(answer.body) if answer is not None else None
    return int(found[1]) if found is not None else -1


def _oid(body: bytes) -> str:
    found = OID.search(body)
    return found[1].decode() if found is not None else ""
