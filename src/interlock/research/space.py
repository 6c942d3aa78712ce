"""The parameters of a strategy as a space: each is an axis of steps, a point is one strategy.

A point has a place in the space, and the space is a pure function of the strategy's class, of what was asked to vary and of a condition;
nothing here draws or remembers.
"""

import ast
import math
from collections.abc import Mapping, Sequence
from dataclasses import Field, dataclass, fields, is_dataclass, replace
from decimal import Decimal, InvalidOperation
from functools import cache
from types import CodeType
from typing import Any, Final

import msgspec

from interlock.errors import BadInput
from interlock.strategy.contract import Strategy

Value = int | float | Decimal
Params = Mapping[str, Value]

# What a condition may be made of: numbers, parameters, comparisons and the four operations.
ALLOWED: Final = (
    *(ast.Expression, ast.BoolOp, ast.And, ast.Or, ast.UnaryOp, ast.Not, ast.USub, ast.BinOp),
    *(ast.Add, ast.Sub, ast.Mult, ast.Div, ast.Compare, ast.cmpop, ast.Name, ast.Attribute),
    *(ast.Constant, ast.Load),
)
_ENCODER: Final = msgspec.json.Encoder(decimal_format="number", order="sorted")


@dataclass(frozen=True, slots=True)
class Axis:
    """One parameter from `low` to `high`, both included, in steps; `like` is a value of the type that the strategy takes.

    A dotted name is a field of a field: `stop.pct`.
    """

    name: str
    low: Decimal
    high: Decimal
    step: Decimal
    like: Value

    def __post_init__(self) -> None:
        if self.step <= 0 or self.high < self.low:
            raise BadInput(f"{self.name} has no values from {self.low} to {self.high}.")
        if isinstance(self.like, int) and any(n % 1 for n in (self.low, self.step)):
            raise BadInput(f"{self.name} is a whole number, and {self.low} or {self.step} is not.")

    def __len__(self) -> int:
        return int((self.high - self.low) // self.step) + 1

    def at(self, place: int) -> Value:
        """The value at this place, exact in decimals before it is of the parameter's type."""
        return type(self.like)(self.low + place * self.step)


@dataclass(frozen=True, slots=True)
class Space:
    """The strategies that differ from `strategy` along the axes and meet the condition `where`."""

    strategy: Strategy
    axes: tuple[Axis, ...]
    where: str = ""

    def __post_init__(self) -> None:
        _holds(_compiled(self.where), self.strategy, self.where)

    @property
    def size(self) -> int:
        """How many points there are, those that do not hold among them."""
        return math.prod(len(axis) for axis in self.axes)

    def point(self, place: int) -> Params:
        """The parameters at a place, 0 to `size` - 1; the last axis turns fastest."""
        values: dict[str, Value] = {}
        for axis in reversed(self.axes):
            place, here = divmod(place, len(axis))
            values[axis.name] = axis.at(here)
        return {axis.name: values[axis.name] for axis in self.axes}

    def at(self, params: Params) -> Strategy:
        """The strategy with these parameters; BadInput when it cannot be."""
        made: Strategy = self.strategy
        for name, value in params.items():
            made = _with(made, name.split("."), value)
        return made

    def holds(self, params: Params) -> bool:
        """Whether the strategy can be, is sane by its own word, and meets the condition."""
        try:
            made = self.at(params)
        except BadInput:
            return False
        sane = getattr(made, "sane", None)
        if sane is not None and not sane():
            return False
        return _holds(_compiled(self.where), made, self.where)


def space_of(
    strategy: Strategy, vary: Sequence[str] = (), where: str = "", *, whole: bool = False
) -> Space:
    """The space of the declared parameters of a strategy, or of those that `vary` names: `fast`, or with bounds `fast=5:20:5`.

    A bound asks nothing of the class: every number of the strategy can be varied, that of a stop too. With `whole` the declared ones
    stay beside those that are named.
    """
    declared = {axis.name: axis for axis in _declared(strategy)}
    asked = dict(_asked(strategy, declared, text) for text in vary)
    axes = {**declared, **asked} if whole or not vary else asked
    if not axes:
        text = f"{strategy.name} declares no parameter that could vary; name one with its bounds: --vary stop.pct=1:5:0.5."
        raise BadInput(text)
    return Space(strategy, tuple(axes.values()), where)


def text_of(params: Params) -> str:
    """Parameters as one line of JSON, the same line for the same parameters."""
    return _ENCODER.encode(params).decode()


def read_params(text: str, space: Space) -> Params:
    """The parameters that `text_of` wrote, of the types that the strategy takes."""
    said = msgspec.json.decode(text, type=dict[str, Decimal])
    return {axis.name: type(axis.like)(said[axis.name]) for axis in space.axes}


def _declared(strategy: Strategy) -> list[Axis]:
    found = []
    for each in fields(strategy):
        allowed = each.metadata.get("range")
        if allowed is not None:
            low, high, step = (
                Decimal(repr(float(bound))) for bound in (allowed.low, allowed.high, allowed.step)
            )
            found.append(
                Axis(each.name, low, high, step, _like(each, getattr(strategy, each.name)))
            )
    return found


def _asked(strategy: Strategy, declared: Mapping[str, Axis], text: str) -> tuple[str, Axis]:
    name, _, bounds = text.partition("=")
    if not bounds:
        if name not in declared:
            raise BadInput(f"{name} has no bounds of its own: say {name}=LOW:HIGH:STEP.")
        return name, declared[name]
    try:
        low, high, step = (Decimal(part) for part in bounds.split(":"))
    except (ValueError, InvalidOperation) as error:
        raise BadInput(f"{text!r} is not NAME=LOW:HIGH:STEP.") from error
    like = _value(strategy, name)
    return name, Axis(name, low, high, step, like)


def _value(strategy: Strategy, name: str) -> Value:
    found: Any = strategy
    for part in name.split("."):
        named = {each.name: each for each in fields(found)} if is_dataclass(found) else {}
        if part not in named:
            raise BadInput(f"{strategy.name} has no {name}.")
        found = _like(named[part], getattr(found, part))
    if isinstance(found, bool) or not isinstance(found, int | float | Decimal):
        raise BadInput(f"{name} of {strategy.name} is no number.")
    return found


def _like(of: Field[Any], value: Any) -> Any:  # noqa: ANN401 - a field of any type
    """The value of a field, of the field's own type: 30 is as good a float as 30.0, and steps of it may be halves."""
    return float(value) if of.type in {float, "float"} else value


def _with(owner: Any, path: Sequence[str], value: Value) -> Any:  # noqa: ANN401 - a field of a field is of any type
    if len(path) > 1:
        value = _with(getattr(owner, path[0]), path[1:], value)
    return replace(owner, **{path[0]: value})


@cache
def _compiled(where: str) -> CodeType | None:
    if not where:
        return None
    try:
        tree = ast.parse(where, mode="eval")
    except SyntaxError as error:
        raise BadInput(f"{where!r} is no condition: {error.msg}.") from error
    for node in ast.walk(tree):
        is_private = isinstance(node, ast.Attribute) and node.attr.startswith("_")
        is_text = isinstance(node, ast.Constant) and not isinstance(node.value, int | float)
        if is_private or is_text or not isinstance(node, ALLOWED):
            raise BadInput(f"{where!r} is no condition on parameters: {ast.unparse(node)}.")
    return compile(tree, "<where>", "eval")


def _holds(code: CodeType | None, strategy: Strategy, where: str) -> bool:
    if code is None:
        return True
    names = {each.name: getattr(strategy, each.name) for each in fields(strategy)}
    try:
        return bool(eval(code, {"__builtins__": {}}, names))  # noqa: S307 - of ALLOWED alone, and without builtins
    except (NameError, AttributeError, TypeError, ArithmeticError) as error:
        raise BadInput(f"{where!r} cannot be asked of {strategy.name}: {error}.") from error
