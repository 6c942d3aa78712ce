"""The simulated exchange: one deterministic engine, in process and behind HTTP alike. Bytes in, bytes out.

It has no clock, no chance and no I/O of its own: `advance` moves its time, and the same inputs give the same bytes. Its books are
the truth that every proof is held against.
"""

from collections.abc import Callable, Container, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from functools import partial
from types import MappingProxyType
from typing import Any, Final

from interlock.errors import BadInput
from interlock.simulator.answers import (
    OLD_GATEWAY,
    UNAUTHORISED,
    Answer,
    Refusal,
    refusal,
    styled,
    success,
)
from interlock.simulator.books.events import Events
from interlock.simulator.books.margin import Margin
from interlock.simulator.books.orderbook import Orderbook
from interlock.simulator.books.past import money_then, orders_then
from interlock.simulator.books.trading import Accept, Trading, ids
from interlock.simulator.books.wallet import Wallet
from interlock.simulator.config import Config, Permission
from interlock.simulator.cues import ACCEPT, FILL, Cues
from interlock.simulator.faults import (
    FAULTS,
    Arm,
    Armed,
    By,
    Effect,
    Faults,
    Heard,
    Part,
    Silence,
    Sought,
)
from interlock.simulator.floor import Floor
from interlock.simulator.later import Later
from interlock.simulator.market.listing import listing
from interlock.simulator.market.live import market_of
from interlock.simulator.rest.access import Access
from interlock.simulator.rest.private import ACTS, PrivateSide
from interlock.simulator.rest.public import PublicSide
from interlock.simulator.rest.rates import Rates
from interlock.simulator.rest.requests import (
    NO_ID,
    Arrived,
    Call,
    Envelope,
    authenticate,
    envelope,
    query_params,
    split,
)
from interlock.simulator.rest.rows import movement_row, order_row, trade_row
from interlock.simulator.rest.unserved import CONVERSION
from interlock.values import Instant, number_text

OLD_TIME: Final = "/v2/public/get-time"
UNKNOWN_METHOD: Final = 40002
WRONG_VERB_PRIVATE: Final = 40003
WRONG_VERB_PUBLIC: Final = 50001
MESSAGES: Final = MappingProxyType({"cancel-order": "NO_ERROR"})


