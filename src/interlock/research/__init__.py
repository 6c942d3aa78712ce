"""Research: backtest, sweep, walk-forward and their reports, on the very rows that trade.

The columns of a strategy are computed at once; the row (sizing, judge, intent, ledger, protection) walks only where a decision is
taken, and fills are those of `matching`. Nothing here is imported by a platform that trades.
"""

from importlib import import_module
from typing import Any, Final

from interlock.research.engine import Setup, backtest
from interlock.research.fills import Anchor, End, EntryAt, Fills, Inside, Onto, ungridded
from interlock.research.run import ExitReason, Run, Trade
from interlock.research.track import Lane

__all__ = [
    "Anchor",
    "End",
    "EntryAt",
    "ExitReason",
    "Fills",
    "Inside",
    "Lane",
    "Onto",
    "Run",
    "Screen",
    "Setup",
    "Trade",
    "backtest",
    "ungridded",
]

COMPILED: Final = "interlock.research.screen"


def __getattr__(name: str) -> Any:  # noqa: ANN401 - as the language has it
    """What needs a compiler is imported when it is asked for: a backtest needs none."""
    if name == "Screen":
        return import_module(COMPILED).Screen
    raise AttributeError(name)
