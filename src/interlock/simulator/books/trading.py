"""What becomes of an order: judged, reserved, taken, rested, fired, ended. Money moves here and nowhere else.

What the levels of the book do not hold is not executed. An order that may not rest loses its remainder.
A fired trigger spawns a market order with an id of its own; only then are funds asked for.
"""

from copy import copy
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

from interlock.errors import BrokenInvariant
from interlock.matching import (
    Liquidity,
    Quote,
    crosses,
    execution,
    takeable,
)
from interlock.simulator.answers import Refusal
from interlock.simulator.books.events import BalanceChanged, BookTaken, Events, Traded
from interlock.simulator.books.held import Held
from interlock.simulator.books.orderbook import Orderbook
from interlock.simulator.books.orders import (
    ZERO,
    Kind,
    Leg,
    Order,
    Status,
    TimeInForce,
    Trade,
    Wish,
)
from interlock.simulator.books.terms import (
    is_done,
    is_good,
    may_post,
    needs,
    trigger_direction,
    value_of,
    waits,
)
from interlock.simulator.books.waiting import Waiting
from interlock.simulator.books.wallet import Wallet
from interlock.simulator.config import Config
from interlock.simulator.market.replay import Market
from interlock.values import Instant

OPEN_PER_SYMBOL_MAX: Final = 200
OPEN_MAX: Final = 1000

TOO_LARGE: Final = 314
TOO_FAR: Final = 315
TOO_MANY: Final = 318
TOO_POOR: Final = 306
TOO_SMALL: Final = 415
NO_PRICE: Final = 309
NOT_AMENDABLE: Final = 212
WRONG_TRIGGER: Final = 50007
FILL_OR_KILL: Final = 43003
IMMEDIATE_OR_CANCEL: Final = 43004
POST_ONLY: Final = 43005


@dataclass(frozen=True, slots=True)
class Accept:
    """One accepted order: its ids, the trigger that spawned it (if any), and the request that asked for it."""

    client_oid: str
    order_id: str
    parent_id: str | None
    method: str
    nonce: int | None
    at: Instant

    def row(self) -> dict[str, object]:
        """Its entry in the books."""
        return {
            "client_oid": self.client_oid,
            "order_id": self.order_id,
            "parent_id": self.parent_id,
            "method": self.method,
            "nonce": self.nonce,
            "at_us": self.at.micros,
        }


