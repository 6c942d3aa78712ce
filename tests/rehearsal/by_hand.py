"""One account, our desk, and an owner who trades, transfers and cancels by hand with another key; nothing happens by itself."""

import asyncio
import json
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Any

from interlock.account import Mode, Spot, Tenure
from interlock.desk.day import Pass
from interlock.desk.reconciling import Looking, Reconciling
from interlock.desk.steward import Steward
from interlock.exchange.client import Credentials, CryptoComExchange
from interlock.orders.intent import Intent
from interlock.protocol.crypto_com.wire import signed_body
from interlock.reconcile.difference import Plan, Policy
from interlock.rehearsal.store import DictMarket, dict_books
from interlock.simulator.clock import no_pause
from interlock.simulator.config import ApiKey, Config, demo_key
from interlock.simulator.engine import Engine
from interlock.simulator.recordings import load
from interlock.store.books import RowBooks
from interlock.strategy.proposal import OrderType, Proposal, Protection, Purpose, TimeInForce
from interlock.values import Instant, Instrument, Price, Quantity, Secret, Side
from interlock.wiring.desk import Desk, Terms, desk_of
from tests.fakes.exchange.journal import Journalled
from tests.fakes.shown import Bell
from tests.promises.wishes import approve

SYMBOL = "XRP_USDT"
START = Instant.of_iso("2024-02-29T01:00:10")
SERIES = load("binance_XRP-USDT_1h")
BY_HAND = ApiKey("by-hand", Secret("by-hand-secret"))
MINUTE = timedelta(minutes=1)


class EngineClock:
    """Time is the engine's; nobody rests."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def now(self) -> Instant:
        return self._engine.now

    def monotonic(self) -> float:
        return self._engine.now.micros / 1_000_000

    def nudge(self, who: str) -> Bell:
        del who
        return Bell()

    def attend(self, names: object) -> None:
        """Nobody is waited for."""

    async def settled(self) -> None:
        """Nobody looks from outside."""

    async def wait(self, who: str, until: Instant, backstop: float) -> None:
        del who, until, backstop


@dataclass(slots=True)
class House:
    """Everything of one account; `policy` is the owner's."""

    policy: Policy = field(default_factory=Policy)
    nonce: int = 0
    wire: Journalled = field(init=False)
    books: RowBooks = field(init=False)
    tenure: Tenure = field(init=False)
    exchange: CryptoComExchange = field(init=False)
    desk: Desk = field(init=False)
    instrument: Instrument = field(init=False)

    def __post_init__(self) -> None:
        key = demo_key(0)
        held = {"USDT": Decimal(10000), "XRP": Decimal(500)}
        config = Config(START, {SYMBOL: SERIES}, (key, BY_HAND), held)
        self.wire = Journalled(Engine(config))
        clock = EngineClock(self.wire.engine)
        self.books = dict_books(bound=Mode.SIM)
        credentials = Credentials(Secret(key.key), key.secret)
        self.exchange = CryptoComExchange(self.wire, credentials, clock.now, no_pause)
        self.tenure = self.books.open(Mode.SIM, START)
        self.books.switch("owner", "test", START, mode=Mode.SIM, kill=None)
        terms = Terms(policy=self.policy)
        market = DictMarket()
        self.desk = desk_of(
            self.books, market, self.exchange, clock, self.tenure, terms, pause=no_pause
        )
        listed = asyncio.run(self.exchange.instruments())
        self.desk.instruments.keep(listed)
        self.instrument = next(i for i in listed if i.symbol == SYMBOL)
        self.turn("settler")
        self.wait(MINUTE)

    # -- time and passes
    def now(self) -> Instant:
        return self.wire.engine.now

    def wait(self, span: timedelta) -> None:
        self.wire.engine.advance(self.now() + span)

    def turn(self, *names: str) -> None:
        """One turn of each of these passes."""
        for name in names:
            one: Pass = next(each for each in self.desk.passes if each.name == name)
            asyncio.run(one.once())

    @property
    def reconciling(self) -> Reconciling:
        return next(p for p in self.desk.passes if isinstance(p, Steward)).reconciling

    @property
    def looking(self) -> Looking:
        return self.reconciling.looking

    def plan(self) -> Plan:
        """What is to be done now; nothing is done."""
        return asyncio.run(self.looking.plan(timedelta(days=6)))[0]

    def reconcile(self) -> Plan:
        """What was done now."""
        return asyncio.run(self.reconciling.once(timedelta(days=6)))

    # -- the owner, by hand
    def by_hand(self, method: str, **params: object) -> dict[str, Any]:
        """A request with the owner's own key; the body of the answer."""
        self.nonce += 1
        body = signed_body(
            Secret(BY_HAND.key), BY_HAND.secret, method, params, self.now().ms + self.nonce
        )
        answer = self.wire.engine.handle("POST", f"/exchange/v1/{method}", body)
        assert answer is not None
        said: dict[str, Any] = json.loads(answer.body)
        return said

    def stops(self) -> list[dict[str, Any]]:
        """The stops that the exchange lists, without the targets beside them."""
        listed = self.by_hand("private/advanced/get-open-orders")["result"]["data"]
        return [row for row in listed if row["order_type"] == "STOP_LOSS"]

    def trade(self, side: str, quantity: str) -> None:
        self.by_hand(
            "private/create-order",
            instrument_name=SYMBOL,
            side=side,
            type="MARKET",
            quantity=quantity,
            client_oid=f"hand-{self.nonce}",
        )

    def rest_an_order(self, client_oid: str | None = None) -> None:
        """A buy far below the market, which stays open."""
        self.by_hand(
            "private/create-order",
            instrument_name=SYMBOL,
            side="BUY",
            type="LIMIT",
            quantity="20",
            price="0.4",
            client_oid=client_oid or f"hand-{self.nonce}",
        )

    # -- our own orders
    def buy(self, key: str, *, is_lost: bool = False, is_swallowed: bool = False) -> Intent:
        """An entry of ours, sent; when its answer or its request is lost it stays UNKNOWN until somebody asks."""
        wish = Proposal(
            key=key,
            purpose=Purpose.ENTRY,
            instrument=self.instrument,
            side=Side.BUY,
            type=OrderType.LIMIT,
            tif=TimeInForce.IMMEDIATE_OR_CANCEL,
            quantity=Quantity(Decimal(50), "XRP"),
            funding=Spot(),
            limit=Price(Decimal("0.7"), "XRP", "USDT"),
            protection=Protection(Decimal("0.1"), Decimal("0.2"), "test", "test"),
        )
        now = self.now()
        ruled, attempt = self.books.rule(self.tenure.epoch, now, approve(wish, self.tenure, now))
        assert ruled.intent is not None
        assert attempt is not None
        self.wire.lost, self.wire.swallowed = int(is_lost), int(is_swallowed)
        answer = asyncio.run(self.exchange.place(ruled.intent, attempt.nonce))
        return self.books.answered(attempt, answer, now)
