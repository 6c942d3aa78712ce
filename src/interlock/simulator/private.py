"""The private methods: what the account may ask and order. Each takes a proven call and now, and returns the result.

Ordinary and advanced methods are twins: the same law over the two worlds of orders.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial
from itertools import islice
from types import MappingProxyType
from typing import Final

from interlock.simulator.answers import Refusal
from interlock.simulator.arguments import (
    BAD_ARGUMENT,
    DAY,
    MILLISECOND,
    ordinary_wish,
    span,
    text,
    trigger_wish,
    which,
)
from interlock.simulator.balances import balance_row
from interlock.simulator.config import Config
from interlock.simulator.listing import Listing
from interlock.simulator.market import Market
from interlock.simulator.orderbook import Orderbook
from interlock.simulator.orders import Order, Wish
from interlock.simulator.requests import Call
from interlock.simulator.rows import order_row, trade_row
from interlock.simulator.terms import notional_quantity
from interlock.simulator.trading import Trading, ids
from interlock.simulator.wallet import Wallet
from interlock.values import Instant, number_text

BASIS_POINTS: Final = 10_000
DUPLICATE: Final = 204
NOT_CANCELLABLE: Final = 212
NOT_FOUND: Final = 40401
# Seven days back from now are asked for too, whose end by default lies just after now.
TRADES_WINDOW: Final = 7 * DAY + MILLISECOND
ACTS: Final = frozenset({"create-order", "cancel-order"})

Method = Callable[[Call, Instant], object]


class PrivateSide:
    """What the exchange does for its one account."""

    def __init__(  # noqa: PLR0913, PLR0917 - the six parts of the exchange, each once
        self,
        config: Config,
        listing: Listing,
        market: Market,
        wallet: Wallet,
        book: Orderbook,
        trading: Trading,
    ) -> None:
        self._config: Final = config
        self._listing: Final = listing
        self._market: Final = market
        self._wallet: Final = wallet
        self._book: Final = book
        self._trading: Final = trading
        self.methods: Final[Mapping[str, Method]] = MappingProxyType(
            {
                "private/user-balance": self.balance,
                "private/get-fee-rate": self.fee_rate,
                "private/get-instrument-fee-rate": self.instrument_fee_rate,
                "private/get-trades": self.trades,
                **self._world("private/", advanced=False),
                **self._world("private/advanced/", advanced=True),
            }
        )

    def _world(self, prefix: str, *, advanced: bool) -> dict[str, Method]:
        """The twin methods over one world of orders."""
        return {
            f"{prefix}create-order": partial(self.create, advanced=advanced),
            f"{prefix}cancel-order": partial(self.cancel, advanced=advanced),
            f"{prefix}get-open-orders": partial(self.open_orders, advanced=advanced),
            f"{prefix}get-order-detail": partial(self.detail, advanced=advanced),
            f"{prefix}get-order-history": partial(self.history, advanced=advanced),
        }

    # -- the account

    def balance(self, call: Call, now: Instant) -> object:  # noqa: ARG002 - it has no parameters
        """The wallet."""
        return {"data": [balance_row(self._wallet, self._market, self._listing.haircuts, now)]}

    def fee_rate(self, call: Call, now: Instant) -> object:  # noqa: ARG002 - it has no parameters
        """What a trade costs, in basis points."""
        maker, taker = self._rates()
        return {
            "spot_tier": "1",
            "deriv_tier": "1",
            "effective_spot_maker_rate_bps": maker,
            "effective_spot_taker_rate_bps": taker,
            "effective_deriv_maker_rate_bps": maker,
            "effective_deriv_taker_rate_bps": taker,
        }

    def instrument_fee_rate(self, call: Call, now: Instant) -> object:  # noqa: ARG002 - a rate does not change
        """What a trade of one instrument costs, in basis points."""
        symbol = text(call.params, "instrument_name")
        if symbol not in self._listing.instruments:
            raise Refusal(BAD_ARGUMENT)
        maker, taker = self._rates()
        return {
            "instrument_name": symbol,
            "effective_maker_rate_bps": maker,
            "effective_taker_rate_bps": taker,
        }

    def _rates(self) -> tuple[str, str]:
        rates = (self._config.maker_rate, self._config.taker_rate)
        maker, taker = (number_text(rate * BASIS_POINTS) for rate in rates)
        return maker, taker

    # -- orders

    def create(self, call: Call, now: Instant, *, advanced: bool) -> object:
        """Queues an order: its ids, once per client_oid for the whole run."""
        read = trigger_wish if advanced else ordinary_wish
        wish = self._estimated(read(call, self._listing.instruments), now)
        if self._book.knows(wish.client_oid):
            raise Refusal(DUPLICATE)
        return ids(self._trading.place(wish, call.method, call.nonce, now))

    def _estimated(self, wish: Wish, now: Instant) -> Wish:
        """A market buy by value shows a quantity that is guessed from the price."""
        quote = self._market.quote(wish.listed.symbol, now)
        if wish.notional is None or quote is None:
            return wish
        quantity = notional_quantity(wish.notional, quote.ask, wish.listed.lot)
        return replace(wish, quantity=quantity)

    def cancel(self, call: Call, now: Instant, *, advanced: bool) -> object:
        """Ends an open order; 212 for one that is unknown here or has ended."""
        order = self._book.find(*which(call.params), advanced=advanced)
        if order is None or not order.is_open:
            raise Refusal(NOT_CANCELLABLE)
        self._trading.cancel(order, now)
        return ids(order)

    def open_orders(self, call: Call, now: Instant, *, advanced: bool) -> object:  # noqa: ARG002 - it lists what is open now
        """Every open order of this world, newest first, without pages."""
        symbol = text(call.params, "instrument_name")
        found = [
            order
            for order in self._book.open()
            if order.wish.kind.is_trigger is advanced and _is_of(order, symbol)
        ]
        return self._listed(reversed(found))

    def detail(self, call: Call, now: Instant, *, advanced: bool) -> object:  # noqa: ARG002 - it shows what is now
        """One order of this world by its order_id or client_oid; 40401 when there is none."""
        order = self._book.find(*which(call.params), advanced=advanced)
        if order is None:
            raise Refusal(NOT_FOUND)
        return order_row(order, self._config)

    def history(self, call: Call, now: Instant, *, advanced: bool) -> object:
        """Orders of this world that have ended, by the time they were made, newest first."""
        asked = span(call.params, now)
        found = (
            order
            for order in self._book.world(advanced=advanced)
            if asked.start <= order.created < asked.end
            and not order.is_open
            and _is_of(order, asked.symbol)
        )
        return self._listed(islice(found, asked.limit))

    def trades(self, call: Call, now: Instant) -> object:
        """Executions, newest first; a window of more than seven days is refused."""
        asked = span(call.params, now)
        if asked.end - asked.start > TRADES_WINDOW:
            raise Refusal(BAD_ARGUMENT)
        found = (
            trade
            for trade in reversed(self._book.trades)
            if asked.start <= trade.at < asked.end and asked.symbol in {None, trade.listed.symbol}
        )
        return {"data": [trade_row(trade) for trade in islice(found, asked.limit)]}

    def _listed(self, orders: Iterable[Order]) -> object:
        return {"data": [order_row(order, self._config) for order in orders]}


def _is_of(order: Order, symbol: str | None) -> bool:
    return symbol in {None, order.wish.listed.symbol}
