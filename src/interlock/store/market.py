"""The market file: closed bars each once, the newest tick per symbol, instruments, heartbeats. It may be deleted; it fills again.

Its statements are written here once, with `?` where a cell comes, for every database that knows ON CONFLICT.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any, Final, cast

import numpy as np

from interlock.errors import StoreTrouble
from interlock.market import Bar, Tick, Window
from interlock.store.codec import dumps, loads
from interlock.store.sql import SqlGround
from interlock.values import Instant, Instrument, Known, Unknown, decimal_of, number_text

Cells = tuple[str | int | None, ...]

_MICROSECOND: Final = timedelta(microseconds=1)

KEEP_BAR: Final = (
    "INSERT INTO bars (symbol, span, opens, open, high, low, close, volume) "
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"
)
KEEP_TICK: Final = (
    "INSERT INTO ticks (symbol, last, bid, ask, at) VALUES (?, ?, ?, ?, ?) ON CONFLICT (symbol) DO UPDATE "
    "SET last = excluded.last, bid = excluded.bid, ask = excluded.ask, at = excluded.at WHERE excluded.at >= ticks.at"
)
BEAT: Final = "INSERT INTO heartbeats (who, at) VALUES (?, ?) ON CONFLICT (who) DO UPDATE SET at = excluded.at"
WINDOW: Final = (
    "SELECT opens, open, high, low, close, volume FROM bars WHERE symbol = ? AND span = ? "
    "ORDER BY opens DESC LIMIT ?"
)
TICKS: Final = "SELECT symbol, last, bid, ask, at FROM ticks ORDER BY symbol"
FORGET_INSTRUMENTS: Final = "DELETE FROM instruments WHERE at < ?"
KEEP_INSTRUMENT: Final = (
    "INSERT INTO instruments (symbol, at, instrument) VALUES (?, ?, ?) ON CONFLICT (symbol) DO UPDATE "
    "SET at = excluded.at, instrument = excluded.instrument"
)
INSTRUMENT: Final = "SELECT at, instrument FROM instruments WHERE symbol = ?"
ANY_INSTRUMENT: Final = "SELECT 1 FROM instruments LIMIT 1"
BEATS: Final = "SELECT who, at FROM heartbeats ORDER BY who"


class RowMarket:
    """The port `MarketFile` on one database."""

    def __init__(self, ground: SqlGround) -> None:
        self._ground = ground

    def close(self) -> None:
        """Lets go of whatever is open."""
        self._ground.close()

    def keep_bars(self, bars: Sequence[Bar]) -> None:
        """Stores closed bars, each once: the first word about a bar stays."""
        self._write(KEEP_BAR, [_bar_cells(bar) for bar in bars])

    def keep_ticks(self, ticks: Sequence[Tick]) -> None:
        """Stores the newest tick per symbol; an older one changes nothing."""
        self._write(KEEP_TICK, [_tick_cells(tick) for tick in ticks])

    def beat(self, who: str, now: Instant) -> None:
        """A loop finished a cycle."""
        self._write(BEAT, [(who, now.micros)])

    def window(self, symbol: str, span: timedelta, count: int) -> Window:
        """The newest `count` closed bars."""
        asked = (symbol, span // _MICROSECOND, max(count, 0))
        rows = self._read(WINDOW, asked)
        opens = np.array([row[0] // 1000 for row in reversed(rows)], dtype=np.int64)
        prices = np.array([row[1:] for row in reversed(rows)], dtype=np.float64).reshape(-1, 5)
        return Window(symbol, span, opens, *prices.T)

    def ticks(self) -> Mapping[str, Tick]:
        """The newest tick per symbol."""
        return {row[0]: _tick(row) for row in self._read(TICKS)}

    def heartbeats(self) -> Mapping[str, Instant]:
        """When each loop last finished a cycle."""
        return {who: Instant(at) for who, at in self._read(BEATS)}

    def keep_instruments(self, listed: Sequence[Instrument], now: Instant) -> None:
        """Keeps the list in place of those before; whoever reads meanwhile sees one of the two."""
        rows = [(each.symbol, now.micros, dumps(each)) for each in listed]
        with self._ground.connection() as connection:
            if rows:
                connection.exec_driver_sql(self._text(KEEP_INSTRUMENT), sorted(rows))
            connection.exec_driver_sql(self._text(FORGET_INSTRUMENTS), (now.micros,))

    def instrument(self, symbol: str) -> Known[Instrument] | Unknown:
        """One instrument as it was listed, or why it is unknown."""
        rows = self._read(INSTRUMENT, (symbol,))
        if rows:
            found = cast("Instrument", loads(Instrument, rows[0][1]))
            return Known(found, Instant(rows[0][0]))
        is_kept = self._read(ANY_INSTRUMENT)
        return Unknown(f"{symbol} is not listed" if is_kept else "no list of instruments was read")

    def _text(self, text: str) -> str:
        return text.replace("?", self._ground.place)

    def _read(self, text: str, asked: Cells = ()) -> list[tuple[Any, ...]]:
        with self._ground.reading() as connection:
            found = connection.exec_driver_sql(self._text(text), asked).fetchall()
        return [tuple(row) for row in found]

    def _write(self, text: str, rows: list[Cells]) -> None:
        """All of them in one transaction, in one order, so that two writers never wait for each other in a circle."""
        if rows:
            with self._ground.connection() as connection:
                connection.exec_driver_sql(
                    self._text(text), sorted(rows, key=lambda row: str(row[0]))
                )


def _bar_cells(bar: Bar) -> Cells:
    prices = (bar.open, bar.high, bar.low, bar.close, bar.volume)
    span = bar.span // _MICROSECOND
    return (bar.symbol, span, bar.opens.micros, *(number_text(price) for price in prices))


def _tick_cells(tick: Tick) -> Cells:
    sides = (None if rate is None else number_text(rate) for rate in (tick.bid, tick.ask))
    return (tick.symbol, number_text(tick.last), *sides, tick.at.micros)


def _tick(row: Cells) -> Tick:
    symbol, last, bid, ask, at = row
    if not isinstance(symbol, str) or not isinstance(at, int):
        raise StoreTrouble(f"The tick {row} cannot be read.")
    return Tick(symbol, decimal_of(last), _side(bid), _side(ask), Instant(at))


def _side(cell: str | int | None) -> Decimal | None:
    return None if cell is None else decimal_of(cell)
