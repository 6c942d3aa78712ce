"""Which code computes: the hash of every source that a result depends on, so that results of two versions are never mixed.

That is what decides, fills and measures: the row, matching and research, and the file of each strategy that is not ours.
"""

import hashlib
import inspect
from collections.abc import Iterable
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Final

import interlock
from interlock.strategy.contract import Strategy

ROOMS: Final = (
    *("values", "market", "account", "strategy", "risk", "orders", "ledger", "protection"),
    *("matching", "research"),
)
LIBRARIES: Final = ("numpy", "TA-Lib")


def code_of(strategies: Iterable[Strategy] = ()) -> str:
    """Our version with the first digits of the hash of the sources, and the libraries that compute."""
    ours = hashlib.sha256(_ours().encode())
    for file in sorted({_file(strategy) for strategy in strategies}):
        ours.update(Path(file).read_bytes())
    libraries = ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
    return f"interlock {version('interlock')} {ours.hexdigest()[:16]}, {libraries}"


def _file(strategy: Strategy) -> str:
    return inspect.getfile(type(strategy))


@cache
def _ours() -> str:
    root = Path(interlock.__file__).parent
    whole = hashlib.sha256()
    for room in ROOMS:
        for file in sorted((root / room).rglob("*.py")):
            whole.update(file.relative_to(root).as_posix().encode())
            whole.update(file.read_bytes())
    return whole.hexdigest()