class Engine:
    """A Crypto.com Exchange with one account. `stirs` counts what its own events did to the account; `access` is who may ask for it."""

    def __init__(self, config: Config) -> None:
        shared = listing(config.listed)
        self.config: Final = config
        self.now = config.start
        self.stirs = 0
        self._market: Final = market_of(config, shared.instruments)
        self._wallet: Final = Wallet(config.balances)
        self._book: Final = Orderbook(config.seed)
        margin = Margin(config, self._market, self._wallet, shared.haircuts)
        self._trading: Final = Trading(config, self._market, self._wallet, self._book, margin)
        self.access: Final = Access(config.keys, config.switches)
        self._listing: Final = shared
        self._public: Final = PublicSide(shared, self._market, self._book, config.switches)
        self._private: Final = PrivateSide(
            config, shared, self._market, self._wallet, self._book, self._trading
        )
        self.faults: Final = Faults()
        self.later: Final = Later()
        self.cues: Final = Cues()
        self.floor: Final = Floor(shared, self._market, self._book, self._trading, self._private)
        self._down_until = config.start
        self._rates: Final = Rates() if config.rate_limits else None
        self._requests: Final[dict[str, int]] = {}
        self._refusals: Final[list[dict[str, object]]] = []

    @property
    def events(self) -> Events:
        """What happened to the account, in order."""
        return self._trading.events

    @property
    def truth(self) -> tuple[Sequence[Accept], Orderbook]:
        """Every order that was accepted, oldest first, and the page of all orders and executions, for those who judge."""
        return self._trading.accepts, self._book

    # -- requests

    def handle(self, verb: str, path: str, body: bytes, source: str = "127.0.0.1") -> Answer | None:
        """The answer to one request, or None when none arrives. `path` includes the query string."""
        answer = self.receive(verb, path, body, source)
        return answer if isinstance(answer, Answer) else None

    def receive(
        self,
        verb: str,
        path: str,
        body: bytes,
        source: str = "127.0.0.1",
    ) -> Answer | Silence:
        """The answer to one request, or why there is none. `source` is the address that it came from."""
        method, query = split(path)
        self.faults.met = []
        if path.partition("?")[0] == OLD_TIME:
            return OLD_GATEWAY
        if self.is_down:
            return Silence.LOST
        arrived = Arrived(verb, method, query, body, source, self.now)
        armed = self.faults.are_armed
        heard = self._amid_faults(arrived) if armed else self._answer(arrived)
        self._catch_up()
        return heard

    def _amid_faults(self, arrived: Arrived) -> Answer | Silence:
        """What is heard of a request where it may meet a fault of the clock, and one of its own."""
        skew = self.faults.meet(arrived.sought, Part.CLOCK, self.now)
        if skew is not None:
            arrived = replace(arrived, clock=self.now + skew.by)
        met = self.faults.meet(arrived.sought, Part.REQUEST, self.now)
        heard = self._answer(arrived) if met is None else self._under(met, arrived)
        if skew is not None and isinstance(heard, Answer):
            return replace(heard, date=arrived.clock)
        return heard

    def _under(self, met: Armed, arrived: Arrived) -> Answer | Silence:
        """What becomes of a request under a fault, and what its sender hears."""
        answer = None
        match met.fault.effect:
            case Effect.LATE:
                self.later.put(self.now + met.by, partial(self._answer_late, arrived))
            case Effect.NEVER if met.fault.heard is not Heard.CODE:
                pass
            case _:
                answer = self._answer(replace(arrived, met=met))
        if met.fault.heard is Silence.RESTART:
            self._down_until = self.now + met.by
        return met.heard(answer)

    def _answer_late(self, arrived: Arrived) -> None:
        """The request arrives now, and nobody hears its answer."""
        self._answer(replace(arrived, clock=self.now))

    def _answer(self, arrived: Arrived) -> Answer:
        """Does what was asked, or words the refusal; an armed one comes before everything but the parsing."""
        method, request_id, params = arrived.method, NO_ID, query_params(arrived.query)
        self._count(method)
        try:
            sent = self._envelope(arrived)
            if sent is not None:
                request_id, params = int(sent.id), sent.params
            result = self._result(arrived, sent, params)
            message = MESSAGES.get(method.rpartition("/")[2])
            return styled(success(request_id, method, result, message), self.config.switches)
        except Refusal as refused:
            self._note(arrived.method, arrived.source, params, refused)
            return styled(refusal(request_id, method, refused), self.config.switches, refused.code)

    def _envelope(self, arrived: Arrived) -> Envelope | None:
        """The envelope of a private request; a public one has none, whatever its body."""
        is_public = arrived.method in self._public.methods
        return envelope(arrived.body) if arrived.verb == "POST" and not is_public else None

    def _result(
        self, arrived: Arrived, sent: Envelope | None, params: Mapping[str, object]
    ) -> object:
        method = arrived.method
        if method not in self._public.methods:
            return self._unless_refused(arrived.met, lambda: self._done(arrived, sent))
        return self._unless_refused(arrived.met, lambda: self._told(arrived, params))

    @staticmethod
    def _unless_refused(met: Armed | None, do: Callable[[], object]) -> object:
        """What is done; an armed refusal is told instead, or afterwards."""
        if met is None or met.fault.heard is not Heard.CODE:
            return do()
        if met.fault.effect is not Effect.NEVER:
            do()
        raise met.refusal()

    def _told(self, arrived: Arrived, params: Mapping[str, object]) -> object:
        if arrived.verb != ("POST" if arrived.method == CONVERSION else "GET"):
            raise Refusal(WRONG_VERB_PUBLIC)
        if self._rates is not None:
            self._rates.admit(arrived.method, arrived.source, self.now)
        return self._public.methods[arrived.method](params, self.now)

    def _done(self, arrived: Arrived, sent: Envelope | None) -> object:
        method = arrived.method
        if method not in self._private.methods:
            raise Refusal(UNKNOWN_METHOD)
        if sent is None or sent.method != method:
            raise Refusal(WRONG_VERB_PRIVATE)
        call = authenticate(sent, self.access, arrived.source, arrived.clock)
        return self._granted(call, arrived.sought, arrived.met)

    def _granted(self, call: Call, sought: Sought, met: Armed | None) -> object:
        """What a proven call brings about, if its key may and has not asked too often."""
        if call.method not in self._private.methods:
            raise Refusal(UNKNOWN_METHOD)
        acts = call.method.rpartition("/")[2].startswith(ACTS)
        if acts and call.key.permission is not Permission.TRADE:
            raise Refusal(UNAUTHORISED)
        if self._rates is not None:
            self._rates.admit(call.method, call.key.key, self.now)
        if acts:
            return self._raced(call, met)
        lag = self.faults.meet(sought, Part.BOOKS, self.now)
        side = self._private if lag is None else self._private_then(self.now - lag.by)
        return side.methods[call.method](call, self.now)

    def _private_then(self, then: Instant) -> PrivateSide:
        """The private methods over the books as they stood then."""
        events = self.events.kept()
        wallet = money_then(then, self.config.balances, self._wallet, events)
        book = orders_then(then, self._book, events)
        return PrivateSide(self.config, self._listing, self._market, wallet, book, self._trading)

    def _raced(self, call: Call, met: Armed | None) -> object:
        """What an acting call brings about; a cancel may come too late for its order, or be accepted and lose."""
        if met is None:
            return self._private.methods[call.method](call, self.now)
        do = partial(self._private.methods[call.method], call, self.now)
        effect = met.fault.effect
        if effect not in {Effect.OVERTAKEN, Effect.OUTRUN}:
            return do()
        order = self._private.named(call)
        if order is None or not order.is_open:
            return do()
        if effect is Effect.OVERTAKEN:
            self._trading.fill(order, self.now)
            return do()
        self.later.put(self.now + met.by, lambda: self._trading.fill(order, self.now))
        return ids(order)

    # -- what the sockets ask

    @property
    def symbols(self) -> Container[str]:
        """Every listed instrument."""
        return self._listing.instruments

    @property
    def methods(self) -> frozenset[str]:
        """Every method, public and private."""
        return frozenset({*self._public.methods, *self._private.methods})

    def tell(self, method: str, params: Mapping[str, object]) -> object:
        """What a public method answers now; it meets no fault and is not counted, for nobody sent it."""
        return self._public.methods[method](params, self.now)

    def show(self, method: str, params: Mapping[str, object]) -> object:
        """What a private method that only looks answers now; as little is it asked by anybody."""
        return self._private.methods[method](Call(method, params, 0, self.config.keys[0]), self.now)

    def command(self, call: Call, source: str) -> object | Silence:
        """A command on an authenticated socket, counted and noted like a request; under a fault it may be that nothing is heard of it."""
        self.faults.met = []
        sought = Sought(call.method, source, lambda: call.key.key, is_command=True)
        met = self.faults.meet(sought, Part.REQUEST, self.now)
        if met is None or not isinstance(met.fault.heard, Silence):
            return self._obey(call, sought, met)
        if met.fault.effect is Effect.LATE:
            self.later.put(self.now + met.by, partial(self._obey_unheard, call, sought))
        elif met.fault.effect is not Effect.NEVER:
            self._obey_unheard(call, sought)
        return met.fault.heard

    def _obey(self, call: Call, sought: Sought, met: Armed | None) -> object:
        self._count(call.method)
        try:
            if met is None:
                result = self._granted(call, sought, None)
            else:
                result = self._unless_refused(met, lambda: self._granted(call, sought, met))
        except Refusal as refused:
            self._note(call.method, sought.source, call.params, refused)
            raise
        self._catch_up()
        return result

    def _count(self, method: str) -> None:
        """One more request of a method has arrived; what waits for it happens before it is answered."""
        self._requests[method] = self._requests.get(method, 0) + 1
        self._catch_up()

    def _obey_unheard(self, call: Call, sought: Sought) -> None:
        with suppress(Refusal):
            self._obey(call, sought, None)

    def _note(
        self, method: str, source: str, params: Mapping[str, object], refused: Refusal
    ) -> None:
        self._refusals.append(
            {
                "method": method,
                "source": source,
                "code": refused.code,
                "client_oid": params.get("client_oid"),
                "order_id": (refused.result or {}).get("order_id"),
                "at_us": self.now.micros,
            }
        )

    def withdraw(self, order_id: str) -> None:
        """Cancels an order, if it is still open, without anybody's asking."""
        order = self._book.orders.get(order_id)
        if order is not None and order.is_open:
            self._trading.cancel(order, self.now)

    # -- time

    def next_event(self) -> Instant | None:
        """When the exchange next does something by itself to the account; None when it never will."""
        due = self._trading.next_event()
        dues = (due[0] if due is not None else None, self.later.due)
        return min((each for each in dues if each is not None), default=None)

    def advance(self, to: Instant) -> None:
        """Moves the clock to `to`; on the way its own events happen in their order, each at its own instant."""
        if to < self.now:
            raise BadInput(
                f"The exchange's clock stands at {self.now} and does not go back to {to}."
            )
        due = self.next_event()
        while due is not None and due <= to:
            self.now = max(self.now, due)
            self._happen()
            self.stirs += 1
            self._take_cues()
            due = self.next_event()
        self.now = to

    def feed(self, frame: bytes) -> None:
        """Takes in one frame of a real exchange's market; the orders that it meets are met at once, each by each price."""
        for symbol in self._market.feed(frame, self.now):
            self._trading.await_price(symbol, self.now)
            self.advance(self.now)

    def _happen(self) -> None:
        """The next event: what the price does comes before what was put off."""
        touched = self._trading.next_event()
        if touched is not None and touched[0] <= self.now:
            self._trading.happen(touched[1], self.now)
        else:
            self.later.happen()

    def stir(self) -> None:
        """Something was done to it from outside: what that brings about happens, and whoever waits for its own doings hears."""
        self.stirs += 1
        self._catch_up()

    def _catch_up(self) -> None:
        """What waited for what has been seen happens, if it is for now."""
        if self.cues.are_left and self._take_cues():
            self.advance(self.now)

    def _take_cues(self) -> bool:
        """Plans what waited for what has been seen; whether there was any."""
        if not self.cues.are_left:
            return False
        seen = {ACCEPT: len(self._trading.accepts), FILL: len(self._book.trades)}
        reached = self.cues.reached(self._requests | seen)
        for cue, act in reached:
            self.later.put(self.now + cue.after, act)
        return bool(reached)

    # -- faults and truth

    @property
    def is_down(self) -> bool:
        """Whether it restarts just now: nobody reaches it."""
        return self.now < self._down_until

    def arm(
        self, fault: str, method: str, count: int | None = None, code: int | None = None
    ) -> None:
        """Arms a fault for the next `count` requests of a method (`*`: of any)."""
        self.faults.arm(Arm(fault, method, count, code), self.now)

    def restart(self, seconds: float) -> None:
        """Its connections are gone and its books stay; for so long nobody reaches it."""
        least, most, _ = FAULTS["restart"].by or By(0, 0, 0)
        if not least <= seconds <= most:
            raise BadInput(f"A restart lasts {least:.0f} to {most:.0f} seconds, not {seconds}.")
        self.faults.count("restart")
        self._down_until = self.now + timedelta(seconds=seconds)

    def counts(self) -> dict[str, int]:
        """How many orders were accepted (a trigger counts with the order that it became) and how many executions there were."""
        accepted = sum(accept.parent_id is None for accept in self._trading.accepts)
        return {"orders": accepted, "fills": len(self._book.trades)}

    def transfer(self, currency: str, amount: Decimal) -> None:
        """The owner's own deposit, or withdrawal (negative), past every client."""
        self._trading.transfer(currency, amount, self.now)

    def margin_call(self, *, on: bool) -> None:
        """Calls the account's margin, whatever it holds, or takes the call back."""
        self._trading.margin.settings.is_called = on

    def books(self) -> dict[str, Any]:
        """Everything that happened, for those who judge: JSON texts and whole numbers, amounts as decimal texts."""
        return {
            "now_us": self.now.micros,
            "accepts": [accept.row() for accept in self._trading.accepts],
            "orders": [order_row(o, self.config) for o in self._book.orders.values()],
            "fills": [trade_row(trade) for trade in self._book.trades],
            "opening": _texts(self._wallet.opening),
            "balances": _texts(self._wallet.total),
            "reserved": _texts(self._wallet.reserved),
            "pledged": _texts(self._wallet.pledged),
            "interest": _texts(self._wallet.interest),
            "journal": [movement_row(each) for each in self._trading.journal.of()],
            "requests": dict(sorted(self._requests.items())),
            "refusals": [dict(row) for row in self._refusals],
            "faults_fired": dict(sorted(self.faults.fired.items())),
            "stirs": self.stirs,
        }


def _texts(amounts: Mapping[str, Decimal]) -> dict[str, str]:
    return {currency: number_text(amounts[currency]) for currency in sorted(amounts)}
