"""The simulated exchange: one deterministic engine, in process and behind HTTP alike. Bytes in, bytes out.

It has no clock, no chance and no I/O of its own: `advance` moves its time, and the same inputs give the same bytes. Its books are
the truth that every proof is held against.
"""

from collections.abc import Container, Mapping
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Final

from interlock.errors import BadInput
from interlock.simulator.answers import (
    BAD_GATEWAY,
    OLD_GATEWAY,
    UNAUTHORISED,
    Answer,
    Refusal,
    refusal,
    success,
)
from interlock.simulator.books.events import Events
from interlock.simulator.books.orderbook import Orderbook
from interlock.simulator.books.trading import Trading
from interlock.simulator.books.wallet import Wallet
from interlock.simulator.config import Config, Permission
from interlock.simulator.faults import Fault, Faults, Silence
from interlock.simulator.market.listing import listing
from interlock.simulator.market.live import market_of
from interlock.simulator.rest.access import Access
from interlock.simulator.rest.private import ACTS, PrivateSide
from interlock.simulator.rest.public import PublicSide
from interlock.simulator.rest.rates import TOO_MANY_REQUESTS, Rates
from interlock.simulator.rest.requests import (
    NO_ID,
    Call,
    Envelope,
    authenticate,
    envelope,
    query_params,
    split,
)
from interlock.simulator.rest.rows import order_row, trade_row
from interlock.values import Instant, number_text

OLD_TIME: Final = "/v2/public/get-time"
UNKNOWN_METHOD: Final = 40002
WRONG_VERB_PRIVATE: Final = 40003
WRONG_VERB_PUBLIC: Final = 50001
MESSAGES: Final = MappingProxyType({"cancel-order": "NO_ERROR"})


@dataclass(frozen=True, slots=True)
class Arrived:
    """One request as it came in, its path split."""

    verb: str
    method: str
    query: str
    body: bytes
    source: str


