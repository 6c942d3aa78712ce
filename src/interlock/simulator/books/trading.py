"""What becomes of an order: judged, reserved, taken, rested, fired, ended. Money moves here and nowhere else.

What the levels of the book do not hold is not executed. An order that may not rest loses its remainder.
A fired trigger spawns a market order with an id of its own; only then are funds asked for.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final, TypeVar

from interlock.errors import BrokenInvariant
from interlock.matching import Liquidity, Quote, crosses, execution, takeable
from interlock.simulator.answers import Refusal
from interlock.simulator.books.events import BalanceChanged, BookTaken, Events, Moved, Traded
from interlock.simulator.books.held import Held
from interlock.simulator.books.journal import Cause, Journal
from interlock.simulator.books.margin import Margin, hourly_interest, next_hour
from interlock.simulator.books.objections import Objections
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
from interlock.simulator.books.prevention import PREVENTED, ends_incoming, ends_resting, met
from interlock.simulator.books.terms import (
    is_done,
    is_good,
    trigger_direction,
    value_of,
    waits,
)
from interlock.simulator.books.waiting import Waiting
from interlock.simulator.books.wallet import Wallet
from interlock.simulator.config import Config
from interlock.simulator.market.replay import Market
from interlock.simulator.switches import CumulativeFeeUnit
from interlock.values import Instant

Did = TypeVar("Did")

NO_PRICE: Final = 309
NOT_AMENDABLE: Final = 212
WRONG_TRIGGER: Final = 50007


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

    def __init__(
        self, config: Config, market: Market, wallet: Wallet, book: Orderbook, margin: Margin
    ) -> None:
        self._config: Final = config
        self._market: Final = market
        self._wallet: Final = wallet
        self._book: Final = book
        self._reserved: Final = Held()
        self._pledged: Final = Held()
        self._waiting: Final = Waiting()
        self._objections: Final = Objections(config, market, wallet, book, margin)
        self._interest_due: Instant | None = None
        self.margin: Final = margin
        self.events: Final = Events()
        self.journal: Final = Journal()
        self.accepts: Final[list[Accept]] = []
        self._rejects = 0

    def rejecting(self, code: int, do: Callable[[], Did]) -> Did:
        """Does this, and rejects with a reason whatever order is accepted by it, before it can be met."""
        self._rejects = code
        try:
            return do()
        finally:
            self._rejects = 0

    def place(self, wish: Wish, method: str, nonce: int, now: Instant) -> Order:
        """Accepts the order and does at once what can be done; a Refusal with the order's ids leaves it REJECTED."""
        quote = self._must_be_open_for(wish, now)
        order = self._new(wish, quote, now)
        code = self._objections.to_new(order, quote, now)
        if code:
            order.end(Status.REJECTED, now, code)
        self._book.add(order)
        if code:
            self.events.order(order, now)
            raise Refusal(code, ids(order))
        self.accepts.append(Accept(wish.client_oid, order.id, None, method, nonce, now))
        if self._rejects:
            order.end(Status.REJECTED, now, self._rejects)
            self.events.order(order, now)
            return order
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
            code = self._objections.to_new(order, quote, now)
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
        code = self._objections.to_amended(order, wish, quote, now)
        if code:
            raise Refusal(code)
        order.amend(wish, value, now)
        self._book.rename(order)
        self._begin(order, quote, now)
        self._close(order, now)

    def _must_be_open_for(self, wish: Wish, now: Instant) -> Quote:
        """The quote; a Refusal when there is none, when trading is halted, or when the price has passed the trigger."""
        quote = self._market.quote(wish.listed.symbol, now)
        if quote is None or not self._market.conditions(wish.listed.symbol).is_open:
            raise Refusal(NO_PRICE)
        if wish.kind.is_trigger and not waits(wish, quote):
            raise Refusal(WRONG_TRIGGER)
        return quote

    def cancel(self, order: Order, now: Instant) -> None:
        """Ends an open order; what it held back is free again. A trigger that has fired ends with its child."""
        ends = order if order.child_id is None else self._book.orders[order.child_id]
        self._end(ends, Status.CANCELED, now)
        self._close(ends, now)

    def fill(self, order: Order, now: Instant) -> None:
        """The market takes at once what an open order still wants, at its own limit, whatever stands there; a trigger fires."""
        if not order.is_open:
            return
        if order.wish.kind.is_trigger:
            self._fire(order, now)
            return
        self._execute(order, order.remaining, order.wish.limit or ZERO, Liquidity.MAKER, now)
        self._close(order, now)

    def transfer(self, currency: str, amount: Decimal, now: Instant) -> None:
        """The owner's own deposit, or withdrawal (negative)."""
        self._wallet.transfer(currency, amount)
        self._note(Cause.DEPOSIT if amount > 0 else Cause.WITHDRAWAL, currency, amount, now)
        self._tell_balances(now)

    def next_event(self) -> tuple[Instant, Order | None] | None:
        """When the next open order is met by the price, and which, the older one first; or, with none, when interest is due."""
        first = self._waiting.first()
        if self._interest_due is not None and (first is None or self._interest_due <= first[0]):
            return self._interest_due, None
        return first

    def happen(self, order: Order | None, now: Instant) -> None:
        """The price has met an open order: a trigger fires, a resting order is executed at its limit. Or the hour is full."""
        if order is None:
            self._charge(now)
            return
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

    def _charge(self, now: Instant) -> None:
        """The lender takes the interest of the hour."""
        for currency, debt in self._wallet.owed().items():
            interest = hourly_interest(debt, self._config.hourly_interest_rate)
            if interest:
                self._wallet.charge(currency, interest)
                self._note(Cause.INTEREST, currency, -interest, now)
        self._interest_due = None
        self._tell_balances(now)

    def _note(self, cause: Cause, currency: str, amount: Decimal, now: Instant) -> None:
        self.events.add(Moved(self.journal.note(cause, currency, amount, now), now))

    def _tell_balances(self, now: Instant) -> None:
        """Every change of money is told; from the first debt on an hour becomes due."""
        if not self._wallet.has_debt:
            self._interest_due = None
        elif self._interest_due is None:
            self._interest_due = next_hour(now)
        for currency, total, reserved in self._wallet.changes():
            self.events.add(BalanceChanged(currency, total, reserved, now))

    def check(self, order: Order) -> None:
        """What is reserved is what the open orders reserve, and an ended order reserves nothing."""
        currency = order.reserved_in
        if order.wish.on_credit:
            kept, held = self._wallet.pledged, self._pledged
        else:
            kept, held = self._wallet.reserved, self._reserved
        is_kept = held.total(currency) == kept.get(currency, ZERO)
        if not is_kept or (order.reserved and not order.is_open):
            raise BrokenInvariant(
                f"The reservations in {currency} are not those of the open orders."
            )
        order.must_be_unchanged()

    # -- beginning

    def _new(self, wish: Wish, quote: Quote, now: Instant) -> Order:
        waits = Status.PENDING if wish.kind.is_trigger else Status.ACTIVE
        return Order(self._book.next_id(), wish, value_of(wish, quote), now, now, waits)

    def _begin(self, order: Order, quote: Quote, now: Instant) -> None:
        wish = order.wish
        if wish.kind.is_trigger:
            self._waiting.put(order, self._awaited(order, now))
            return
        self._hold(order, self._objections.needs(order))
        if not wish.post_only:
            self._take(order, quote, now)
        if order.is_open:
            self._stay(order, now)

    def _stay(self, order: Order, now: Instant) -> None:
        if order.wish.limit is not None and order.wish.tif is TimeInForce.GOOD_TILL_CANCEL:
            self._rest(order, now)
        else:
            self._end(order, self._remainder(order), now)

    def _remainder(self, order: Order) -> Status:
        """How what an order that may not rest has not executed ends."""
        is_market = order.wish.limit is None
        return Status.CANCELED if is_market else Status(self._config.switches.tif_terminal_status)

    # -- executing

    def _take(self, order: Order, quote: Quote, now: Instant) -> None:
        """Takes what the other side holds, level by level, as far as the limit is good; each execution but the last is told at once."""
        wish = order.wish
        reaches = wish.limit is None or crosses(wish.side, wish.limit, quote)
        levels = self._market.levels(wish.listed.symbol, wish.side, now) if reaches else []
        for price, standing in levels:
            self._prevent(order, price, now)
            quantity = self._wanted(order, price, standing)
            if not order.is_open or not is_good(order, price) or not quantity:
                break
            if order.filled:
                self.events.order(order, now)
            self._execute(order, quantity, price, Liquidity.TAKER, now)
        self._prevent(order, None, now)

    def _prevent(self, order: Order, before: Decimal | None, now: Instant) -> None:
        """Keeps an order from meeting the account's own that bear its mark, ahead of the level `before`."""
        if order.wish.stp is None:
            return
        for own in met(order, self._book.open(), before):
            if not order.is_open:
                return
            if ends_resting(order):
                self._end(own, Status.CANCELED, now, PREVENTED)
                self._close(own, now)
            if ends_incoming(order):
                self._end(order, Status.CANCELED, now, PREVENTED)

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
        quantity, price, rate = quantity.normalize(), price.normalize(), rate.normalize()
        done = execution(wish.side, quantity, price, rate, fee_in_quote=wish.fee_in_quote)
        self._market.take(wish.listed.symbol, wish.side, quantity, now)
        counts_base = self._config.switches.cumulative_fee_unit is CumulativeFeeUnit.BASE
        order.execute(done, rate, now, counts_base=counts_base)
        self._hold(order, ZERO)
        trade = Trade(
            *self._book.next_trade_ids(),
            self._config.switches.shown_id(order.id, order.parent_id),
            wish.client_oid,
            wish.listed,
            done,
            liquidity,
            wish.fee_currency,
            now,
        )
        self._book.trades.append(trade)
        self._wallet.book(trade, on_credit=wish.on_credit)
        ends = is_done(order)
        if not ends:
            self._hold(order, self._objections.needs(order))
        self.events.add(Traded(trade, now))
        self.events.add(BookTaken(wish.listed.symbol, now))
        self._end_sibling(order, now)
        if ends:
            self._end(order, Status.FILLED, now)

    # -- resting, firing, ending

    def _rest(self, order: Order, now: Instant) -> None:
        """Waits for the price to meet the limit; in a bar that has met it already, for the next bar."""
        self._waiting.put(order, self._awaited(order, now, is_served=True))

    def _awaited(self, order: Order, now: Instant, *, is_served: bool = False) -> Instant | None:
        """When the price gets to what an open order waits for; one that is served now waits for more. Never while it is halted."""
        wish = order.wish
        symbol = wish.listed.symbol
        if not self._market.conditions(symbol).is_open:
            return None
        if wish.kind.is_trigger:
            direction = trigger_direction(wish)
            return self._market.reached(symbol, wish.ref_price or ZERO, direction, now)
        find = self._market.met_again if is_served else self._market.met
        return find(symbol, wish.side, wish.limit or ZERO, now)

    def await_price(self, symbol: str, now: Instant) -> None:
        """What holds on the market of a symbol has changed: its open orders wait for the price anew."""
        for order in self._open_of(symbol):
            if order.child_id is None:
                self._waiting.put(order, self._awaited(order, now))

    def cancel_all_of(self, symbol: str, now: Instant) -> None:
        """The exchange cancels every open order of a symbol, of both worlds."""
        for order in self._open_of(symbol):
            if order.is_open:
                self.cancel(order, now)

    def _open_of(self, symbol: str) -> list[Order]:
        return [order for order in self._book.open() if order.wish.listed.symbol == symbol]

    def _fire(self, trigger: Order, now: Instant) -> None:
        quote = self._market.quote(trigger.wish.listed.symbol, now)
        if quote is None:
            raise BrokenInvariant(f"Trigger {trigger.id} fired without a price.")
        kind = Kind.LIMIT if trigger.wish.kind.has_limit else Kind.MARKET
        wish = replace(trigger.wish, kind=kind, ref_price=None, ref_price_type="NULL_VAL", leg=None)
        child = self._new(wish, quote, now)
        child.parent_id = trigger.id
        self._end_sibling(trigger, now)
        code = self._objections.to_child(child, quote, now)
        if code:
            child.end(Status.REJECTED, now, code)
        self._book.add(child)
        if not code:
            accept = Accept(wish.client_oid, child.id, trigger.id, "trigger", None, now)
            self.accepts.append(accept)
            self._begin(child, quote, now)
        trigger.fire(child)
        self._close(child, now)

    def _end_sibling(self, order: Order, now: Instant) -> None:
        """The first execution of one leg of a list, also a partial one, ends the other."""
        leg = order.wish.leg
        if leg is None:
            return
        for other in self._book.listed(leg.list_id):
            if other is not order and other.is_open:
                self._end(other, Status.CANCELED, now)
                self._close(other, now)

    def _hold(self, order: Order, amount: Decimal) -> None:
        more = amount - order.reserved
        order.reserved = amount
        if not more:
            return
        if order.wish.on_credit:
            self._wallet.pledge(order.reserved_in, more)
            self._pledged.changed(order)
        else:
            self._wallet.reserve(order.reserved_in, more)
            self._reserved.changed(order)

    def _end(self, order: Order, status: Status, now: Instant, reason: int = 0) -> None:
        self._hold(order, ZERO)
        order.end(status, now, reason)
        self._book.settle(order)


def ids(order: Order) -> dict[str, str]:
    """The two ids of an order, as a result that names it."""
    return {"client_oid": order.wish.client_oid, "order_id": order.id}
