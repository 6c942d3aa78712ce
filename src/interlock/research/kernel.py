"""The compiled loop of `screen`: the rules of a backtest on floats, from signal to signal, one symbol at a time.

A price on the tick is a whole number over the ticks of one unit, so that it is the very float that a series holds for it.
"""

from typing import Final, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

DAY_US: Final = 86_400_000_000
NEAR: Final = 1e-7
WHOLE_MAX: Final = 1e15
DOWN, NEAREST, UP = -1, 0, 1
STOP, TARGET, SIGNAL, END = range(4)
AT_OPEN, AFTER_ENTRIES = 0, 1

Floats = NDArray[np.float64]
Places = NDArray[np.int64]


class Terms(NamedTuple):
    """Every number that the loop compares with, in the units of `Fills` and `Limits`."""

    cash: float
    amount: float
    tick: float
    ticks: float
    lot: float
    lots: float
    floor: float
    half_spread: float
    slippage: float
    allowed: float
    is_collared: bool
    maker: float
    taker: float
    fee_in_quote: bool
    crossed: bool
    ends_at_open: bool
    stop_onto: int
    target_onto: int
    open_max: int
    cooldown_us: int
    per_day: int
    equity_share: float
    exposure: float
    free: float
    held: float


class Bars(NamedTuple):
    """The arrays of one symbol."""

    open: Floats
    high: Floats
    low: Floats
    close: Floats


class Signals(NamedTuple):
    """What spoke: bars, when each is carried out, and the distances of an entry; and the bars that sell."""

    buys: Places
    at_us: Places
    stop: Floats
    target: Floats
    sells: Places


class Lots(NamedTuple):
    """One row per trade, filled by the loop. `order` says whether it left before the entries of its instant."""

    entered: Places
    left: Places
    order: Places
    reason: Places
    size: Floats
    entry: Floats
    exit: Floats
    target: Floats
    remaining: Floats
    gets: Floats
    profit: Floats


def empty(rows: int) -> Lots:
    """Room for so many trades."""
    whole = [np.zeros(rows, dtype=np.int64) for _ in range(4)]
    real = [np.zeros(rows, dtype=np.float64) for _ in range(7)]
    return Lots(*whole, *real)  # type: ignore[arg-type]  # four of one kind, then seven of the other


@njit(cache=True)
def onto(value: float, step: float, steps: float, side: int) -> float:
    """The value on a grid, to this side of it; one that is so fine that floats do not see it is none."""
    ratio = value * steps
    if abs(ratio) > WHOLE_MAX:
        return value
    whole = np.rint(ratio)
    if abs(ratio - whole) > NEAR and side != NEAREST:
        whole = np.floor(ratio) if side == DOWN else np.ceil(ratio)
    return float(whole * step if step >= 1 else whole / steps)