class Engine:
    """A Crypto.com Exchange with one account. `stirs` counts what its own events did to the account; `access` is who may ask for it."""

    def __init__(self, config: Config) -> None:
        shared = listing()
        self.config: Final = config
        self.now = config.start
        self.stirs = 0
        self._market: Final = market_of(config, shared.instruments)
        self._wallet: Final = Wallet(config.balances)
        self._book: Final = Orderbook(config.seed)
        self._trading: Final = Trading(config, self._market, self._wallet, self._book)
        self.access: Final = Access(config.keys)
        self._listing: Final = shared
        self._public: Final = PublicSide(shared, self._market, self._book)
        self._private: Final = PrivateSide(
            config, shared, self._market, self._wallet, self._book, self._trading
        )
        self._faults: Final = Faults()
        self._rates: Final = Rates() if config.rate_limits else None
        self._requests: Final[dict[str, int]] = {}
        self._refusals: Final[list[dict[str, object]]] = []

    @property
    def events(self) -> Events:
        """What happened to the account, in order."""
        return self._trading.events

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
        if path.partition("?")[0] == OLD_TIME:
            return OLD_GATEWAY
        met = self._faults.meet(method)
        if met is not None and met.fault is Fault.LOSE_REQUEST:
            return Silence.LOST
        self._requests[method] = self._requests.get(method, 0) + 1
        refuse = met.code if met is not None and met.fault is Fault.REFUSE else None
        answer = self._answer(Arrived(verb, method, query, body, source), refuse)
        if met is None or met.fault is Fault.REFUSE:
            return answer
        if met.fault is Fault.HTTP_502:
            return BAD_GATEWAY
        return Silence.LOST if met.fault is Fault.LOSE_ANSWER else Silence.HELD

    def _answer(self, arrived: Arrived, refuse: int | None) -> Answer:
        """Does what was asked, or words the refusal; an armed one comes before everything but the parsing."""
        method, request_id, params = arrived.method, NO_ID, query_params(arrived.query)
        try:
            sent = self._envelope(arrived)
            if sent is not None:
                request_id, params = int(sent.id), sent.params
            result = self._result(arrived, sent, params, refuse)
            return success(request_id, method, result, MESSAGES.get(method.rpartition("/")[2]))
        except Refusal as refused:
            self._note(arrived.method, arrived.source, params, refused)
            return refusal(request_id, method, refused)

    def _envelope(self, arrived: Arrived) -> Envelope | None:
        """The envelope of a private request; a public one has none, whatever its body."""
        is_public = arrived.method in self._public.methods
        return envelope(arrived.body) if arrived.verb == "POST" and not is_public else None

    def _result(
        self,
        arrived: Arrived,
        sent: Envelope | None,
        params: Mapping[str, object],
        refuse: int | None,
    ) -> object:
        if refuse is not None:
            raise Refusal(refuse)
        if arrived.method not in self._public.methods:
            return self._done(arrived, sent)
        if arrived.verb != "GET":
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
        return self._granted(authenticate(sent, self.access, arrived.source, self.now))

    def _granted(self, call: Call) -> object:
        """What a proven call brings about, if its key may and has not asked too often."""
        if call.method not in self._private.methods:
            raise Refusal(UNKNOWN_METHOD)
        acts = call.method.rpartition("/")[2].startswith(ACTS)
        if acts and call.key.permission is not Permission.TRADE:
            raise Refusal(UNAUTHORISED)
        if self._rates is not None:
            self._rates.admit(call.method, call.key.key, self.now)
        return self._private.methods[call.method](call, self.now)

    # -- what the sockets ask

    @property
    def symbols(self) -> Container[str]:
        """Every listed instrument."""
        return self._listing.instruments

    def tell(self, method: str, params: Mapping[str, object]) -> object:
        """What a public method answers now; it meets no fault and is not counted, for nobody sent it."""
        return self._public.methods[method](params, self.now)

    def show(self, method: str, params: Mapping[str, object]) -> object:
        """What a private method that only looks answers now; as little is it asked by anybody."""
        return self._private.methods[method](Call(method, params, 0, self.config.keys[0]), self.now)

    def command(self, call: Call, source: str) -> object:
        """A command on an authenticated socket, counted and noted like a request."""
        self._requests[call.method] = self._requests.get(call.method, 0) + 1
        try:
            return self._granted(call)
        except Refusal as refused:
            self._note(call.method, source, call.params, refused)
            raise

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
        """When the price next meets an open order of the account; None when it never will."""
        due = self._trading.next_event()
        return due[0] if due is not None else None

    def advance(self, to: Instant) -> None:
        """Moves the clock to `to`; on the way its own events happen in their order, each at its own instant."""
        if to < self.now:
            raise BadInput(
                f"The exchange's clock stands at {self.now} and does not go back to {to}."
            )
        due = self._trading.next_event()
        while due is not None and due[0] <= to:
            self.now = due[0]
            self._trading.happen(due[1], self.now)
            self.stirs += 1
            due = self._trading.next_event()
        self.now = to

    def feed(self, frame: bytes) -> None:
        """Takes in one frame of a real exchange's market; the orders that it meets are met at once, each by each price."""
        for symbol in self._market.feed(frame, self.now):
            self._trading.fed(symbol, self.now)
            self.advance(self.now)

    # -- faults and truth

    def arm(self, fault: str, method: str, count: int = 1, code: int = TOO_MANY_REQUESTS) -> None:
        """Arms a fault for the next `count` requests of a method (`*`: of any)."""
        self._faults.arm(fault, method, count, code)

    def counts(self) -> dict[str, int]:
        """How many orders were accepted (a trigger counts with the order that it became) and how many executions there were."""
        accepted = sum(accept.parent_id is None for accept in self._trading.accepts)
        return {"orders": accepted, "fills": len(self._book.trades)}

    def transfer(self, currency: str, amount: Decimal) -> None:
        """The owner's own deposit, or withdrawal (negative), past every client."""
        self._trading.transfer(currency, amount, self.now)

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
            "requests": dict(sorted(self._requests.items())),
            "refusals": [dict(row) for row in self._refusals],
            "faults_fired": dict(sorted(self._faults.fired.items())),
            "stirs": self.stirs,
        }


def _texts(amounts: Mapping[str, Decimal]) -> dict[str, str]:
    return {currency: number_text(amounts[currency]) for currency in sorted(amounts)}
