"""Any bytes as the closed bars of one symbol, oldest first: bars, or BadBars with the line. What had to be put right is said in a note.

A duplicate that says the same is dropped, one that says something else is refused; order in time is restored; a volume that two
columns prove is put right. A price is never touched, and a missing bar stays missing.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import numpy as np
from numpy.typing import NDArray

from interlock.market import Window
from interlock.research.candles.layout import Floats, Places, order_of_prices, places, proven_volume
from interlock.research.candles.table import BadBars, Cell, Table, is_number, table_of
from interlock.research.candles.timeframe import name_of, step_of
from interlock.values import Instant, check_symbol

NUMBER: Final = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?", re.ASCII)
# A time is seconds, milliseconds, microseconds or nanoseconds since 1970: no two of them can be the same instant of a market.
MAGNITUDES: Final = ((10**8, 1000.0), (10**11, 1.0), (10**14, 1e-3), (10**17, 1e-6), (10**20, 0.0))
PARQUET: Final = b"PAR1"


@dataclass(frozen=True, slots=True, eq=False)
class Import:
    """The bars of a file, and what had to be put right in it."""

    window: Window
    notes: tuple[str, ...]


def read(raw: bytes, symbol: str, span: timedelta) -> Import:
    """The bars in the bytes of a text file."""
    return bars_of(table_of(raw), symbol, span)


def bars_of(table: Table, symbol: str, span: timedelta) -> Import:
    """The bars of a table. Raises BadBars where a row is none, or where the columns cannot be told apart."""
    at = places(table.names, len(table.rows[0]), check_symbol(symbol))
    times, notes = _times(table, at.times), _symbols(table, at, symbol)
    order = np.argsort(times, kind="stable")
    if (order != np.arange(order.size)).any():
        newest_first = (np.diff(times) <= 0).all()
        notes += ["It was newest first." if newest_first else "Its rows were not in order of time."]
    lines = [table.lines[int(n)] for n in order]
    times = times[order]
    _check_grid(times, span, lines)
    columns = _prices(table, at, order, times, span)
    volumes = (_numbers(table, n, order) for n in (at.volume, *_numeric(table, at)))
    volume, swapped = proven_volume(next(volumes), volumes, columns[2], columns[1], lines)
    if swapped:
        notes += [
            f"In {swapped} rows the columns of volume had changed places; they were put back."
        ]
    values = np.vstack([columns, volume])
    _check_bars(values, lines)
    kept = _first_of_each(times, values, lines)
    if len(kept) < times.size:
        notes += [f"{times.size - len(kept)} rows were there twice, word for word."]
    window = Window(symbol, span, times[kept], *(np.ascontiguousarray(v[kept]) for v in values))
    _check_step(window)
    return Import(window, tuple(notes))


# ---------------------------------------------------------------- cells


def _times(table: Table, at: Sequence[int]) -> NDArray[np.int64]:
    """When each bar opened, in milliseconds; where a row says it twice, both must agree."""
    found = []
    for row, line in zip(table.rows, table.lines, strict=True):
        said = {_time(row[n], line) for n in at}
        if len(said) != 1:
            raise BadBars("It names two different times.", line)
        found.append(said.pop())
    return np.array(found, dtype=np.int64)


def _time(cell: Cell, line: int) -> int:
    if is_number(cell):
        number = _number(cell, line)
        for limit, factor in reversed(MAGNITUDES[:-1]):
            if number >= limit:
                ms = number * factor
                if number >= MAGNITUDES[-1][0] or not ms.is_integer():
                    break
                return int(ms)
        raise BadBars(f"{cell} is no time of a bar.", line)
    try:
        return Instant.of_iso(str(cell).strip().replace(" UTC", "+00:00")).ms
    except (ValueError, OverflowError) as error:
        raise BadBars(f"{str(cell)[:40]!r} is no time.", line) from error


def _numbers(table: Table, at: int, order: NDArray[np.intp]) -> Floats:
    cells = [_number(row[at], line) for row, line in zip(table.rows, table.lines, strict=True)]
    return np.array(cells, dtype=np.float64)[order]


def _number(cell: Cell, line: int) -> float:
    if isinstance(cell, str) and NUMBER.fullmatch(plain := cell.strip()):
        return float(plain)
    if isinstance(cell, (int, float)) and not isinstance(cell, bool) and abs(cell) < 10**30:
        return float(cell)
    raise BadBars(f"{str(cell)[:40]!r} is no number.", line)


def _numeric(table: Table, at: Places) -> Iterator[int]:
    """The columns beside the volume that hold numbers alone."""
    return (n for n in at.others if all(_is_finite(row[n]) for row in table.rows))


def _is_finite(cell: Cell) -> bool:
    return (
        is_number(cell)
        and abs(float(cell or 0)) < 10**30
        and NUMBER.fullmatch(str(cell).strip()) is not None
    )


def _symbols(table: Table, at: Places, symbol: str) -> list[str]:
    """One file is one symbol; another spelling than the asked one is told."""
    if at.symbol is None:
        return []
    first = table.rows[0][at.symbol]
    for row, line in zip(table.rows, table.lines, strict=True):
        if row[at.symbol] != first:
            raise BadBars(f"It is of {row[at.symbol]}, and the first of {first}.", line)
    plain = re.sub(r"[^A-Z0-9]", "", str(first).upper())
    return [] if plain == symbol.replace("_", "") else [f"The file calls its symbol {first}."]


# ---------------------------------------------------------------- bars


def _prices(
    table: Table, at: Places, order: NDArray[np.intp], times: NDArray[np.int64], span: timedelta
) -> Floats:
    """Open, high, low and close, four rows of as many columns as there are bars."""
    if at.prices:
        return np.vstack([_numbers(table, n, order) for n in at.prices])
    columns = np.vstack([_numbers(table, n, order) for n in range(1, 5)])
    return columns[list(order_of_prices(columns, np.diff(times) == step_of(span)))]


def _check_grid(times: NDArray[np.int64], span: timedelta, lines: Sequence[int]) -> None:
    off = np.flatnonzero(times % step_of(span) != 0)
    if off.size:
        when = Instant.of_ms(int(times[off[0]]))
        raise BadBars(f"{when} is off the grid of {name_of(span)}.", lines[int(off[0])])


def _check_bars(values: Floats, lines: Sequence[int]) -> None:
    opens, high, low, close, volume = values
    sound = np.isfinite(values).all(axis=0) & (values[:4] > 0).all(axis=0) & (volume >= 0)
    inside = (low <= np.minimum(opens, close)) & (np.maximum(opens, close) <= high)
    for holds, why in (
        (sound, "It holds a value that cannot be."),
        (inside, "Its open or close lies outside of its low and high."),
    ):
        wrong = np.flatnonzero(~holds)
        if wrong.size:
            raise BadBars(why, min(lines[int(n)] for n in wrong))


def _first_of_each(
    times: NDArray[np.int64], values: Floats, lines: Sequence[int]
) -> NDArray[np.intp]:
    """The places of the bars without those that were there before; BadBars when two say different things of one time."""
    again = np.flatnonzero(np.diff(times) == 0) + 1
    differing = again[(values[:, again] != values[:, again - 1]).any(axis=0)]
    if differing.size:
        n = int(differing[0])
        when = Instant.of_ms(int(times[n]))
        raise BadBars(f"It says something else of {when} than line {lines[n - 1]}.", lines[n])
    return np.setdiff1d(np.arange(times.size), again)


def _check_step(window: Window) -> None:
    """Bars of one hour come an hour apart at least once: otherwise they are bars of another length."""
    steps = np.diff(window.opens_ms)
    if steps.size and steps.min() != step_of(window.span):
        least = timedelta(milliseconds=int(steps.min()))
        raise BadBars(
            f"Its bars are {least} apart or more: they are none of {name_of(window.span)}."
        )
