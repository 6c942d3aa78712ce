"""How two sets of answers differ in shape: fields, JSON types, and the order of fields.

Values are not compared. Several answers count as one: a field is there always, sometimes or never.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

# What lies below such a field is named by a currency; all of it is one field.
MAPS = {"currency_map"}
TYPES = {
    str: "text",
    int: "number",
    float: "fraction",
    bool: "boolean",
    list: "list",
    dict: "object",
}


@dataclass
class Place:
    """What was seen in one place: how often, in which types, and of an object in which order its fields came."""

    seen: int = 0
    types: set[str] = field(default_factory=set)
    orders: set[tuple[str, ...]] = field(default_factory=set)


Shape = dict[str, Place]


def shape(bodies: Iterable[object]) -> Shape:
    """The places of these bodies, by path."""
    found: Shape = {}
    for body in bodies:
        _look(body, "", found)
    return found


def _look(value: object, path: str, found: Shape) -> None:
    place = found.setdefault(path, Place())
    place.seen += 1
    place.types.add("null" if value is None else TYPES[type(value)])
    match value:
        case dict():
            is_map = path.rpartition(".")[2] in MAPS
            place.orders.add(() if is_map else tuple(value))
            for key, inner in value.items():
                _look(inner, f"{path}.{'*' if is_map else key}".lstrip("."), found)
        case list():
            for inner in value:
                _look(inner, f"{path}[]", found)
        case _:
            return


def differences(theirs: Iterable[object], ours: Iterable[object]) -> list[str]:
    """What is different, place by place; of what one of the two never has, only the uppermost place.

    That a list of words was empty on one side is no difference.
    """
    one, other = shape(theirs), shape(ours)
    found = [*_only(one, other, "missing"), *_only(other, one, "extra")]
    for path in sorted(one.keys() & other.keys()):
        found += [f"{path}: {said}" for said in _differ(path, one, other)]
    return sorted(found)


def _only(one: Shape, other: Shape, word: str) -> Iterator[str]:
    for path in sorted(one.keys() - other.keys()):
        is_word = path.endswith("[]") and one[path].types == {"text"}
        if _parent(path) in other and not is_word:
            yield f"{path}: {word}"


def _parent(path: str) -> str:
    return path.removesuffix("[]") if path.endswith("[]") else path.rpartition(".")[0]


def _differ(path: str, one: Shape, other: Shape) -> Iterator[str]:
    theirs, ours = one[path], other[path]
    if theirs.types != ours.types:
        yield f"{_list(ours.types)} for {_list(theirs.types)}"
    if not path.endswith("[]") and _always(path, one) != _always(path, other):
        yield "not always" if _always(path, one) else "always"
    if not all(any(_alike(a, b) for a in theirs.orders) for b in ours.orders):
        yield "another order of fields"


def _list(types: set[str]) -> str:
    return " or ".join(sorted(types))


def _always(path: str, places: Shape) -> bool:
    parent = _parent(path)
    return path in {"", parent} or parent.endswith("*") or places[path].seen >= places[parent].seen


def _alike(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    """Whether the fields that both have come in one order."""
    return [key for key in one if key in other] == [key for key in other if key in one]
