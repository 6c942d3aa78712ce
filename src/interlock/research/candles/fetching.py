"""Bars from an exchange: page by page from the newest back, or whatever ccxt's client of another exchange says, in a process of its own.

A bar that may still form is never among them. What ccxt answers is read as any file is: bars, or a reason with the line.
"""

import subprocess
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from importlib.util import find_spec
from typing import ClassVar, Final

from interlock.errors import Misuse, Unreachable
from interlock.market import Bar, Window, window_of
from interlock.protocol.crypto_com.market import BARS_MAX
from interlock.research.candles.reading import Import, read
from interlock.research.candles.timeframe import name_of
from interlock.values import Instant

Ask = Callable[[str, timedelta, Instant, int], Awaitable[tuple[Bar, ...]]]
"""`ports.Exchange.bars`: up to so many bars that had closed by an instant, oldest first."""
PROGRAM: Final = "interlock.research.candles.through_ccxt"
WAIT: Final = timedelta(hours=1)


class NeedsCcxt(Misuse):
    """Other exchanges are asked through ccxt, which is not installed."""

    remedy: ClassVar[str] = "Install the extra: pip install 'interlock[ccxt]'."


@dataclass(frozen=True, slots=True)
class Wanted:
    """The bars of one symbol that opened at `start` or later and had closed by `end`."""

    symbol: str
    span: timedelta
    start: Instant
    end: Instant


async def fetch(ask: Ask, wanted: Wanted, tell: Callable[[int], None]) -> Window:
    """Every wanted bar that the exchange has; `tell` hears how many there are so far."""
    bars: dict[Instant, Bar] = {}
    until = wanted.end
    while until > wanted.start:
        asked = await ask(wanted.symbol, wanted.span, until, BARS_MAX)
        page = [bar for bar in asked if bar.ends <= until]
        if not page:
            break
        bars |= {bar.opens: bar for bar in page if bar.opens >= wanted.start}
        until = page[0].opens
        tell(len(bars))
    return window_of(wanted.symbol, wanted.span, (bars[opens] for opens in sorted(bars)))


def through_ccxt(exchange: str, wanted: Wanted, rest: str = "") -> Import:
    """The same of another exchange; `rest` points ccxt at another address. It inherits no setting and no key of ours."""
    if find_spec("ccxt") is None:
        raise NeedsCcxt("ccxt is not installed.")
    times = (str(wanted.start.ms), str(wanted.end.ms))
    words = (exchange, wanted.symbol, name_of(wanted.span), *times, rest)
    try:
        ran = subprocess.run(  # noqa: S603 - our own program, and no shell reads the words
            (sys.executable, "-I", "-m", PROGRAM, *words),
            env={},
            capture_output=True,
            timeout=WAIT.total_seconds(),
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise Unreachable(f"{exchange} did not answer within an hour.") from error
    if ran.returncode != 0:
        said = ran.stderr.decode(errors="replace").strip().splitlines()
        raise Unreachable(f"{exchange} gave no bars: {said[-1] if said else 'no word'}.")
    return read(ran.stdout, wanted.symbol, wanted.span)
