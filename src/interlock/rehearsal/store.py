"""The store of a rehearsal: the same transactions over dictionaries, which forget what was not committed, and a market file likewise.

`DictGround` is the disk: give the same one to new books and they are the books of a process that was started again.
"""

import contextlib
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from itertools import islice
from typing import Any, TypeVar

import numpy as np

from interlock.account import Mode
from interlock.errors import BadInput
from interlock.market import Bar, Tick, Window, window_of
from interlock.risk.limits import Limits
from interlock.store.books import RowBooks
from interlock.store.rows import Cell, Cells, Rows, Table, readable
from interlock.store.standing import Terms
from interlock.values import Instant, Instrument, Known, Unknown

T = TypeVar("T")
Key = tuple[Cell, ...]
Row = tuple[Cell, ...]
Write = tuple[Table[Any], Key, Row | None]

INSTALL_ID = "f4ke00install"


def dict_books(
    ground: "DictGround | None" = None,
    *,
    limits: Limits | None = None,
    bound: Mode = Mode.LIVE,
    enabled: bool = True,
    install_id: str = INSTALL_ID,
) -> RowBooks:
    """Books over a dictionary; without a ground they are new ones."""
    return RowBooks(ground or DictGround(), Terms(limits or Limits(), bound, enabled), install_id)


@dataclass(slots=True)
class DictGround:
    """Rows by table and key. One transaction at a time; what it did is undone when its block raises.

    `witness` sees what each commit wrote: table and key, and the row that stood there before, in order.
    `tear` may raise when everything is written and nothing committed.
    """

    tables: dict[str, dict[Key, Row]] = field(default_factory=dict)
    commits: int = 0
    is_busy: bool = False
    witness: Callable[[Sequence[Write]], None] | None = None
    tear: Callable[[], None] | None = None

    @contextlib.contextmanager
    def change(self, *, vital: bool = False) -> Iterator[Rows]:  # noqa: ARG002 - a dictionary is never full
        assert not self.is_busy, "a transaction began inside a transaction"
        rows = DictRows(self.tables)
        self.is_busy = True
        is_kept = False
        try:
            yield rows
            if self.tear is not None and rows.undo:
                self.tear()
            is_kept = True
        finally:
            self.is_busy = False
            if not is_kept:
                rows.forget()
            elif rows.undo:
                self.commits += 1
                if self.witness is not None:
                    self.witness(rows.undo)

    @contextlib.contextmanager
    def look(self) -> Iterator[Rows]:
        yield DictRows(self.tables)

    def version(self) -> int:
        return self.commits

    def table_names(self) -> frozenset[str]:
        return frozenset(self.tables)

    def close(self) -> None:
        """Nothing is open."""


@dataclass(slots=True)
class DictRows:
    """The rows of one transaction, with what each write would have to undo."""

    tables: dict[str, dict[Key, Row]]
    undo: list[Write] = field(default_factory=list)

    def get(self, table: Table[T], *key: Cell) -> T | None:
        row = self._rows(table).get(key)
        return None if row is None else table.thing(row)

    def put(self, table: Table[T], thing: T) -> None:
        row = table.cells(thing)
        self._write(table, self._key(table, row), row)

    def add(self, table: Table[T], thing: T) -> bool:
        row = table.cells(thing)
        key = self._key(table, row)
        is_new = key not in self._rows(table)
        if is_new:
            self._write(table, key, row)
        return is_new

    def find(
        self,
        table: Table[T],
        *,
        newest: bool = False,
        limit: int | None = None,
        since: Instant | None = None,
        until: Instant | None = None,
        **equal: Cell,
    ) -> list[T]:
        return [table.thing(row) for row in self._found(table, newest, limit, since, until, equal)]

    def sound(
        self,
        table: Table[T],
        *,
        newest: bool = False,
        limit: int | None = None,
        since: Instant | None = None,
        **equal: Cell,
    ) -> tuple[list[T], tuple[Key, ...]]:
        rows = self._found(table, newest, limit, since, None, equal)
        return readable(table, rows, (BadInput, KeyError, TypeError, ValueError))

    def written(self, table: Table[T], after: int, limit: int) -> list[tuple[int, Cells]]:
        """A dictionary keeps the order in which keys came."""
        rows = islice(self._rows(table).values(), after, after + limit)
        return [(place, row) for place, row in enumerate(rows, start=after + 1)]

    def _found(  # noqa: PLR0913, PLR0917 - everything that can be asked of a table
        self,
        table: Table[T],
        newest: bool,  # noqa: FBT001 - handed on
        limit: int | None,
        since: Instant | None,
        until: Instant | None,
        equal: Mapping[str, Cell],
    ) -> list[Row]:
        place = _places(table.columns)
        clock = place[table.clock]
        wanted = [(place[name], cell) for name, cell in equal.items()]
        found: Collection[tuple[Key, Row]] = self._rows(table).items()
        for n, cell in wanted:
            found = [each for each in found if each[1][n] == cell]
        if since is not None:
            found = [each for each in found if _whole(each[1][clock]) >= since.micros]
        if until is not None:
            found = [each for each in found if _whole(each[1][clock]) <= until.micros]
        rows = list(found)
        if table.key and len(rows) > 1:
            rows.sort(key=lambda each: (each[1][clock], each[0]), reverse=newest)
        elif newest:
            rows.reverse()
        return [row for _, row in rows[:limit]]

    def forget(self) -> None:
        """Undoes every write, the last one first."""
        for table, key, before in reversed(self.undo):
            if before is None:
                del self.tables[table.name][key]
            else:
                self.tables[table.name][key] = before

    def _rows(self, table: Table[T]) -> dict[Key, Row]:
        return self.tables.setdefault(table.name, {})

    def _key(self, table: Table[T], row: Row) -> Key:
        if not table.key:
            return (len(self._rows(table)),)
        return tuple(row[table.columns.index(name)] for name in table.key)

    def _write(self, table: Table[T], key: Key, row: Row) -> None:
        rows = self._rows(table)
        self.undo.append((table, key, rows.get(key)))
        rows[key] = row


