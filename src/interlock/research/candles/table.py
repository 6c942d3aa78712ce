"""Bytes as rows of cells, each with the line it stood on: CSV with or without names, JSON lines, or one JSON list; packed by gzip or not.

What a cell means is not decided here.
"""

import csv
import gzip
import io
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar, Final, TypeVar

import msgspec

from interlock.errors import BadInput

Cell = str | int | float | bool | None
Read = TypeVar("Read")
GZIP: Final = b"\x1f\x8b"
BYTES_MAX: Final = 1 << 30
DELIMITERS: Final = ",;\t|"
_JSON: Final = msgspec.json.Decoder(list[Cell] | dict[str, Cell])
_JSON_LIST: Final = msgspec.json.Decoder(list[list[Cell] | dict[str, Cell]])


class BadBars(BadInput):
    """What was given is no series of closed bars."""

    remedy: ClassVar[str] = "Correct the file, or leave that row out; nothing was kept."

    def __init__(self, what: str, line: int | None = None) -> None:
        super().__init__(what if line is None else f"Line {line}: {what}")
        self.at_line: Final = line


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of equal length with the number of the line of each; `names` of the columns, where the file says them."""

    names: tuple[str, ...] | None
    rows: Sequence[Sequence[Cell]]
    lines: Sequence[int]


def table_of(raw: bytes) -> Table:
    """The rows that these bytes hold; BadBars with the line where they cannot be read."""
    text = _text(_unpacked(raw))
    start = text.lstrip()[:2]
    if start.startswith("{") or start[:1] == "[":
        return _of_json(text)
    return _of_csv(text)


def _unpacked(raw: bytes) -> bytes:
    if not raw.startswith(GZIP):
        return raw
    try:
        with gzip.open(io.BytesIO(raw)) as packed:
            read = packed.read(BYTES_MAX + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise BadBars(f"It is packed by gzip and cannot be unpacked: {error}.") from error
    if len(read) > BYTES_MAX:
        raise BadBars("Unpacked it is larger than 1 GiB.")
    return read


def _text(raw: bytes) -> str:
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise BadBars("There is a byte that is no text.", line) from error


# ---------------------------------------------------------------- CSV


def _of_csv(text: str) -> Table:
    rows = list(_lines_of_csv(text))
    if not rows:
        raise BadBars("There is no row in it.")
    (_, first), names = rows[0], None
    if not any(is_number(cell) for cell in first):
        names = tuple(cell.strip() for cell in first)
        rows = rows[1:]
    return _even(names, [cells for _, cells in rows], [line for line, _ in rows])


def _lines_of_csv(text: str) -> Iterator[tuple[int, list[str]]]:
    """The rows that say something; a remark or an address on top says nothing of bars."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text))
    try:
        for cells in reader:
            is_remark = len(cells) == 1 and cells[0].startswith(("#", "http"))
            if any(cell.strip() for cell in cells) and not is_remark:
                yield reader.line_num, cells
    except csv.Error as error:
        raise BadBars(f"It is no CSV: {error}.", reader.line_num) from error


def _delimiter(text: str) -> str:
    line = max(text[:4096].splitlines()[:3], key=len, default="")
    return max(DELIMITERS, key=line.count)


def is_number(cell: Cell) -> bool:
    """Whether the cell could be read as a number."""
    try:
        float(cell)  # type: ignore[arg-type] # what is no text and no number is no number
    except (TypeError, ValueError):
        return False
    return True


# ---------------------------------------------------------------- JSON


def _of_json(text: str) -> Table:
    given = list(_json_rows(text))
    if not given:
        raise BadBars("There is no row in it.")
    lines = [line for line, _ in given]
    first = given[0][1]
    if isinstance(first, list):
        return _even(None, [_listed(row, line) for line, row in given], lines)
    names = tuple(first)
    return _even(names, [_named(row, names, line) for line, row in given], lines)


def _json_rows(text: str) -> Iterator[tuple[int, list[Cell] | dict[str, Cell]]]:
    if text.lstrip().startswith("[") and text.lstrip()[1:].lstrip()[:1] in ("[", "{"):
        rows = _decoded(_JSON_LIST, text, 1)
        yield from enumerate(rows, start=1)
        return
    for line, each in enumerate(text.splitlines(), start=1):
        if each.strip():
            yield line, _decoded(_JSON, each, line)


def _decoded(decoder: msgspec.json.Decoder[Read], text: str, line: int) -> Read:
    try:
        return decoder.decode(text)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise BadBars(f"It is no JSON of bars: {error}.", line) from error


def _listed(row: list[Cell] | dict[str, Cell], line: int) -> list[Cell]:
    if not isinstance(row, list):
        raise BadBars("It names its values, and the first row does not.", line)
    return row


def _named(row: list[Cell] | dict[str, Cell], names: Iterable[str], line: int) -> list[Cell]:
    if not isinstance(row, dict) or set(row) != set(names):
        raise BadBars("It names other values than the first row.", line)
    return [row[name] for name in names]


def _even(
    names: tuple[str, ...] | None, rows: Sequence[Sequence[Cell]], lines: Sequence[int]
) -> Table:
    """Every row is as long as the first, or as the names are many."""
    if not rows:
        raise BadBars("There are names in it and no row.")
    width = len(rows[0]) if names is None else len(names)
    for row, line in zip(rows, lines, strict=True):
        if len(row) != width:
            raise BadBars(f"It has {len(row)} values where {width} are expected.", line)
    return Table(names, rows, lines)