@njit(cache=True)
def loop(bars: Bars, signals: Signals, terms: Terms, lots: Lots) -> int:  # noqa: C901, PLR0912, PLR0915 - one compiled loop
    """Plays every signal and fills `lots`; how many there are."""
    t, last = terms, len(bars.open) - 1
    cash, coins, count, first_open = t.cash, 0.0, 0, 0
    entered_at, entered_day, made = np.int64(-1), np.int64(-1), 0
    for k in range(len(signals.buys)):
        bar = signals.buys[k] + 1
        if bar >= last:
            break
        # What has left by now makes room and pays; what is open is committed.
        held, committed, lowest = 0, 0.0, np.inf
        for n in range(first_open, count):
            if lots.remaining[n] <= 0:
                continue
            if lots.left[n] < bar or (lots.left[n] == bar and lots.order[n] == AT_OPEN):
                cash += lots.gets[n]
                coins -= lots.remaining[n]
                lots.remaining[n] = 0.0
                continue
            held += 1
            committed += lots.remaining[n] * lots.entry[n]
            lowest = min(lowest, lots.target[n])
        while first_open < count and lots.remaining[first_open] <= 0:
            first_open += 1
        at = signals.at_us[k]
        day = at // DAY_US
        if held >= t.open_max or (entered_at >= 0 and at - entered_at < t.cooldown_us):
            continue
        if day == entered_day and made >= t.per_day:
            continue
        # The order as it would be sent.
        opened = bars.open[bar]
        ask = onto(opened * (1 + t.half_spread), t.tick, t.ticks, UP)
        limit = onto(ask * (1 + t.allowed), t.tick, t.ticks, DOWN)
        size = onto(t.amount / limit, t.lot, t.lots, DOWN)
        value = size * limit
        stop_d, target_d = signals.stop[k], signals.target[k]
        low, high = (
            onto(limit - stop_d, t.tick, t.ticks, DOWN),
            onto(limit + target_d, t.tick, t.ticks, UP),
        )
        worth = coins * opened
        if (
            size <= 0
            or not low > 0
            or limit - low < t.tick * 0.999
            or high - limit < t.tick * 0.999
        ):
            continue
        if limit - low > 2 * stop_d * 1.000000001 or value < t.floor or lowest <= limit:
            continue
        if value * 100 > t.equity_share * (cash + worth) or committed + value > t.exposure:
            continue
        if cash < t.free or worth > t.held:
            continue
        entered_at, made, entered_day = at, made + 1 if day == entered_day else 1, day
        price = ask * (1 + t.slippage)
        if t.is_collared and price > limit:
            continue
        fee_base = 0.0 if t.fee_in_quote else size * t.taker
        fees = size * price * t.taker if t.fee_in_quote else 0.0
        remaining = size - fee_base
        cash -= size * price + fees
        coins += remaining
        sold = onto(remaining, t.lot, t.lots, DOWN)
        if sold <= 0 or sold * price < t.floor:
            continue
        stop = onto(price - stop_d, t.tick, t.ticks, t.stop_onto)
        target = onto(price + target_d, t.tick, t.ticks, t.target_onto)
        met = target / (1 - t.half_spread)
        # Where it ends.
        bid = onto(opened * (1 - t.half_spread), t.tick, t.ticks, DOWN)
        place = np.searchsorted(signals.sells, bar)
        is_sold = place < len(signals.sells) and signals.sells[place] < last
        bound = last if t.ends_at_open else last + 1
        if is_sold:
            bound = min(bound, signals.sells[place] + 1)
        left, reason, order, around, is_maker = last, END, AFTER_ENTRIES, 0.0, False
        if bid <= stop or bid >= target:
            left, reason, around = bar, STOP if bid <= stop else TARGET, opened
        else:
            for b in range(bar, bound):
                if bars.low[b] <= stop:
                    is_gap = bars.open[b] <= stop
                    left, reason, around = b, STOP, bars.open[b] if is_gap else stop
                    order = AT_OPEN if is_gap and b > bar else AFTER_ENTRIES
                    break
                if bars.high[b] > met or (bars.high[b] == met and not t.crossed):
                    left, reason, around, is_maker = b, TARGET, target, True
                    order = AT_OPEN if bars.open[b] >= met and b > bar else AFTER_ENTRIES
                    break
            else:
                if is_sold:
                    left, reason = signals.sells[place] + 1, SIGNAL
                    around = bars.open[left]
                else:
                    around = bars.open[last] if t.ends_at_open else bars.close[last]
        got, rate = around, t.maker
        if not is_maker:
            down = onto(around * (1 - t.half_spread), t.tick, t.ticks, DOWN)
            got, rate = max(down, t.tick) * (1 - t.slippage), t.taker
        gets = sold * got * (1 - rate)
        lots.entered[count], lots.left[count] = bar, left
        lots.order[count], lots.reason[count] = order, reason
        lots.size[count], lots.entry[count], lots.exit[count] = size, price, got
        lots.target[count] = target
        # The crumb that the fee leaves stays in the wallet: it is not in what remains of the lot.
        lots.remaining[count], lots.gets[count] = sold, gets
        lots.profit[count] = gets - price * sold - fees - fee_base * price
        count += 1
    return count