class Trading:
    """The one account's trading on the one market."""

    def __init__(self, config: Config, market: Market, wallet: Wallet, book: Orderbook) -> None:
        self._config: Final = config
        self._market: Final = market
        self._wallet: Final = wallet
        self._book: Final = book
        self._held: Final = Held()
        self._waiting: Final = Waiting()
        self.events: Final = Events()
        self.accepts: Final[list[Accept]] = []

    def place(self, wish: Wish, method: str, nonce: int, now: Instant) -> Order:
        """Accepts the order and does at once what can be done; a Refusal with the order's ids leaves it REJECTED."""
        quote = self._must_be_open_for(wish, now)
        order = self._new(wish, quote, now)
        code = self._objection(order, quote, now)
        if code:
            order.end(Status.REJECTED, now, code)
        self._book.add(order)
        if code:
            self.events.order(order, now)
            raise Refusal(code, ids(order))
        self.accepts.append(Accept(wish.client_oid, order.id, None, method, nonce, now))
        self._begin(order, quote, now)
        self._close(order, now)
        return order

    def place_oco(self, wishes: tuple[Wish, Wish], method: str, nonce: int, now: Instant) -> int:
        """Accepts both legs or neither, the trigger first: the limit may be executed at once, and ends it."""
        list_id = self._book.next_list_id()
        orders = []
        for number, wish in enumerate(wishes, start=1):
            quote = self._must_be_open_for(wish, now)
            order = self._new(replace(wish, leg=Leg(list_id, number)), quote, now)
            code = self._objection(order, quote, now)
            if code:
                raise Refusal(code)
            orders.append((order, quote))
        for order, _ in orders:
            self._book.add(order)
            self.accepts.append(Accept(order.wish.client_oid, order.id, None, method, nonce, now))
        for order, quote in sorted(orders, key=lambda each: not each[0].wish.kind.is_trigger):
            if order.is_open:
                self._begin(order, quote, now)
                self._close(order, now)
        return list_id

    def amend(self, order: Order, wish: Wish, now: Instant) -> None:
        """Lets an open order ask for something else; what is objected to leaves it as it was."""
        quote = self._must_be_open_for(wish, now)
        if order.child_id is not None:
            raise Refusal(NOT_AMENDABLE)
        value = value_of(wish, quote)
        code = self._worth(wish, quote) or self._amend_objection(order, wish, quote)
        if code:
            raise Refusal(code)
        order.amend(wish, value, now)
        self._book.rename(order)
        self._begin(order, quote, now)
        self._close(order, now)

    def _amend_objection(self, order: Order, wish: Wish, quote: Quote) -> int:
        if wish.post_only and not may_post(wish, quote):
            return POST_ONLY
        if wish.kind.is_trigger or wish.limit is None:
            return 0
        asked = copy(order)
        asked.wish = wish
        more = self._needs(asked) - order.reserved
        return TOO_POOR if more > self._wallet.available(order.reserved_in) else 0

    def _must_be_open_for(self, wish: Wish, now: Instant) -> Quote:
        """The quote; a Refusal when there is none, or when the price has passed the trigger."""
        quote = self._market.quote(wish.listed.symbol, now)
        if quote is None:
            raise Refusal(NO_PRICE)
        if wish.kind.is_trigger and not waits(wish, quote):
            raise Refusal(WRONG_TRIGGER)
        return quote

    def cancel(self, order: Order, now: Instant) -> None:
        """Ends an open order; what it held back is free again. A trigger that has fired ends with its child."""
        ends = order if order.child_id is None else self._book.orders[order.child_id]
        self._end(ends, Status.CANCELED, now)
        self._close(ends, now)

    def transfer(self, currency: str, amount: Decimal, now: Instant) -> None:
        """The owner's own deposit, or withdrawal (negative)."""
        self._wallet.transfer(currency, amount)
        self._tell_balances(now)

    def next_event(self) -> tuple[Instant, Order] | None:
        """When the next open order is met by the price, and which; the older one first."""
        return self._waiting.first()

    def fed(self, symbol: str, now: Instant) -> None:
        """The market has told something: every order that it meets is due now."""
        for order in self._book.open():
            if order.wish.listed.symbol == symbol and order.child_id is None:
                self._waiting.put(order, self._awaited(order, now))

    def happen(self, order: Order, now: Instant) -> None:
        """The price has met an open order: a trigger fires, a resting order is executed at its limit."""
        if order.wish.kind.is_trigger:
            self._fire(order, now)
            return
        self._meet(order, order.wish.limit or ZERO, now)
        if order.is_open:
            self._rest(order, now)
        self._close(order, now)

    def _close(self, order: Order, now: Instant) -> None:
        """One step of an order's life is over: it is checked and told, and so is the trigger that it came from."""
        self.check(order)
        self.events.order(order, now)
        self._tell_balances(now)
        parent = self._book.orders.get(order.parent_id or "")
        if parent is not None and parent.is_open:
            parent.follow(order, now)
            self._book.settle(parent)
            self.events.order(parent, now)

    def _tell_balances(self, now: Instant) -> None:
        for currency, total, reserved in self._wallet.changes():
            self.events.add(BalanceChanged(currency, total, reserved, now))

    def check(self, order: Order) -> None:
        """What is reserved is what the open orders reserve, and an ended order reserves nothing."""
        currency = order.reserved_in
        if self._held.total(currency) != self._wallet.reserved.get(currency, ZERO) or (
            order.reserved and not order.is_open
        ):
            raise BrokenInvariant(
                f"The reservations in {currency} are not those of the open orders."
            )
        order.must_be_unchanged()

    # -- beginning

    def _new(self, wish: Wish, quote: Quote, now: Instant) -> Order:
        waits = Status.PENDING if wish.kind.is_trigger else Status.ACTIVE
        return Order(self._book.next_id(), wish, value_of(wish, quote), now, now, waits)

    def _objection(self, order: Order, quote: Quote, now: Instant) -> int:
        """The code for which a well-formed order is rejected, or zero."""
        wish, listed = order.wish, order.wish.listed
        objections = (
            (wish.post_only and not may_post(wish, quote), POST_ONLY),
            (self._is_crowded(listed.symbol), TOO_MANY),
            (self._needs(order) > self._wallet.available(order.reserved_in), TOO_POOR),
        )
        found = self._worth(wish, quote) or next((code for holds, code in objections if holds), 0)
        return found or self._impatience(order, now)

    def _worth(self, wish: Wish, quote: Quote) -> int:
        """The code for an order that is too small, too large or too far away, or zero."""
        at_market = wish.quantity * (wish.limit or wish.ref_price or quote.last)
        worth = wish.notional if wish.notional is not None else at_market
        objections = (
            (worth < (wish.listed.value_min or ZERO), TOO_SMALL),
            (wish.listed.value_max is not None and worth > wish.listed.value_max, TOO_LARGE),
            (wish.limit is not None and self._is_far(wish.limit, quote), TOO_FAR),
        )
        return next((code for holds, code in objections if holds), 0)

    def _is_far(self, limit: Decimal, quote: Quote) -> bool:
        return abs(limit - quote.last) > quote.last * self._config.price_band

    def _is_crowded(self, symbol: str) -> bool:
        """Whether the account has as many open orders as it may, of one symbol or of all."""
        count = self._book.open_count
        if count < OPEN_PER_SYMBOL_MAX:
            return False
        own = sum(1 for order in self._book.open() if order.wish.listed.symbol == symbol)
        return count >= OPEN_MAX or own >= OPEN_PER_SYMBOL_MAX

    def _impatience(self, order: Order, now: Instant) -> int:
        """An order that may not rest must find something at once; fill-or-kill must find all of it."""
        wish = order.wish
        if wish.limit is None or wish.tif is TimeInForce.GOOD_TILL_CANCEL:
            return 0
        levels = self._market.levels(wish.listed.symbol, wish.side, now)
        within = [
            takeable(wish.quantity, left, wish.listed.lot)
            for price, left in levels
            if is_good(order, price)
        ]
        if wish.tif is TimeInForce.FILL_OR_KILL:
            return 0 if sum(within) >= wish.quantity else FILL_OR_KILL
        return 0 if any(within) else IMMEDIATE_OR_CANCEL

    def _begin(self, order: Order, quote: Quote, now: Instant) -> None:
        wish = order.wish
        if wish.kind.is_trigger:
            self._waiting.put(order, self._awaited(order, now))
            return
        self._hold(order, self._needs(order))
        if wish.limit is None or crosses(wish.side, wish.limit, quote):
            self._take(order, now)
        if order.is_open:
            self._stay(order, now)

    def _stay(self, order: Order, now: Instant) -> None:
        if order.wish.limit is not None and order.wish.tif is TimeInForce.GOOD_TILL_CANCEL:
            self._rest(order, now)
        else:
            self._end(order, Status.CANCELED, now)

    # -- executing

    def _take(self, order: Order, now: Instant) -> None:
        """Takes what the other side holds, level by level, as far as the limit is good; each execution but the last is told at once."""
        wish = order.wish
        for price, standing in self._market.levels(wish.listed.symbol, wish.side, now):
            quantity = self._wanted(order, price, standing)
            if not order.is_open or not is_good(order, price) or not quantity:
                return
            if order.filled:
                self.events.order(order, now)
            self._execute(order, quantity, price, Liquidity.TAKER, now)

    def _meet(self, order: Order, price: Decimal, now: Instant) -> None:
        """A resting order is taken at its own limit."""
        standing = self._market.standing(order.wish.listed.symbol, order.wish.side, now)
        quantity = self._wanted(order, price, standing)
        if quantity:
            self._execute(order, quantity, price, Liquidity.MAKER, now)

    def _wanted(self, order: Order, price: Decimal, standing: Decimal) -> Decimal:
        """How much of what stands at this price the order takes, in whole lots."""
        wish, wanted = order.wish, order.remaining
        if wish.notional is not None:
            wanted = (wish.notional - order.filled_value) / price
        return takeable(wanted, standing, wish.listed.lot)

    def _execute(
        self, order: Order, quantity: Decimal, price: Decimal, liquidity: Liquidity, now: Instant
    ) -> None:
        is_maker = liquidity is Liquidity.MAKER
        rate = self._config.maker_rate if is_maker else self._config.taker_rate
        wish = order.wish
        done = execution(wish.side, quantity, price, rate, fee_in_quote=wish.fee_in_quote)
        self._market.take(wish.listed.symbol, wish.side, quantity, now)
        order.execute(done, rate, now)
        self._hold(order, self._needs(order))
        trade = Trade(
            *self._book.next_trade_ids(),
            order.id,
            wish.client_oid,
            wish.listed,
            done,
            liquidity,
            wish.fee_currency,
            now,
        )
        self._book.trades.append(trade)
        self._wallet.book(trade)
        self.events.add(Traded(trade, now))
        self.events.add(BookTaken(wish.listed.symbol, now))
        self._end_sibling(order, now)
        if is_done(order):
            self._end(order, Status.FILLED, now)

    # -- resting, firing, ending

    def _rest(self, order: Order, now: Instant) -> None:
        """Waits for the price to meet the limit; in a bar that has met it already, for the next bar."""
        self._waiting.put(order, self._awaited(order, now))

    def _awaited(self, order: Order, now: Instant) -> Instant | None:
        """When the price gets to what an open order waits for."""
        wish = order.wish
        symbol = wish.listed.symbol
        if wish.kind.is_trigger:
            direction = trigger_direction(wish)
            return self._market.reached(symbol, wish.ref_price or ZERO, direction, now)
        return self._market.met(symbol, wish.side, wish.limit or ZERO, now)

    def _fire(self, trigger: Order, now: Instant) -> None:
        quote = self._market.quote(trigger.wish.listed.symbol, now)
        if quote is None:
            raise BrokenInvariant(f"Trigger {trigger.id} fired without a price.")
        kind = Kind.LIMIT if trigger.wish.kind.has_limit else Kind.MARKET
        wish = replace(trigger.wish, kind=kind, ref_price=None, ref_price_type="NULL_VAL", leg=None)
        child = self._new(wish, quote, now)
        child.parent_id = trigger.id
        self._end_sibling(trigger, now)
        code = self._child_objection(child, quote, now)
        if code:
            child.end(Status.REJECTED, now, code)
        self._book.add(child)
        if not code:
            accept = Accept(wish.client_oid, child.id, trigger.id, "trigger", None, now)
            self.accepts.append(accept)
            self._begin(child, quote, now)
        trigger.fire(child)
        self._close(child, now)

    def _child_objection(self, child: Order, quote: Quote, now: Instant) -> int:
        if self._needs(child) > self._wallet.available(child.reserved_in):
            return TOO_POOR
        if child.wish.post_only and not may_post(child.wish, quote):
            return POST_ONLY
        return self._impatience(child, now)

    def _end_sibling(self, order: Order, now: Instant) -> None:
        """The first execution of one leg of a list, also a partial one, ends the other."""
        if order.wish.leg is None:
            return
        for other in self._book.listed(order.wish.leg.list_id):
            if other is not order and other.is_open:
                self._end(other, Status.CANCELED, now)
                self._close(other, now)

    def _needs(self, order: Order) -> Decimal:
        return needs(order, self._config.taker_rate)

    def _hold(self, order: Order, amount: Decimal) -> None:
        self._wallet.reserve(order.reserved_in, amount - order.reserved)
        order.reserved = amount
        self._held.changed(order)

    def _end(self, order: Order, status: Status, now: Instant) -> None:
        self._hold(order, ZERO)
        order.end(status, now)
        self._book.settle(order)


def ids(order: Order) -> dict[str, str]:
    """The two ids of an order, as a result that names it."""
    return {"client_oid": order.wish.client_oid, "order_id": order.id}
