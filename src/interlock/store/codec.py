"""Typed things as cells and back, by their annotations: money as decimal text, time as microseconds, what is nested as JSON.

Reading is strict: a cell that is not what its annotation says raises, and whoever keeps the rows says which table it was.
"""

import json
import types
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from decimal import Decimal
from enum import Enum
from functools import cache, lru_cache
from typing import Final, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from interlock.errors import BadInput
from interlock.store.rows import Cell, Cells, Table
from interlock.values import Instant, decimal_of, number_text

T = TypeVar("T")
Load = Callable[[object], object]

TAG: Final = "is"
ROWS_REMEMBERED: Final = 1024


def flat(  # noqa: PLR0913 - a table in one sentence
    name: str,
    kind: type[T],
    *,
    key: tuple[str, ...],
    clock: str,
    spread: str | None = None,
    derived: Mapping[str, Callable[[T], Cell]] | None = None,
) -> Table[T]:
    """The table of a dataclass: a column per field, the field `spread` spread into its own columns, and columns only derived for asking."""
    extra = dict(derived or {})
    own = [each.name for each in fields(kind) if each.name != spread]  # type: ignore[arg-type] # a dataclass by contract
    hints = get_type_hints(kind)
    inner = hints[spread] if spread else None
    spread_names = [each.name for each in fields(inner)] if inner else []
    inner_hints = get_type_hints(inner) if inner else {}
    dumps = [_cell_dump(hints[n]) for n in own]
    inner_dumps = [_cell_dump(inner_hints[n]) for n in spread_names]
    loads = [(n, _cell_load(hints[n])) for n in own]
    inner_loads = [(n, _cell_load(inner_hints[n])) for n in spread_names]

    def cells(thing: T) -> tuple[Cell, ...]:
        row = [d(getattr(thing, n)) for n, d in zip(own, dumps, strict=True)]
        if spread:
            part = getattr(thing, spread)
            row += [d(getattr(part, n)) for n, d in zip(spread_names, inner_dumps, strict=True)]
        return (*row, *(derive(thing) for derive in extra.values()))

    def thing(row: tuple[Cell, ...]) -> T:
        own_cells, inner_cells = row[: len(own)], row[len(own) : len(own) + len(spread_names)]
        read = {n: load(c) for (n, load), c in zip(loads, own_cells, strict=True)}
        if spread and inner:
            part = {n: load(c) for (n, load), c in zip(inner_loads, inner_cells, strict=True)}
            read[spread] = inner(**part)
        return kind(**read)

    return Table(name, key, clock, (*own, *spread_names, *extra), cells, remembered(thing))


def remembered(thing: Callable[[tuple[Cell, ...]], T]) -> Callable[[Cells], T]:
    """The same reading, but the same cells are read once: what is kept is immutable, and most of it is read again and again."""
    cached = lru_cache(ROWS_REMEMBERED)(thing)
    return lambda row: cached(tuple(row))


def dumps(thing: object) -> str:
    """The JSON text of a thing; dataclasses carry their name, so that a union can be read back."""
    return json.dumps(_dump(thing), separators=(",", ":"), sort_keys=True)


def loads(kind: object, text: Cell) -> object:
    """The thing of this annotation that a JSON text says."""
    if not isinstance(text, str):
        raise BadInput(f"{text!r} is not the text of a {kind}.")
    return loader(kind)(json.loads(text))


def _cell_dump(kind: object) -> Callable[[object], Cell]:
    if _is_scalar(_without_none(kind)):
        return cast("Callable[[object], Cell]", _dump_scalar)
    return lambda thing: None if thing is None else dumps(thing)


def _cell_load(kind: object) -> Load:
    load = loader(kind)
    if _is_scalar(_without_none(kind)):
        return load
    return lambda cell: None if cell is None else load(json.loads(cast("str", cell)))


def _without_none(kind: object) -> object:
    members = [m for m in _members(kind) if m is not type(None)]
    return members[0] if len(members) == 1 else kind


def _is_scalar(kind: object) -> bool:
    if not isinstance(kind, type):
        return False
    return issubclass(kind, str | int | Decimal | Instant | Enum) or kind is float


def _members(kind: object) -> tuple[object, ...]:
    return get_args(kind) if get_origin(kind) in (Union, types.UnionType) else (kind,)


def _dump(thing: object) -> object:
    if isinstance(thing, Mapping):
        return {key: _dump(value) for key, value in thing.items()}
    if isinstance(thing, tuple | list):
        return [_dump(each) for each in thing]
    if is_dataclass(thing) and not isinstance(thing, Instant):
        named = {each.name: _dump(getattr(thing, each.name)) for each in fields(thing)}
        return {TAG: type(thing).__name__, **named}
    return _dump_scalar(thing)


def _dump_scalar(thing: object) -> str | int | float | None:
    match thing:
        case Enum():
            return str(thing.value)
        case None | str() | float():
            return thing
        case int():
            return int(thing)
        case Decimal():
            return number_text(thing)
        case Instant():
            return thing.micros
        case _:
            raise BadInput(f"A {type(thing).__name__} has no stored form.")


@cache
def loader(kind: object) -> Load:
    """What reads a thing of this annotation from its dumped form."""
    members = _members(kind)
    if len(members) > 1:
        return _union(members)
    origin, inner = get_origin(kind), get_args(kind)
    if origin is tuple:
        element = loader(inner[0])
        return lambda raw: tuple(element(each) for each in cast("list[object]", raw))
    if origin is not None:
        value = loader(inner[1])
        return lambda raw: {k: value(v) for k, v in cast("dict[str, object]", raw).items()}
    return _plain(cast("type", kind))


def _plain(kind: type) -> Load:
    if kind in SCALARS:
        return SCALARS[kind]
    return kind if issubclass(kind, Enum) else _dataclass(kind)


def _union(members: tuple[object, ...]) -> Load:
    classes = [m for m in members if isinstance(m, type) and is_dataclass(m) and m is not Instant]
    tagged = {m.__name__: loader(m) for m in classes}
    rest = [loader(m) for m in members if m not in classes and m is not type(None)]
    nullable = type(None) in members

    def load(raw: object) -> object:
        if raw is None and nullable:
            return None
        if isinstance(raw, dict) and TAG in raw:
            return tagged[raw[TAG]](raw)
        return rest[0](raw)

    return load


def _dataclass(kind: type) -> Load:
    hints = get_type_hints(kind)
    readers = [(each.name, loader(hints[each.name])) for each in fields(kind)]

    def load(raw: object) -> object:
        named = cast("dict[str, object]", raw)
        # A field that later versions added is not in older rows: its default speaks.
        return kind(**{name: read(named[name]) for name, read in readers if name in named})

    return load


def _whole(raw: object) -> int:
    if not isinstance(raw, int):
        raise BadInput(f"{raw!r} is not a whole number.")
    return raw


def _words(raw: object) -> str:
    if not isinstance(raw, str):
        raise BadInput(f"{raw!r} is not a text.")
    return raw


def _float(raw: object) -> float:
    if not isinstance(raw, int | float):
        raise BadInput(f"{raw!r} is not a number.")
    return float(raw)


SCALARS: Final[Mapping[type, Load]] = {
    Decimal: decimal_of,
    Instant: lambda raw: Instant(_whole(raw)),
    bool: lambda raw: bool(_whole(raw)),
    float: _float,
    int: _whole,
    str: _words,
}
