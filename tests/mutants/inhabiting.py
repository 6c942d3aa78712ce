"""A mutant takes the place of its module: the functions get its code, and its tables are replaced wherever they stand."""

import ast
import copy
import sys
import types
from collections.abc import Mapping
from datetime import timedelta
from decimal import Context, Decimal
from pathlib import Path
from typing import Any, Final

import msgspec

from tests.zoo.graft import take_code

# Constants of these kinds are replaced; functions and classes keep their places and get the mutant's code.
DATA: Final = (tuple, dict, int, str, Decimal, timedelta, frozenset, Context)
REACHED: Final = "_reached_by_a_test_"


def inhabit(name: str, tree: ast.Module, reached: set[tuple[str, str]] | None = None) -> None:
    """The module of this name behaves as `tree` says; in `reached` a tree of `marked` writes what it went through."""
    module = sys.modules[name]
    born = types.ModuleType(name)
    born.__dict__.update({"__file__": module.__file__, REACHED: reached})
    vars(module)[REACHED] = reached
    code = compile(tree, str(module.__file__), "exec")
    exec(code, born.__dict__)  # noqa: S102 - the mutant is this repository's own code
    _swap(vars(module), vars(born), name)
    for key, new in vars(born).items():
        if key in vars(module) and _is_replaced(new):
            _replace(key, vars(module)[key], new)
    if name == "interlock.risk.order_shape_rules":
        # Its closures stand in the table of another module: that one is made anew.
        _remake("interlock.risk.order_rules")


def marked(module: str, tree: ast.Module) -> ast.Module:
    """The same module, of which each function says, in `reached`, that it was gone through: by module and name.

    Of a class nobody says so: a default of a field is met by whoever makes one.
    """
    known = copy.deepcopy(tree)
    for top in known.body:
        for node in ast.walk(top):
            if isinstance(node, ast.FunctionDef) and isinstance(top, ast.FunctionDef):
                said = f"{REACHED} is None or {REACHED}.add(({module!r}, {top.name!r}))"
                after = 0 if ast.get_docstring(node) is None else 1
                node.body[after:after] = ast.parse(said).body
    return ast.fix_missing_locations(known)


def _remake(name: str) -> None:
    module = sys.modules[name]
    source = Path(str(module.__file__)).read_text(encoding="utf-8")
    inhabit(name, ast.parse(source))


def _is_replaced(new: object) -> bool:
    """Tables and figures; and what is read from the wire, whose defaults live in the class itself."""
    return isinstance(new, DATA) or (isinstance(new, type) and issubclass(new, msgspec.Struct))


def _swap(here: Mapping[str, Any], born: Mapping[str, Any], name: str) -> None:
    for key, old in here.items():
        new = born.get(key)
        if isinstance(old, types.FunctionType) and isinstance(new, types.FunctionType):
            if old.__module__ == name:
                take_code(old, new)
        elif isinstance(old, property) and isinstance(new, property):
            old.fget.__code__ = new.fget.__code__  # type: ignore[union-attr] # every property of ours has a getter
        elif isinstance(old, type) and isinstance(new, type) and old.__module__ == name:
            _swap(vars(old), vars(new), name)


def _replace(key: str, old: object, new: object) -> None:
    for module in list(sys.modules.values()):
        held = getattr(module, "__name__", "").startswith(("interlock.", "tests.", "scripts."))
        if held and vars(module).get(key) is old:
            setattr(module, key, new)
