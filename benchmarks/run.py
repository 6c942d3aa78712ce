"""`make bench`: what things cost on this machine, as ratios within one run where a ratio says more. A table, and JSON as the last line.

Benchmarks never decide a test; they are looked at.
"""

import json
import os
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import TypeVar

from rich.console import Console
from rich.table import Table

from benchmarks.exchange import exchange
from benchmarks.figure import Figure
from benchmarks.gate import gate
from benchmarks.order_path import order_path
from benchmarks.research import research
from interlock.account import Mode
from interlock.errors import Refused
from interlock.market import Window
from interlock.orders.intent import Attempt, intend
from interlock.orders.ruling import Ruling
from interlock.rehearsal.script import BY_STOP, stage
from interlock.risk.limits import Limits
from interlock.risk.verdict import Approved
from interlock.simulator.recordings import load
from interlock.store.files import open_books
from interlock.strategy.decide import decide
from interlock.strategy.presets import PRESETS
from interlock.strategy.watchlist import WatchlistRow
from tests.fakes.goods import NOW, entry
from tests.rehearsal.sweep import quietly

T = TypeVar("T")


def timed(
    times: int, call: Callable[[int], T], after: Callable[[T], None] | None = None
) -> list[float]:
    """Milliseconds of each of `times` calls, after a warm-up; what is done `after` each is not counted."""
    spans = []
    for number in range(-1, times):
        began = time.perf_counter()
        result = call(number)
        spans.append((time.perf_counter() - began) * 1000)
        if after is not None:
            after(result)
    return spans[1:]


def commits(folder: Path) -> list[Figure]:
    """The one transaction of an order on a real file, beside append + fdatasync of the same run."""
    handle = os.open(folder / "plain", os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600)

    def sync(_: int) -> None:
        os.write(handle, b"x" * 512)
        os.fdatasync(handle)

    books = open_books(folder, limits=Limits(), bound=Mode.SIM, enabled=True, install_id="bench0")
    epoch = books.open(Mode.SIM, NOW).epoch

    def rule(number: int) -> Attempt | None:
        """One entry a day, as the caps have it: a few are read of this day, not three hundred."""
        at = NOW + timedelta(days=number)
        approved = Approved(entry(f"bench:{number}"), at)
        wish = Ruling(verdict=approved, intent=intend(approved, "bench0", at))
        return books.rule(epoch, at, lambda *_: wish)[1]

    def refused(attempt: Attempt | None) -> None:
        """The order ends, so that the next one does not find it in flight."""
        if attempt is not None:
            books.answered(attempt, Refused(306, "INSUFFICIENT_AVAILABLE_BALANCE"), attempt.at)

    plain, ours = timed(300, sync), timed(300, rule, refused)
    p50, floor = statistics.median(ours), statistics.median(plain)
    return [
        Figure("append + fdatasync p50", floor, "ms", "the floor of any durable write"),
        Figure(
            "order transaction p50", p50, "ms", "verdict, intent, reservation, attempt: one commit"
        ),
        Figure("order transaction p99", sorted(ours)[-3], "ms", ""),
        Figure("ratio", p50 / floor, "x", "order transaction to fdatasync, same run"),
    ]


def decisions() -> list[Figure]:
    """One decision on 1,800 bars: indicators, flags, because."""
    series = load("binance_BTC-USDT_1h")
    stop = len(series.open_time)
    arrays = (series.open, series.high, series.low, series.close, series.volume)
    window = Window(
        series.symbol,
        timedelta(hours=1),
        series.open_time[stop - 1800 :],
        *(a[stop - 1800 :] for a in arrays),
    )
    row = WatchlistRow(series.symbol, trade_amount_usd=Decimal(100))
    spans = timed(200, lambda _: decide(row, PRESETS["trend-dip"], window))
    return [Figure("decision p50", statistics.median(spans), "ms", "1,800 bars of one symbol")]


def rehearsals() -> list[Figure]:
    """Whole lives of the platform on the virtual loop."""
    spans = timed(10, lambda number: stage(BY_STOP, number).run())
    rate = 1000 / statistics.median(spans)
    return [Figure("rehearsals", rate, "1/s", "2.2 virtual hours, one process")]


def main() -> int:
    """Measures everything and prints it."""
    quietly()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "order path"
        path.mkdir()
        figures = [
            *commits(Path(folder)),
            *order_path(path),
            *decisions(),
            *rehearsals(),
            *gate(),
            *exchange(),
            *research(),
        ]
    table = Table("figure", "value", "unit", "note")
    for each in figures:
        table.add_row(each.name, f"{each.value:.3f}", each.unit, each.note)
    Console(stderr=True).print(table)
    machine = {"python": platform.python_version(), "cores": os.cpu_count()}
    print(json.dumps({"machine": machine, **{f.name: round(f.value, 4) for f in figures}}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
