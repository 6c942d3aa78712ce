"""Every order of the account, under every id that was ever given out, and every trade.

Ordinary orders and triggers are two worlds: no list, detail or cancel of the one sees the other. The child of a trigger bears its
parent's client_oid. An amended order is found under its old one too; of several orders that bear one the newest is found.
"""

from collections.abc import Iterator
from typing import Final

from interlock.errors import BrokenInvariant
from interlock.simulator.books.orders import Order, Trade

# Ids have 19 digits, more than a binary float can hold.
ORDER_IDS: Final = 6_530_000_000_000_000_000
TRADE_IDS: Final = 6_142_000_000_000_000_000
MATCH_IDS: Final = 4_611_686_018_427_387_904
LIST_IDS: Final = 6_498_000_000_000_000_000
SEEDS: Final = 100_000
IDS_OF_A_SEED: Final = 1_000_000_000


class Orderbook:
    """The account's orders and trades, oldest first."""

    def __init__(self, seed: int) -> None:
        self._base: Final = seed % SEEDS * IDS_OF_A_SEED
        self._count = 0
        self.orders: Final[dict[str, Order]] = {}
        self.trades: Final[list[Trade]] = []
        self._open: Final[dict[str, Order]] = {}
        self._ids: Final[dict[tuple[bool, str], str]] = {}
        self._bearers: Final[dict[str, list[Order]]] = {}
        self._lists: Final[dict[int, list[Order]]] = {}

    def next_id(self) -> str:
        """The id of the next order."""
        self._count += 1
        return str(ORDER_IDS + self._base + self._count)

    def next_list_id(self) -> int:
        """The id of the next list."""
        self._count += 1
        return LIST_IDS + self._base + self._count

    def next_trade_ids(self) -> tuple[str, str]:
        """The trade id and the match id of the next trade."""
        n = self._base + len(self.trades) + 1
        return str(TRADE_IDS + n), str(MATCH_IDS + n)

    def bearers(self, client_oid: str) -> list[Order]:
        """Every order that ever bore this client_oid, oldest first."""
        return self._bearers.get(client_oid, [])

    def add(self, order: Order) -> None:
        """Keeps a new order for ever."""
        world = order.is_advanced
        if order.id in self.orders:
            raise BrokenInvariant(f"Order {order.id} bears an id that is taken.")
        self.orders[order.id] = order
        self._ids[world, order.wish.client_oid] = order.id
        self._bearers.setdefault(order.wish.client_oid, []).append(order)
        if order.wish.leg is not None:
            self._lists.setdefault(order.wish.leg.list_id, []).append(order)
        self.settle(order)

    def rename(self, order: Order) -> None:
        """Finds the order under its present client_oid as well."""
        self._ids[order.is_advanced, order.wish.client_oid] = order.id
        self._bearers.setdefault(order.wish.client_oid, []).append(order)

    def listed(self, list_id: object) -> list[Order]:
        """The legs of a list, by its id as a number or a text."""
        number = int(list_id) if isinstance(list_id, int | str) and str(list_id).isdigit() else -1
        return self._lists.get(number, [])

    def settle(self, order: Order) -> None:
        """Lists an order among the open ones exactly while it is open."""
        if order.is_open:
            self._open[order.id] = order
        else:
            self._open.pop(order.id, None)

    def find(self, order_id: str | None, client_oid: str | None, *, advanced: bool) -> Order | None:
        """The order of one world by its id, else by its client_oid."""
        key = order_id or self._ids.get((advanced, client_oid or ""), "")
        order = self.orders.get(key)
        return order if order is not None and order.is_advanced is advanced else None

    @property
    def open_count(self) -> int:
        """How many orders of both worlds are open."""
        return len(self._open)

    def open(self) -> Iterator[Order]:
        """Every open order of both worlds, oldest first."""
        return iter(tuple(self._open.values()))

    def world(self, *, advanced: bool) -> Iterator[Order]:
        """Every order of one world, newest first."""
        return (o for o in reversed(self.orders.values()) if o.is_advanced is advanced)
