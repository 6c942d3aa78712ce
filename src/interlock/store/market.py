"""The market file: closed bars each once, the newest tick per symbol, heartbeats. It may be deleted; it fills again."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Final

import numpy as np

from interlock.errors import StoreTrouble
from interlock.market import Bar, Tick, Window
from interlock.store.sqlite import SqliteGround
from interlock.values import Instant, decimal_of, number_text

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
BEATS: Final = "SELECT who, at FROM heartbeats ORDER BY who"


class RowMarket:
    """The port `MarketFile` on one SQLite file."""

    def __init__(self, ground: SqliteGround) -> None:
        self._ground = ground

    def close(self) -> None:
        """Lets go of the file."""
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
        with self._ground.connection("BEGIN") as connection:
            rows = connection.exec_driver_sql(WINDOW, asked).fetchall()
        opens = np.array([row[0] // 1000 for row in reversed(rows)], dtype=np.int64)
        prices = np.array([row[1:] for row in reversed(rows)], dtype=np.float64).reshape(-1, 5)
        return Window(symbol, span, opens, *prices.T)

    def ticks(self) -> Mapping[str, Tick]:
        """The newest tick per symbol."""
        with self._ground.connection("BEGIN") as connection:
            rows = connection.exec_driver_sql(TICKS).fetchall()
        return {row[0]: _tick(tuple(row)) for row in rows}

    def heartbeats(self) -> Mapping[str, Instant]:
        """When each loop last finished a cycle."""
        with self._ground.connection("BEGIN") as connection:
            rows = connection.exec_driver_sql(BEATS).fetchall()
        return {who: Instant(at) for who, at in rows}

    def _write(self, text: str, rows: list[tuple[str | int | None, ...]]) -> None:
        if rows:
            with self._ground.connection() as connection:
                connection.exec_driver_sql(text, rows)


def _bar_cells(bar: Bar) -> tuple[str | int | None, ...]:
    prices = (bar.open, bar.high, bar.low, bar.close, bar.volume)
    span = bar.span // _MICROSECOND
    return (bar.symbol, span, bar.opens.micros, *(number_text(price) for price in prices))


def _tick_cells(tick: Tick) -> tuple[str | int | None, ...]:
    sides = (None if rate is None else number_text(rate) for rate in (tick.bid, tick.ask))
    return (tick.symbol, number_text(tick.last), *sides, tick.at.micros)


def _tick(row: tuple[str | int | None, ...]) -> Tick:
    symbol, last, bid, ask, at = row
    if not isinstance(symbol, str) or not isinstance(at, int):
        raise StoreTrouble(f"The tick {row} cannot be read.")
    return Tick(symbol, decimal_of(last), _side(bid), _side(ask), Instant(at))


def _side(cell: str | int | None) -> Decimal | None:
    return None if cell is None else decimal_of(cell)
