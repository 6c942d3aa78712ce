"""The live desk on the simulated exchange, in virtual time, and a backtest over the same bars: the same trades.

Allowed differences, each bounded here: `LATE`, since an order leaves when the desk has read the market, which takes a moment more in
some hours; and on margin `WATCHED`, since a target that does not rest at the exchange is met by the path in a backtest and at the
desk's next look in a rehearsal, where it looks once an hour. Everything else is equal to the last digit.
`python tests/rehearsal/parity.py [HOURS]` compares every preset, spot and margin.
"""

import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from typing import Final

from interlock.market import Window
from interlock.orders.evidence import Fill
from interlock.orders.intent import Intent
from interlock.rehearsal.script import BORROWER, ROW, SERIES, Script, stage
from interlock.research import ExitReason, Fills, Inside, Lane, Run, Setup, Trade, backtest
from interlock.strategy.presets import PRESETS
from interlock.strategy.proposal import OrderType, Purpose
from interlock.values import Instant, Instrument, Side
from tests.rehearsal.sweep import quietly

START: Final = "2024-02-29T00:59:50"
HOUR: Final = timedelta(hours=1)
# From the end of a bar to the order at the exchange: the monitor's second, and one round trip.
LATENCY: Final = timedelta(milliseconds=1025)
LATE: Final = timedelta(milliseconds=100)
BOOK: Final = Instrument(
    symbol=ROW.symbol,
    base="XRP",
    quote="USDT",
    price_tick=Decimal("0.0001"),
    lot=Decimal("0.1"),
    tradable=True,
    margin_buy=True,
    max_leverage=Decimal(5),
    min_notional=Decimal(1),
)
DEEP: Final = Decimal(1_000_000)
HISTORY: Final = 1800
LEVERAGE: Final = Decimal(3)
REASONS: Final = {
    OrderType.STOP_LOSS: ExitReason.STOP,
    OrderType.LIMIT: ExitReason.TARGET,
    OrderType.MARKET: ExitReason.SIGNAL,
}


@dataclass(frozen=True, slots=True)
class Lived:
    """One lot as the live desk had it."""

    entry: Fill
    exit: Fill
    reason: ExitReason


@dataclass(frozen=True, slots=True)
class Parity:
    """What was compared: lots that the desk closed, those of them whose target was watched, and every other difference."""

    preset: str
    hours: float
    lots: int
    watched: int
    differences: tuple[str, ...]


def parity(preset: str, hours: float, *, on_margin: bool = False) -> Parity:
    """The desk's lots beside the backtest's trades."""
    lived = _lived(preset, hours, on_margin=on_margin)
    run = _tested(preset, hours, on_margin=on_margin)
    trades = {trade.opened_at.floor(HOUR): trade for trade in run.trades}
    found, watched = [], 0
    for lot in lived:
        trade = trades.pop(lot.entry.at.floor(HOUR), None)
        if trade is None:
            found.append(f"{lot.entry.at}: the backtest has no such trade")
        elif on_margin and trade.reason is ExitReason.TARGET:
            watched += 1
            found += _differences(trade, lot, ("entered", "quantity", "entry", "watched"))
        else:
            found += _differences(
                trade, lot, ("entered", "quantity", "entry", "left", "exit", "reason", "fees")
            )
    left = (trade for trade in trades.values() if trade.reason is not ExitReason.END)
    found += [f"{trade.opened_at}: the desk has no such lot" for trade in left]
    return Parity(preset, hours, len(lived), watched, tuple(found))


def _differences(trade: Trade, lot: Lived, asked: tuple[str, ...]) -> Iterator[str]:
    entry, left = lot.entry, lot.exit
    same = {
        "entered": abs(trade.opened_at - entry.at) <= LATE,
        "quantity": trade.quantity == entry.quantity,
        "entry": trade.entry == entry.price,
        "left": trade.closed_at == left.at,
        "exit": trade.exit == left.price,
        "reason": trade.reason is lot.reason,
        "fees": trade.fees == entry.fee * entry.price + left.fee,
        "watched": trade.closed_at <= left.at,
    }
    return (f"{entry.at}: {what} of {trade}, not of {lot}" for what in asked if not same[what])


def _lived(preset: str, hours: float, *, on_margin: bool) -> list[Lived]:
    edits = {"preset": preset, "sl_percentage": None, "tp_percentage": None}
    leverage = LEVERAGE if on_margin else None
    world = stage(Script("parity", START, hours, DEEP, edits=edits, leverage=leverage))
    world.run()
    books = world.open_books()
    intents = {intent.client_oid: intent for intent in books.intents()}
    entries: dict[str, Fill] = {}
    lots: list[Lived] = []
    for fill in books.fills():
        intent = intents[fill.client_oid]
        if fill.side is Side.BUY:
            entries[intent.id] = fill
        else:
            lots.append(Lived(entries[str(intent.proposal.lot_id)], fill, _reason(intent)))
    return lots


def _reason(intent: Intent) -> ExitReason:
    if intent.proposal.purpose is not Purpose.PROTECT:
        return ExitReason.SIGNAL
    return REASONS[intent.proposal.type]


def _tested(preset: str, hours: float, *, on_margin: bool) -> Run:
    start = Instant.of_iso(START)
    ends = (start + timedelta(hours=hours)).ms
    last = int(SERIES.open_time.searchsorted(ends))
    first = int(SERIES.open_time.searchsorted(start.ms)) - HISTORY
    rows = (SERIES.open, SERIES.high, SERIES.low, SERIES.close, SERIES.volume)
    opens = SERIES.open_time[first:last]
    window = Window(ROW.symbol, HOUR, opens, *(series[first:last] for series in rows))
    row = replace(ROW, preset=preset, sl_percentage=None, tp_percentage=None)
    setup = Setup(fills=Fills(inside=Inside.PATH, latency=LATENCY))
    if on_margin:
        row = replace(row, trade_on_margin=True, leverage=LEVERAGE)
        setup = replace(setup, cash=BORROWER["USDT"], collateral=BORROWER["USD"])
    return backtest([Lane(row, PRESETS[preset], window, BOOK, since=start)], setup)


def main() -> int:
    """Every preset, spot and margin."""
    quietly()
    hours = float(sys.argv[1]) if len(sys.argv) > 1 else 720.0
    is_wrong = False
    for on_margin in (False, True):
        for preset in PRESETS:
            found = parity(preset, hours, on_margin=on_margin)
            is_wrong = is_wrong or bool(found.differences)
            print(
                f"{'margin' if on_margin else 'spot  '} {preset:22} {found.hours:6g} h {found.lots:4} lots, {found.watched} watched"
            )
            for each in found.differences:
                print(f"    {each}")
    return int(is_wrong)


if __name__ == "__main__":
    sys.exit(main())
