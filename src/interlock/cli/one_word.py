"""How a check speaks to scripts: PASS or FAIL, once, whatever happens, and an exit code; why, on stderr, when DEBUG=1 asks for it.

The verdict is FAIL until it is found. A signal, a defect and a broken setting end in the same place.
"""

import signal
import sys
import traceback
from collections.abc import Callable
from typing import Final

import typer

from interlock.settings import wants_debug

SIGNALS: Final = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


def say_one_word(judge: Callable[[], bool]) -> None:
    """Leaves with 0 after PASS, with 1 after FAIL."""
    for each in SIGNALS:
        signal.signal(each, _leave)
    passed = False
    try:
        passed = judge()
    finally:
        for each in SIGNALS:
            signal.signal(each, signal.SIG_IGN)
        if wants_debug() and sys.exc_info()[1] is not None:
            traceback.print_exc()
        typer.echo("PASS" if passed else "FAIL")
        raise typer.Exit(0 if passed else 1)


def explain(text: str) -> None:
    """A word for who looks into it."""
    if wants_debug():
        typer.echo(text, err=True)


def _leave(*_: object) -> None:
    sys.exit(1)
