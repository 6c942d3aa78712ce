"""What a well-formed order is rejected for: the code of the first objection, or zero. Nothing is changed here."""

from copy import copy
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from interlock.matching import Quote, takeable
from interlock.simulator.books.margin import Margin
from interlock.simulator.books.orderbook import Orderbook
from interlock.simulator.books.orders import ZERO, Order, TimeInForce, Wish
from interlock.simulator.books.terms import is_good, may_post, needs
from interlock.simulator.books.wallet import Wallet
from interlock.simulator.config import Config
from interlock.simulator.market.replay import Market
from interlock.simulator.switches import BuyReserve
from interlock.values import Instant, Side

OPEN_PER_SYMBOL_MAX: Final = 200
OPEN_MAX: Final = 1000

MARGIN_CALL: Final = 301
TOO_POOR: Final = 306
TOO_LARGE: Final = 314
TOO_FAR: Final = 315
TOO_MANY: Final = 318
TOO_SMALL: Final = 415
NO_CREDIT: Final = 609
FILL_OR_KILL: Final = 43003
IMMEDIATE_OR_CANCEL: Final = 43004
POST_ONLY: Final = 43005


@dataclass(frozen=True, slots=True)
class Objections:
    """The rules of the exchange over its one account."""

    config: Config
    market: Market
    wallet: Wallet
    book: Orderbook
    margin: Margin

    def needs(self, order: Order) -> Decimal:
        """What the order must hold back, or pledge."""
        with_fee = self.config.switches.buy_reserve is BuyReserve.VALUE_AND_FEE
        return needs(order, self.config.taker_rate, with_fee=with_fee)

    def to_new(self, order: Order, quote: Quote, now: Instant) -> int:
        """Against an order that comes in."""
        wish = order.wish
        code = self._worth(wish, quote)
        if code:
            return code
        if wish.post_only and not may_post(wish, quote):
            return POST_ONLY
        if self._is_crowded(wish.listed.symbol):
            return TOO_MANY
        return self._poverty(order, now) or self._impatience(order, now)

    def to_child(self, child: Order, quote: Quote, now: Instant) -> int:
        """Against what a trigger has become: only now are its funds asked for."""
        code = self._poverty(child, now)
        if code:
            return code
        if child.wish.post_only and not may_post(child.wish, quote):
            return POST_ONLY
        return self._impatience(child, now)

    def to_amended(self, order: Order, wish: Wish, quote: Quote, now: Instant) -> int:
        """Against what an open order is to become."""
        code = self._worth(wish, quote)
        if code:
            return code
        if wish.post_only and not may_post(wish, quote):
            return POST_ONLY
        asked = copy(order)
        asked.wish = wish
        return self._poverty(asked, now)

    def _worth(self, wish: Wish, quote: Quote) -> int:
        """The code for an order that is too small, too large or too far away, or zero."""
        worth, listed = wish.notional, wish.listed
        if worth is None:
            worth = wish.quantity * (wish.limit or wish.ref_price or quote.last)
        if worth < (listed.value_min or ZERO):
            return TOO_SMALL
        if listed.value_max is not None and worth > listed.value_max:
            return TOO_LARGE
        return TOO_FAR if wish.limit is not None and self._is_far(wish.limit, quote) else 0

    def _is_far(self, limit: Decimal, quote: Quote) -> bool:
        return abs(limit - quote.last) > quote.last * self.config.switches.price_band

    def _is_crowded(self, symbol: str) -> bool:
        """Whether the account has as many open orders as it may, of one symbol or of all."""
        count = self.book.open_count
        if count < OPEN_PER_SYMBOL_MAX:
            return False
        own = sum(1 for order in self.book.open() if order.wish.listed.symbol == symbol)
        return count >= OPEN_MAX or own >= OPEN_PER_SYMBOL_MAX

    def _poverty(self, order: Order, now: Instant) -> int:
        """The code for an order that the account cannot pay, by its own money or by what it may borrow for it, or zero."""
        wish = order.wish
        needed = self.needs(order)
        more = needed - order.reserved
        lacking = max(more - max(self.wallet.available(order.reserved_in), ZERO), ZERO)
        if self.margin.is_called(now) and (lacking or not self._lowers_risk(wish)):
            return MARGIN_CALL
        if not lacking:
            return 0
        if not wish.on_credit:
            return TOO_POOR
        return 0 if self.margin.admits(order, needed, lacking, now) else NO_CREDIT

    def _lowers_risk(self, wish: Wish) -> bool:
        """A sale of what is owned, or a buy of what is owed, its fee and one lot included."""
        if wish.side is Side.SELL:
            return True
        owed = self.wallet.owed().get(wish.listed.base, ZERO)
        received = wish.quantity * (1 - self.config.taker_rate)
        return owed > 0 and received < owed + wish.listed.lot

    def _impatience(self, order: Order, now: Instant) -> int:
        """An order that may not rest must find something at once; fill-or-kill must find all of it."""
        wish = order.wish
        if wish.limit is None or wish.tif is TimeInForce.GOOD_TILL_CANCEL:
            return 0
        levels = self.market.levels(wish.listed.symbol, wish.side, now)
        within = [
            takeable(wish.quantity, left, wish.listed.lot)
            for price, left in levels
            if is_good(order, price)
        ]
        if wish.tif is TimeInForce.FILL_OR_KILL:
            return 0 if sum(within) >= wish.quantity else FILL_OR_KILL
        return 0 if any(within) else IMMEDIATE_OR_CANCEL
