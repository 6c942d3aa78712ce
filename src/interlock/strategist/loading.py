"""Strategies of a folder and of installed packages, each file imported by itself: one that cannot be is named, and stops nobody else."""

import importlib.util
import inspect
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, is_dataclass
from importlib.metadata import entry_points
from pathlib import Path
from types import FrameType, ModuleType
from typing import Final

from interlock.errors import BadInput
from interlock.strategy.contract import Strategy
from interlock.strategy.shelf import SHELF

GROUP: Final = "interlock.strategies"
PACKAGE: Final = "interlock_strategies"
FOLDER: Final = "strategies"
"""Of the data folder."""
IMPORT_S: Final = 5.0
REFUSED: Final = (Exception, SystemExit)
"""Whatever somebody else's module may raise while it is imported."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """The strategies by name, where each came from, and what could not be loaded, by its place, and why."""

    strategies: dict[str, Strategy]
    sources: dict[str, str]
    broken: dict[str, str]


def load(folder: Path) -> Loaded:
    """Every strategy of the folder's files and of the entry points `interlock.strategies`."""
    found = Loaded({}, {}, {})
    for path in files(folder):
        _keep(found, path.name, lambda path=path: strategies_of(module_of(path)))  # type: ignore[misc]  # a default holds the loop's path
    for point in sorted(entry_points(group=GROUP), key=lambda each: each.name):
        _keep(found, point.value, lambda point=point: strategies_of(point.load()))  # type: ignore[misc]  # likewise
    return found


def files(folder: Path) -> tuple[Path, ...]:
    """The files of a folder that may hold strategies: not hidden, not private, not tests."""
    if not folder.is_dir():
        return ()
    return tuple(
        p for p in sorted(folder.glob("*.py")) if not p.name.startswith(("_", ".", "test_"))
    )


def module_of(path: Path) -> ModuleType:
    """The module of one file, imported under a name of its own."""
    name = f"{PACKAGE}.{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise BadInput(f"{path} is no Python file.")
    sys.modules.setdefault(
        PACKAGE, ModuleType(PACKAGE)
    )  # so that what it defines can cross to another process
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def strategies_of(found: object) -> tuple[Strategy, ...]:
    """The strategies that a module or an entry point offers, each with its default parameters."""
    classes = [found] if isinstance(found, type) else _own_classes(found)
    made = tuple(_made(each) for each in classes)
    if not made:
        raise BadInput("It defines no Strategy.")
    return made


def _own_classes(module: object) -> list[type]:
    of = getattr(module, "__name__", None)
    return [
        each
        for each in vars(module).values()
        if isinstance(each, type)
        and issubclass(each, Strategy)
        and each.__module__ == of
        and not inspect.isabstract(each)
    ]


def _made(kind: type) -> Strategy:
    """The strategy with its defaults; BadInput says which word of its class is missing."""
    if not issubclass(kind, Strategy):
        raise BadInput(f"{kind.__name__} is no Strategy.")
    if "__dataclass_fields__" not in vars(kind) or not is_dataclass(kind):
        raise BadInput(f"{kind.__name__} lacks `@dataclass(frozen=True, kw_only=True)`.")
    told = vars(kind).get("__annotations__", {})
    for name in ("name", "timeframe", "stop", "target", "price_change_pct_min"):
        if name in vars(kind) and name not in told and name not in vars(kind).get("__slots__", ()):
            raise BadInput(
                f"{kind.__name__}.{name} lacks its type: a field is `{name}: ... = ...`."
            )
    strategy: Strategy = kind()  # type: ignore[call-arg]  # its own class gives the name a default, or Python says so
    if strategy.key != strategy.name:
        raise BadInput(f"{kind.__name__}: the key of a strategy of your own is its name.")
    return strategy


def _keep(found: Loaded, place: str, offered: Callable[[], tuple[Strategy, ...]]) -> None:
    try:
        with _within(IMPORT_S):
            new = offered()
        for strategy in new:
            if strategy.name in SHELF or strategy.name in found.strategies:
                raise BadInput(f"The name {strategy.name!r} is taken.")
        for strategy in new:
            found.strategies[strategy.name] = strategy
            found.sources[strategy.name] = place
    except REFUSED as error:
        found.broken[place] = said_of(error)


def said_of(error: BaseException) -> str:
    """What was raised, and at which line of the file that is not ours."""
    lines = []
    trace = error.__traceback__
    while trace is not None:
        lines.append((Path(trace.tb_frame.f_code.co_filename).name, trace.tb_lineno))
        trace = trace.tb_next
    name, line = lines[-1] if lines else ("?", 0)
    return f"{type(error).__name__}: {error} ({name}, line {line})"[:2000]


@contextmanager
def _within(seconds: float) -> Iterator[None]:
    """Raises TimeoutError in whatever runs longer; only the main thread of a process has such a bell, elsewhere nothing is bounded."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def late(_number: int, _frame: FrameType | None) -> None:
        raise TimeoutError(f"not imported within {seconds:g} s")

    before = signal.signal(signal.SIGALRM, late)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
