"""What the market socket tells: for each channel its first words to a new listener, and then what has changed.

Everything is asked of the exchange's own public methods, so that no stream says what a read would not.
"""

import binascii
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, Final, Protocol

import msgspec

from interlock.simulator.streams.channels import VALUES, Channel, Topic
from interlock.values import Instant

Row = dict[str, Any]
Ask = Callable[[str, Mapping[str, object]], Any]
"""A public method and its parameters, answered as of now."""

TICKER: Final = ("h", "l", "a", "c", "b", "bs", "k", "ks", "i", "v", "vv", "oi", "t")
FIRST_TRADES: Final = 50
NEWEST_TRADES: Final = 150
# Printing a trade costs time: the whole tape is looked at only when this many are new.
FEW_TRADES: Final = 4
FIRST_CANDLES: Final = 5
PACE: Final = timedelta(milliseconds=100)
SNAPSHOT_AT_LEAST: Final = timedelta(milliseconds=500)
DELTA_AT_LEAST: Final = timedelta(seconds=5)


class Feed(Protocol):
    """One channel, for as long as anybody listens."""

    def first(self, now: Instant) -> list[Row]:
        """What a new listener is told first."""
        ...

    def news(self, now: Instant) -> list[Row]:
        """What has changed since it was last asked."""
        ...


def feed_of(channel: Channel, ask: Ask) -> Feed:
    """The feed behind a channel of the market."""
    match channel.topic:
        case Topic.TICKER:
            return Ticker(channel, ask)
        case Topic.TRADE:
            return Trades(channel, ask)
        case Topic.CANDLES:
            return Candles(channel, ask)
        case Topic.BOOK:
            return Book(channel, ask)
        case _:
            return Value(channel, ask)


class Ticker:
    """The ticker, whenever anything but its time has changed."""

    def __init__(self, channel: Channel, ask: Ask) -> None:
        self._channel: Final = channel
        self._ask: Final = ask
        self._last: Row = self._row()
        self._due = Instant(0)

    def first(self, now: Instant) -> list[Row]:  # noqa: ARG002 - the ticker knows its time
        """The ticker as it stands; nothing where there is no price."""
        row = self._row()
        return [_news(self._channel, [row])] if row else []

    def news(self, now: Instant) -> list[Row]:
        """The ticker, if it is another one."""
        if now < self._due:
            return []
        before, self._last, self._due = self._last, self._row(), now + PACE
        is_other = self._last | {"t": None} != before | {"t": None}
        return [_news(self._channel, [self._last])] if self._last and is_other else []

    def _row(self) -> Row:
        symbol = self._channel.symbol
        rows = self._ask("public/get-tickers", {"instrument_name": symbol})["data"]
        book = self._ask("public/get-book", {"instrument_name": symbol, "depth": "1"})["data"][0]
        if not rows:
            return {}
        sizes = {name: _best(book[side]) for name, side in (("bs", "bids"), ("ks", "asks"))}
        row = rows[0] | sizes
        return {name: row[name] for name in TICKER}


class Value:
    """One figure, whenever it is another one: a mark or index price; of a perpetual, which has no price here, never any."""

    def __init__(self, channel: Channel, ask: Ask) -> None:
        self._channel: Final = channel
        self._ask: Final = ask
        self._last: Row = self._row()
        self._due = Instant(0)

    def first(self, now: Instant) -> list[Row]:  # noqa: ARG002 - the figure knows its time
        """The figure as it stands."""
        row = self._row()
        return [_news(self._channel, [row])] if row else []

    def news(self, now: Instant) -> list[Row]:
        """The figure, if it is another one."""
        if now < self._due:
            return []
        before, self._last, self._due = self._last, self._row(), now + PACE
        is_other = self._last.get("v") != before.get("v")
        return [_news(self._channel, [self._last])] if self._last and is_other else []

    def _row(self) -> Row:
        kind = VALUES[self._channel.topic]
        asked = {"instrument_name": self._channel.symbol, "valuation_type": kind, "count": "1"}
        rows: list[Row] = self._ask("public/get-valuations", asked)["data"]
        return rows[0] if rows else {}


class Trades:
    """The tape: the newest fifty at first, then each trade once, newest first."""

    def __init__(self, channel: Channel, ask: Ask) -> None:
        self._channel: Final = channel
        self._ask: Final = ask
        self._seen: set[str] = {row["d"] for row in self._rows(NEWEST_TRADES)}

    def first(self, now: Instant) -> list[Row]:  # noqa: ARG002 - the tape knows how late it is
        """The newest trades."""
        return self._told(self._rows(FIRST_TRADES))

    def news(self, now: Instant) -> list[Row]:  # noqa: ARG002 - likewise
        """The trades since then, as far back as a read goes."""
        fresh = self._fresh(FEW_TRADES)
        if len(fresh) == FEW_TRADES:
            fresh = self._fresh(NEWEST_TRADES)
        self._seen = {row["d"] for row in self._rows(NEWEST_TRADES)} if fresh else self._seen
        return self._told(fresh)

    def _fresh(self, count: int) -> list[Row]:
        return [row for row in self._rows(count) if row["d"] not in self._seen]

    def _told(self, rows: list[Row]) -> list[Row]:
        return [_news(self._channel, [_shouted(row) for row in rows])] if rows else []

    def _rows(self, count: int) -> list[Row]:
        asked = {"instrument_name": self._channel.symbol, "count": str(count)}
        rows: list[Row] = self._ask("public/get-trades", asked)["data"]
        is_oldest_first = bool(rows) and rows[0]["t"] < rows[-1]["t"]
        return rows[::-1] if is_oldest_first else rows


