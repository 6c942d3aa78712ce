"""What the user socket tells: the engine's events in the words of its channels, and what a new listener is told first.

An order, a trade and the balance are told in the order in which they came about; of the balance only what a whole step left.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from interlock.simulator.books.events import (
    BalanceChanged,
    Event,
    EventsForgotten,
    OrderChanged,
    Traded,
)
from interlock.simulator.books.orders import Order, Status, Trade
from interlock.simulator.engine import Engine
from interlock.simulator.rest.fields import TOLD_BALANCE, TOLD_COIN, TOLD_ORDER
from interlock.simulator.rest.rows import ACCOUNT, balance_words, order_row, trade_row
from interlock.simulator.streams.channels import Channel, Topic

Row = dict[str, Any]
NS: Final = 1000
MONEY: Final = (Topic.BALANCE, Topic.POSITION_BALANCE, Topic.RISK)
LISTS: Final = {
    Topic.ORDER: "private/get-open-orders",
    Topic.ADVANCED: "private/advanced/get-open-orders",
}


class AccountNews:
    """The one account, as its own streams tell it."""

    def __init__(self, engine: Engine) -> None:
        self._engine: Final = engine
        self._read = engine.events.count

    def fresh(self, *, wanted: bool) -> Sequence[Event]:
        """The events since this was last asked; none that nobody wanted, or that are forgotten: a gap is a gap."""
        read, self._read = self._read, self._engine.events.count
        if not wanted or read == self._read:
            return ()
        try:
            return self._engine.events.since(read)
        except EventsForgotten:
            return ()

    def first(self, channel: Channel) -> list[Row]:
        """What a new listener is told: open orders, the balance, no position. Nothing that has passed."""
        if channel.topic in MONEY:
            return [self.money(channel.topic)]
        if channel.topic is Topic.POSITIONS:
            return [_of_account(Topic.POSITIONS, [])]
        method = LISTS.get(channel.topic)
        return [] if method is None else self._open(channel, method)

    def money(self, topic: Topic) -> Row:
        """What the account holds, in the words of one of the three channels that tell it."""
        found: Any = self._engine.show("private/user-balance", {})
        row = found["data"][0]
        words = {Topic.BALANCE: _wealth, Topic.POSITION_BALANCE: self._held, Topic.RISK: _risk}
        return _of_account(topic, [words[topic](row)])

    def told(self, events: Sequence[Event]) -> Iterator[tuple[Topic, str | None, Row]]:
        """Topic, instrument and news of each event, and at the end the money."""
        for event in events:
            if isinstance(event, Traded):
                symbol = event.trade.listed.symbol
                yield Topic.MY_TRADE, symbol, _of_symbol(Topic.MY_TRADE, symbol, _deal(event.trade))
            elif isinstance(event, OrderChanged):
                symbol = event.order.wish.listed.symbol
                topic = Topic.ADVANCED if event.order.is_advanced else Topic.ORDER
                told = _of_symbol(topic, symbol, self._order(event.order))
                yield topic, symbol, self._named(topic, symbol, told)
        if any(isinstance(event, BalanceChanged) for event in events):
            yield from ((topic, None, self.money(topic)) for topic in MONEY)

    def _open(self, channel: Channel, method: str) -> list[Row]:
        params = {} if channel.symbol is None else {"instrument_name": channel.symbol}
        found: Any = self._engine.show(method, params)
        by_symbol: dict[str, list[Row]] = {}
        for row in reversed(found["data"]):
            by_symbol.setdefault(row["instrument_name"], []).append(_streamed(row))
        return [
            {
                "instrument_name": symbol,
                "subscription": channel.name,
                "channel": channel.topic.value,
                "data": rows,
            }
            for symbol, rows in by_symbol.items()
        ]

    def _named(self, topic: Topic, symbol: str, told: Row) -> Row:
        """News of triggers name their channel as the switch says."""
        name = self._engine.config.switches.advanced_channel_name.value
        if topic is not Topic.ADVANCED:
            return told
        return told | {"subscription": f"{name}.{symbol}", "channel": name}

    def _order(self, order: Order) -> Row:
        return _streamed(order_row(order, self._engine.config))

    def _held(self, row: Row) -> Row:
        """Quantities alone; spot has no positions."""
        now = self._engine.now.ms
        held = [
            {
                "instrument_name": coin["instrument_name"],
                "quantity": coin["quantity"],
                "update_timestamp_ms": now,
            }
            for coin in row["position_balances"]
        ]
        return {"balances": held, "positions": [], "isolated_positions": []}


def _streamed(row: Row) -> Row:
    """An order as the stream shows it: the instant in nanoseconds as a whole number, and no reason where there is none."""
    kept: Row = {}
    for name, value in row.items():
        kept[name] = value
        if name == "update_time":
            kept["transaction_time_ns"] = value * NS * NS
    if row["status"] != Status.REJECTED.value:
        kept.pop("reason", None)
    if row["order_type"] == "MARKET" and row.get("ref_price_type") == "NULL_VAL":
        del kept["ref_price_type"]
    if "exchange_order_id" in kept:
        return kept
    return {name: kept[name] for name in TOLD_ORDER if name in kept}


def _deal(trade: Trade) -> Row:
    row = trade_row(trade)
    told = str(row.pop("transact_time_ns"))
    return row | {"transaction_time": told}


def _wealth(row: Row) -> Row:
    """A balance as the stream shows it: in an order of its own."""
    coins = [{name: coin[name] for name in TOLD_COIN} for coin in row["position_balances"]]
    return balance_words(row, TOLD_BALANCE) | {"position_balances": coins}


def _risk(row: Row) -> Row:
    """The whole state: the totals, the balances, and no position."""
    totals = {name: row[name] for name in row if name.startswith(("total_", "instrument_name"))}
    return totals | {"balances": row["position_balances"], "positions": []}


def _of_symbol(topic: Topic, symbol: str, row: Row) -> Row:
    """News of one instrument; they name it in the subscription even to those who listen to all. Of an order it comes last."""
    told = {"subscription": f"{topic.value}.{symbol}", "channel": topic.value}
    named = {"instrument_name": symbol}
    return (told | named if topic is Topic.ORDER else named | told) | {"data": [row]}


def _of_account(topic: Topic, rows: list[Row]) -> Row:
    account = {} if topic is Topic.POSITION_BALANCE else {"account_id": ACCOUNT}
    return account | {"subscription": topic.value, "channel": topic.value, "data": rows}
