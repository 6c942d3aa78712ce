"""The books as they stood some time ago, told from what has happened since: what a read shows that lags behind.

It reaches as far back as the events are kept; an order or an amount whose event is forgotten is shown as it stands.
"""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Final

from interlock.simulator.books.events import BalanceChanged, Event, OrderChanged
from interlock.simulator.books.orderbook import Orderbook
from interlock.simulator.books.orders import ZERO, Order
from interlock.simulator.books.wallet import Wallet
from interlock.values import Instant

NO_SEED: Final = 0


def orders_then(then: Instant, book: Orderbook, events: Iterable[Event]) -> Orderbook:
    """Every order that there was, as it stood then, and every trade that was made by then."""
    known: dict[str, Order] = {}
    for event in events:
        if isinstance(event, OrderChanged) and event.at <= then:
            known[event.order.id] = event.order
    past = Orderbook(NO_SEED)
    for order in book.orders.values():
        if order.created <= then:
            past.add(order if order.updated <= then else known.get(order.id, order))
    past.trades.extend(trade for trade in book.trades if trade.at <= then)
    return past


def money_then(
    then: Instant, opening: Mapping[str, Decimal], wallet: Wallet, events: Iterable[Event]
) -> Wallet:
    """What the account held then, and what of it was reserved. `opening` is what it began with."""
    changes = [event for event in events if isinstance(event, BalanceChanged)]
    known = {each.currency: each for each in changes if each.at <= then}
    total, reserved = dict(wallet.total), dict(wallet.reserved)
    for currency in dict.fromkeys(each.currency for each in changes if each.at > then):
        before = known.get(currency)
        total[currency] = before.total if before else opening.get(currency, ZERO)
        reserved[currency] = before.reserved if before else ZERO
    past = Wallet(total)
    past.reserved.update(reserved)
    return past