class Candles:
    """Candles: the newest few at first, then the one that forms and the one that it has closed."""

    def __init__(self, channel: Channel, ask: Ask) -> None:
        self._channel: Final = channel
        self._ask: Final = ask
        self._last: Row = next(reversed(self._rows()), {})
        self._due = Instant(0)

    def first(self, now: Instant) -> list[Row]:
        """The newest candles, oldest first."""
        return self._told(self._rows(), now)

    def news(self, now: Instant) -> list[Row]:
        """What has become of the newest, and what came after it."""
        if now < self._due:
            return []
        before, rows = self._last, self._rows()
        self._last, self._due = next(reversed(rows), before), now + PACE
        news = [row for row in rows if row["t"] >= before.get("t", 0) and row != before]
        return self._told(news, now)

    def _told(self, rows: list[Row], now: Instant) -> list[Row]:
        if not rows:
            return []
        ends = [row["t"] for row in rows[1:]]
        stamped = [
            row | {"ut": end - 1 if end is not None else now.ms}
            for row, end in zip(rows, [*ends, None], strict=True)
        ]
        return [_news(self._channel, stamped, interval=self._channel.detail)]

    def _rows(self) -> list[Row]:
        asked = {"instrument_name": self._channel.symbol, "timeframe": self._channel.detail}
        page = self._ask("public/get-candlestick", {**asked, "count": str(FIRST_CANDLES)})
        return msgspec.json.decode(msgspec.json.encode(page["data"]), type=list[Row])


class Book:
    """The book: every change as a whole book or as a delta, each naming the one before it. A change that was lost can be noticed."""

    def __init__(self, channel: Channel, ask: Ask) -> None:
        self._channel: Final = channel
        self._ask: Final = ask
        self._sides: Row = {}
        self._u = 0
        self._at = Instant(0)

    def first(self, now: Instant) -> list[Row]:
        """The whole book, under the number of the newest change."""
        if not self._u:
            self._count(self._read(), now)
        return [self._whole(now)]

    def news(self, now: Instant) -> list[Row]:
        """What has changed; when nothing has for long, that."""
        sides, before, passed = self._read(), self._sides, now - self._at
        pause = DELTA_AT_LEAST if self._channel.with_deltas else SNAPSHOT_AT_LEAST
        if sides == before and passed < pause:
            return []
        previous = self._u
        self._count(sides, now)
        if not self._channel.with_deltas:
            return [self._whole(now)]
        update = {side: _changes(before[side], sides[side]) for side in ("asks", "bids")}
        times = {"t": now.ms, "tt": now.ms, "u": self._u, "pu": previous}
        return [self._told("book.update", {"update": update, **times})]

    def _count(self, sides: Row, now: Instant) -> None:
        self._sides, self._u, self._at = sides, max(self._u + 1, now.micros), now

    def _whole(self, now: Instant) -> Row:
        return self._told("book", {**self._sides, "t": now.ms, "tt": self._at.ms, "u": self._u})

    def _told(self, name: str, row: Row) -> Row:
        summed = row | {"cs": _checksum(self._sides)}
        return _news(self._channel, [summed], name, depth=int(self._channel.detail))

    def _read(self) -> Row:
        asked = {"instrument_name": self._channel.symbol, "depth": self._channel.detail}
        row = self._ask("public/get-book", asked)["data"][0]
        return {"asks": row["asks"], "bids": row["bids"]}


def _news(channel: Channel, rows: list[Row], name: str | None = None, **more: object) -> Row:
    return {
        "instrument_name": channel.symbol,
        "subscription": channel.name,
        "channel": name or channel.topic.value,
        **more,
        "data": rows,
    }


def _changes(before: list[list[str]], after: list[list[str]]) -> list[list[str]]:
    """The levels that are new or other, and with a quantity of zero those that are gone."""
    gone = {level[0] for level in before} - {level[0] for level in after}
    kept = [level for level in after if level not in before]
    return [[price, "0", "0"] for price in sorted(gone)] + kept


def _checksum(sides: Row) -> int:
    """A signed number that two equal books share."""
    found = binascii.crc32(msgspec.json.encode([sides["asks"], sides["bids"]]))
    return found - (1 << 32) if found >= 1 << 31 else found


def _best(levels: list[list[str]]) -> str:
    """What stands at the best level; nothing when it is taken."""
    return levels[0][1] if levels else "0"


def _shouted(row: Row) -> Row:
    """A trade in the words of the stream: its side in capitals, and without what only a read shows."""
    return {name: row[name] for name in ("d", "t", "p", "q")} | {
        "s": str(row["s"]).upper(),
        "i": row["i"],
        "m": row["m"],
    }
