"""The names of channels, pure: which there are on which socket, and what each part of a name means."""

from collections.abc import Container
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from interlock.simulator.answers import Refusal
from interlock.simulator.market.candles import TIMEFRAMES
from interlock.simulator.streams.wire import BAD_REQUEST

DEPTHS: Final = frozenset({10, 50})


class Socket(StrEnum):
    """Which of the two sockets."""

    USER = "user"
    MARKET = "market"


class Topic(StrEnum):
    """What a channel is about, as its news name it."""

    TICKER = "ticker"
    TRADE = "trade"
    CANDLES = "candlestick"
    BOOK = "book"
    MARK = "mark"
    INDEX = "index"
    FUNDING = "funding"
    ESTIMATED_FUNDING = "estimatedfunding"
    SETTLEMENT = "settlement"
    ORDER = "user.order"
    ADVANCED = "user.advance.order"
    MY_TRADE = "user.trade"
    BALANCE = "user.balance"
    POSITIONS = "user.positions"
    POSITION_BALANCE = "user.position_balance"
    RISK = "user.account_risk"


# The documentation spells the channel of triggers in two ways; the longest prefix of a name decides.
USER_NAMES: Final = MappingProxyType(
    {**{topic.value: topic for topic in Topic}, "user.advanced.order": Topic.ADVANCED}
)
WHOLE: Final = frozenset({Topic.BALANCE, Topic.POSITIONS, Topic.POSITION_BALANCE, Topic.RISK})
VALUES: Final = MappingProxyType(
    {
        Topic.MARK: "mark_price",
        Topic.INDEX: "index_price",
        Topic.FUNDING: "funding_rate",
        Topic.ESTIMATED_FUNDING: "estimated_funding_rate",
        Topic.SETTLEMENT: "funding_hist",
    }
)
"""The channels of one figure each, and what a read of it is called; nothing is settled here, and nothing is told of it."""

INDEX_SUFFIX: Final = "-INDEX"


@dataclass(frozen=True, slots=True)
class Channel:
    """One channel by the name under which it was subscribed; no `symbol` means all of them. `detail` is a timeframe or a depth.

    `with_deltas` is how a book is told: one snapshot and then what changes, or snapshots alone.
    """

    name: str
    topic: Topic
    symbol: str | None
    detail: str = ""
    with_deltas: bool = False


def channel_of(
    name: str, socket: Socket, symbols: Container[str], *, with_deltas: bool = False
) -> Channel:
    """The channel of this name; 40003 when this socket has none."""
    found = _user(name) if socket is Socket.USER else _market(name, with_deltas=with_deltas)
    if found is None or (found.symbol is not None and not _is_there(found, symbols)):
        raise Refusal(BAD_REQUEST)
    return found


def _is_there(channel: Channel, symbols: Container[str]) -> bool:
    """Whether its instrument is listed; an index has a name of its own, which a read of it knows."""
    if channel.topic is Topic.INDEX:
        return str(channel.symbol).endswith(INDEX_SUFFIX)
    return channel.symbol in symbols


def _user(name: str) -> Channel | None:
    """`topic` for every instrument, or `topic.instrument`."""
    if name in USER_NAMES:
        topic = USER_NAMES[name]
        return Channel(name, topic, None) if topic.value.startswith("user.") else None
    stem, _, symbol = name.rpartition(".")
    named = USER_NAMES.get(stem)
    is_of_one = named is not None and named.value.startswith("user.") and named not in WHOLE
    return Channel(name, named, symbol) if named is not None and is_of_one else None


def _market(name: str, *, with_deltas: bool) -> Channel | None:
    match name.split("."):
        case ["ticker", symbol]:
            return Channel(name, Topic.TICKER, symbol)
        case ["trade", symbol]:
            return Channel(name, Topic.TRADE, symbol)
        case [("mark" | "index" | "funding" | "estimatedfunding" | "settlement") as topic, symbol]:
            return Channel(name, Topic(topic), symbol)
        case ["candlestick", timeframe, symbol] if timeframe in TIMEFRAMES:
            return Channel(name, Topic.CANDLES, symbol, timeframe)
        case ["book", symbol, depth] if depth.isdigit() and int(depth) in DEPTHS:
            return Channel(name, Topic.BOOK, symbol, depth, with_deltas)
        case _:
            return None