@cache
def _places(columns: tuple[str, ...]) -> Mapping[str, int]:
    return {name: n for n, name in enumerate(columns)}


def _whole(cell: Cell) -> int:
    assert isinstance(cell, int)
    return cell


def joined(window: Window, bar: Bar) -> Window:
    """The window, and the bar behind it."""
    one = window_of(bar.symbol, bar.span, (bar,))
    both = zip(window.arrays, one.arrays, strict=True)
    opens = np.concatenate((window.opens_ms, one.opens_ms))
    return Window(bar.symbol, bar.span, opens, *(np.concatenate(each) for each in both))


@dataclass(slots=True)
class DictMarket:
    """The market file of a rehearsal."""

    bars: dict[tuple[str, timedelta], dict[Instant, Bar]] = field(default_factory=dict)
    newest: dict[str, Tick] = field(default_factory=dict)
    beats: dict[str, Instant] = field(default_factory=dict)
    listed: dict[str, Known[Instrument]] = field(default_factory=dict)
    windows: dict[tuple[str, timedelta, int], Window] = field(default_factory=dict)

    def copied(self) -> "DictMarket":
        """Another file that holds the same."""
        bars = {name: dict(kept) for name, kept in self.bars.items()}
        windows = dict(self.windows)
        return DictMarket(bars, dict(self.newest), dict(self.beats), dict(self.listed), windows)

    def keep_bars(self, bars: Sequence[Bar]) -> None:
        for bar in bars:
            kept = self.bars.setdefault((bar.symbol, bar.span), {})
            if bar.opens not in kept:
                kept[bar.opens] = bar
                self._go_on(bar)

    def _go_on(self, bar: Bar) -> None:
        """What was read of these bars goes on with the next one; a bar that comes late lets all of it be read anew."""
        for (symbol, span, count), known in tuple(self.windows.items()):
            if (symbol, span) == (bar.symbol, bar.span):
                ends = known.ends()
                if ends is not None and bar.opens >= ends:
                    self.windows[symbol, span, count] = joined(known, bar).tail(count)
                else:
                    del self.windows[symbol, span, count]

    def keep_ticks(self, ticks: Sequence[Tick]) -> None:
        for tick in ticks:
            known = self.newest.get(tick.symbol)
            if known is None or known.at <= tick.at:
                self.newest[tick.symbol] = tick

    def beat(self, who: str, now: Instant) -> None:
        self.beats[who] = now

    def keep_instruments(self, listed: Sequence[Instrument], now: Instant) -> None:
        self.listed = {each.symbol: Known(each, now) for each in listed}

    def instrument(self, symbol: str) -> Known[Instrument] | Unknown:
        why = f"{symbol} is not listed" if self.listed else "no list of instruments was read"
        return self.listed.get(symbol, Unknown(why))

    def window(self, symbol: str, span: timedelta, count: int) -> Window:
        known = self.windows.get((symbol, span, count))
        if known is None:
            kept = self.bars.get((symbol, span), {})
            newest = sorted(kept)[-count:] if count > 0 else []
            known = window_of(symbol, span, [kept[opens] for opens in newest])
            self.windows[symbol, span, count] = known
        return known

    def ticks(self) -> Mapping[str, Tick]:
        return dict(self.newest)

    def heartbeats(self) -> Mapping[str, Instant]:
        return dict(self.beats)

    def close(self) -> None:
        """Nothing is open."""
