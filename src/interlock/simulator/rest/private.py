"""The private methods that order: what the account may ask for, and what became of it. Each takes a proven call and now.

Ordinary and advanced methods are twins: the same law over the two worlds of orders. Of a list each leg stands or falls alone.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial
from itertools import islice
from types import MappingProxyType
from typing import Final

from interlock.simulator.answers import Refusal, wording
from interlock.simulator.books.orderbook import Orderbook
from interlock.simulator.books.orders import Order, Wish
from interlock.simulator.books.terms import notional_quantity, posted
from interlock.simulator.books.trading import Trading, ids
from interlock.simulator.books.wallet import Wallet
from interlock.simulator.config import Config
from interlock.simulator.market.listing import Listing
from interlock.simulator.market.replay import Market
from interlock.simulator.rest.account import AccountSide, Method
from interlock.simulator.rest.arguments import (
    DAY,
    amended_wish,
    funded,
    legs,
    oco_wishes,
    ordinary_wish,
    span,
    text,
    trigger_wish,
    which,
    which_to_amend,
)
from interlock.simulator.rest.funding import Rights
from interlock.simulator.rest.requests import Call
from interlock.simulator.rest.rows import Row, arranged, listed_row, read_row
from interlock.simulator.rest.unserved import EMPTY, REFUSED
from interlock.simulator.switches import ClientOidScope, Toggle, TriggerChildId
from interlock.values import Instant

BAD_ARGUMENT: Final = 40004
DUPLICATE: Final = 204
NOT_CANCELLABLE: Final = 212
NOT_FOUND: Final = 40401
ACTS: Final = ("create-", "cancel-", "amend-", "close-", "change-")
"""How the name of a method begins that changes something."""


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
        self._book: Final = book
        self._trading: Final = trading
        account = AccountSide(config, listing, market, wallet, book, trading)
        self.methods: Final[Mapping[str, Method]] = MappingProxyType(
            {
                **{name: partial(_refuse, code) for name, code in REFUSED.items()},
                **{name: partial(_nothing, key) for name, key in EMPTY.items()},
                **account.methods,
                **self._world("private/", advanced=False),
                **self._world("private/advanced/", advanced=True),
                "private/get-order-list": self.order_list,
                "private/advanced/create-oco": self.create_oco,
                "private/advanced/cancel-oco": self.cancel_oco,
                "private/advanced/get-order-list-detail": self.list_detail,
            }
        )

    def _world(self, prefix: str, *, advanced: bool) -> dict[str, Method]:
        """The twin methods over one world of orders."""
        twins: dict[str, Callable[..., object]] = {
            "create-order": self.create,
            "amend-order": self.amend,
            "cancel-order": self.cancel,
            "cancel-all-orders": self.cancel_all,
            "create-order-list": self.create_list,
            "cancel-order-list": self.cancel_list,
            "get-open-orders": self.open_orders,
            "get-order-detail": self.detail,
            "get-order-history": self.history,
        }
        return {prefix + name: partial(twin, advanced=advanced) for name, twin in twins.items()}

    # -- ordering

    def create(self, call: Call, now: Instant, *, advanced: bool) -> dict[str, str]:
        """Queues an order: its ids, once per client_oid for the whole run."""
        params = funded(call.params, self._config.switches)
        asked = call if params is call.params else replace(call, params=params)
        read = trigger_wish if advanced else ordinary_wish
        wish = read(asked, self._listing.instruments, self._rights())
        self._must_be_new(wish, now)
        return ids(self._trading.place(self._priced(wish, now), call.method, call.nonce, now))

    def _rights(self) -> Rights:
        own = self._trading.margin.settings
        legacy = self._config.switches.legacy_triggers is Toggle.ON
        return Rights(legacy, self._config.margin, own.leverage, own.stp)

    def _priced(self, wish: Wish, now: Instant) -> Wish:
        """A market buy by value shows a quantity that is guessed from the price; a smart post-only order moves behind the price."""
        if wish.notional is None and not wish.smart:
            return wish
        quote = self._market.quote(wish.listed.symbol, now)
        if quote is None:
            return wish
        if wish.notional is None:
            return posted(wish, quote)
        quantity = notional_quantity(wish.notional, quote.ask, wish.listed.lot)
        return replace(wish, quantity=quantity)

    def amend(self, call: Call, now: Instant, *, advanced: bool) -> object:
        """Changes price and quantity of an open order, which keeps its order_id and takes the new client_oid; 212 for any other."""
        order = self._book.find(*which_to_amend(call.params), advanced=advanced)
        if order is None or not order.is_open:
            raise Refusal(NOT_CANCELLABLE)
        listed = self._listing.instruments[order.wish.listed.symbol]
        wish = amended_wish(call, replace(order.wish, listed=listed), order.filled)
        self._must_be_new(wish, now)
        self._trading.amend(order, wish, now)
        return ids(order)

    def _must_be_new(self, wish: Wish, now: Instant) -> None:
        bearers = self._book.bearers(wish.client_oid)
        if not bearers:
            return
        match self._config.switches.client_oid_scope:
            case ClientOidScope.PER_INSTRUMENT:
                bearers = [o for o in bearers if o.wish.listed.symbol == wish.listed.symbol]
            case ClientOidScope.ONE_DAY:
                bearers = [o for o in bearers if now - o.created < DAY]
            case ClientOidScope.FOREVER:
                pass
        if bearers:
            raise Refusal(DUPLICATE)

    def named(self, call: Call) -> Order | None:
        """The order that a call names, in the world of its method."""
        advanced = call.method.startswith("private/advanced/")
        return self._book.find(*which(call.params), advanced=advanced)

    def cancel(self, call: Call, now: Instant, *, advanced: bool) -> dict[str, str]:
        """Ends an open order; 212 for one that is unknown here or has ended."""
        order = self._found(call, advanced=advanced)
        if order is None or not order.is_open:
            silenced = self._silenced(call, advanced=advanced)
            if silenced is None:
                raise Refusal(int(self._config.switches.cancel_unknown_code))
            return ids(silenced)
        self._trading.cancel(order, now)
        return ids(order)

    def _silenced(self, call: Call, *, advanced: bool) -> Order | None:
        """The open trigger that an ordinary cancel names, where that is answered as if it were done."""
        if advanced or self._config.switches.silent_trigger_cancel is Toggle.OFF:
            return None
        order = self._book.find(*which(call.params), advanced=True)
        return order if order is not None and order.is_open else None

    def _found(self, call: Call, *, advanced: bool) -> Order | None:
        """The order that a call names; a trigger's id may be that of what it became."""
        named = which(call.params)
        order = self._book.find(*named, advanced=advanced)
        if order is not None or advanced:
            return order
        if self._config.switches.trigger_child_id is not TriggerChildId.SAME:
            return None
        trigger = self._book.find(*named, advanced=True)
        return self._book.orders.get(trigger.child_id or "") if trigger is not None else None

    def cancel_all(self, call: Call, now: Instant, *, advanced: bool) -> None:
        """Ends every open order of this world, or of one instrument; triggers are not reached from the ordinary one."""
        kind, symbol = text(call.params, "type"), text(call.params, "instrument_name")
        if kind not in {None, "LIMIT", "TRIGGER", "ALL"}:
            raise Refusal(BAD_ARGUMENT)
        worlds = [advanced] if kind != ("LIMIT" if advanced else "TRIGGER") else []
        reaches = self._config.switches.cancel_all_reaches_triggers is Toggle.ON
        if reaches and not advanced and kind != "LIMIT":
            worlds.append(True)
        for order in (o for world in worlds for o in self._open(symbol, advanced=world)):
            if order.is_open:
                self._trading.cancel(order, now)

    # -- lists

    def create_list(self, call: Call, now: Instant, *, advanced: bool) -> object:
        """Up to ten orders, each for itself; a leg that names no client_oid is named by the nonce and its place."""
        answers: list[dict[str, object]] = []
        for index, leg in enumerate(legs(call.params, advanced=advanced)):
            own = text(leg, "client_oid") or f"{call.nonce}_{index}"
            asked = replace(call, params={**leg, "client_oid": own})
            try:
                made = self.create(asked, now, advanced=advanced)
                answers.append({"code": 0, "index": index, **made})
            except Refusal as refused:
                told = {
                    "client_oid": own,
                    "message": wording(refused.code),
                    **(refused.result or {}),
                }
                answers.append({"code": refused.code, "index": index, **told})
        return answers

    def cancel_list(self, call: Call, now: Instant, *, advanced: bool) -> object:
        """Up to ten orders to cancel, each for itself."""
        answers: list[dict[str, object]] = []
        for index, leg in enumerate(legs(call.params, advanced=advanced)):
            try:
                ended = self.cancel(replace(call, params=leg), now, advanced=advanced)
                answers.append({"index": index, "code": 0, **(ended if advanced else {})})
            except Refusal as refused:
                told = {"code": refused.code, "message": wording(refused.code)}
                answers.append({"index": index, **told})
        return answers

    def create_oco(self, call: Call, now: Instant) -> object:
        """A limit and a trigger of which the first execution ends the other."""
        wishes = oco_wishes(call, self._listing.instruments, self._rights())
        for wish in wishes:
            self._must_be_new(wish, now)
        return {"list_id": self._trading.place_oco(wishes, call.method, call.nonce, now)}

    def cancel_oco(self, call: Call, now: Instant) -> None:
        """Ends both legs; 212 when none is open."""
        found = [order for order in self._book.listed(call.params.get("list_id")) if order.is_open]
        if not found:
            raise Refusal(NOT_CANCELLABLE)
        for order in found:
            self._trading.cancel(order, now)

    def list_detail(self, call: Call, now: Instant) -> object:  # noqa: ARG002 - it shows what is now
        """The legs of each list that is named."""
        asked = call.params.get("list_id_list")
        if not isinstance(asked, list):
            raise Refusal(BAD_ARGUMENT)
        return self._listed(order for each in asked for order in self._book.listed(each))

    def order_list(self, call: Call, now: Instant) -> object:  # noqa: ARG002 - it shows what is now
        """The legs of one pair, in the older words."""
        kind, list_id = text(call.params, "contingency_type"), call.params.get("list_id")
        if kind not in {None, "OCO"} or list_id is None:
            raise Refusal(BAD_ARGUMENT)
        return {"data": [listed_row(leg, self._config) for leg in self._book.listed(list_id)]}

    # -- looking

    def open_orders(self, call: Call, now: Instant, *, advanced: bool) -> object:  # noqa: ARG002 - it lists what is open now
        """Every open order of this world, newest first, without pages."""
        symbol = text(call.params, "instrument_name")
        return self._listed(reversed(self._open(symbol, advanced=advanced)))

    def _open(self, symbol: str | None, *, advanced: bool) -> list[Order]:
        return [
            order
            for order in self._book.open()
            if order.is_advanced is advanced and _is_of(order, symbol)
        ]

    def detail(self, call: Call, now: Instant, *, advanced: bool) -> object:  # noqa: ARG002 - it shows what is now
        """One order of this world by its order_id or client_oid; 40401 when there is none."""
        order = self._found(call, advanced=advanced)
        if order is None:
            raise Refusal(NOT_FOUND)
        return read_row(order, self._config)

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
        page = self._listed(islice(found, asked.limit))
        return {"data": arranged(page["data"], self._config.switches.history_order)}

    def _listed(self, orders: Iterable[Order]) -> dict[str, list[Row]]:
        return {"data": [read_row(order, self._config) for order in orders]}


def _is_of(order: Order, symbol: str | None) -> bool:
    return symbol in {None, order.wish.listed.symbol}


def _refuse(code: int, call: Call, now: Instant) -> object:  # noqa: ARG001 - it is a method like the others
    """A method that is known and not served."""
    raise Refusal(code)


def _nothing(key: str, call: Call, now: Instant) -> object:  # noqa: ARG001 - likewise
    """A method that finds nothing."""
    return {key: []}
