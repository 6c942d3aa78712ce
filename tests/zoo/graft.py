"""A broken text takes the place of its module: functions get its code, constants that differ are replaced wherever they stand.

Classes keep their identity, so that what others imported before is broken too. What the text adds is added.
"""

import importlib
import inspect
import sys
import types
from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from enum import Enum
from typing import Any, Final

DATA: Final = (
    bool,
    int,
    float,
    str,
    tuple,
    dict,
    frozenset,
    types.MappingProxyType,
    Decimal,
    timedelta,
)


def graft(name: str, text: str) -> None:
    """The module of this name behaves as the text says, for good: this process is the bug's."""
    module = importlib.import_module(name)
    born = types.ModuleType(name)
    born.__dict__["__file__"] = module.__file__
    code = compile(text, str(module.__file__), "exec")
    exec(code, born.__dict__)  # noqa: S102 - the text is this repository's own code, with a patch of its own
    for key, new in list(vars(born).items()):
        old = vars(module).get(key)
        if key not in vars(module):
            setattr(module, key, _here(new, module))
        elif isinstance(old, type) and isinstance(new, type) and old.__module__ == name:
            _swap_class(old, new, module)
        elif isinstance(new, DATA) and new != old and not isinstance(new, Enum):
            _replace(key, old, new)
        else:
            _swap(old, new)


def _swap_class(old: type, new: type, module: types.ModuleType) -> None:
    for key, member in vars(new).items():
        if key not in vars(old):
            setattr(old, key, _here(member, module))
        else:
            _swap(vars(old)[key], member)


def _swap(old: object, new: object) -> None:
    """The function behind `old`, whatever wraps it, gets the code of the one behind `new`."""
    before, after = _function(old), _function(new)
    if before is None or after is None or before.__module__ != after.__module__:
        return
    take_code(before, after)


def take_code(before: types.FunctionType, after: types.FunctionType) -> None:
    """`before` gets code and defaults of `after`, but keeps its own objects of a class of this module: nobody else has the new one."""
    here, kept, came = before.__module__, before.__defaults__ or (), after.__defaults__ or ()
    if len(kept) == len(came):
        came = tuple(
            old if type(new).__module__ == here else new
            for old, new in zip(kept, came, strict=True)
        )
    named, arrived = before.__kwdefaults__ or {}, after.__kwdefaults__ or {}
    before.__code__, before.__defaults__ = after.__code__, came
    before.__kwdefaults__ = {
        key: named[key] if key in named and type(new).__module__ == here else new
        for key, new in arrived.items()
    }


def _function(found: object) -> types.FunctionType | None:
    if isinstance(found, staticmethod | classmethod):
        found = found.__func__
    if isinstance(found, property):
        found = found.fget
    found = inspect.unwrap(found) if callable(found) and not isinstance(found, type) else found
    return found if isinstance(found, types.FunctionType) else None


def _here(new: object, module: types.ModuleType) -> object:
    """What the text adds, in the names of the module that stands."""
    if not isinstance(new, types.FunctionType) or new.__module__ != module.__name__:
        return new
    here = types.FunctionType(new.__code__, vars(module), new.__name__, new.__defaults__)
    here.__kwdefaults__ = new.__kwdefaults__
    return here


def _replace(key: str, old: object, new: object) -> None:
    for module in list(sys.modules.values()):
        held: Mapping[str, Any] = vars(module) if isinstance(module, types.ModuleType) else {}
        is_ours = getattr(module, "__name__", "").startswith(("interlock.", "tests."))
        if is_ours and held.get(key) is old:
            setattr(module, key, new)
