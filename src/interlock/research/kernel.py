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
# A price beyond a level at the entry already: sold at the market, for the same reason.
PASSED = 4
PASSED_STOP, PASSED_TARGET = STOP + PASSED, TARGET + PASSED
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
def settle(bar: int, first: int, count: int, lots: Lots) -> tuple[float, float, int, float, float]:
    """Money and coins of what has left before the entries of this bar; of what is open how many, their cost, and the lowest target."""
    got, gone, held, committed, lowest = 0.0, 0.0, 0, 0.0, np.inf
    for n in range(first, count):
        if lots.remaining[n] <= 0:
            continue
        if lots.left[n] < bar or (lots.left[n] == bar and lots.order[n] == AT_OPEN):
            got += lots.gets[n]
            gone += lots.remaining[n]
            lots.remaining[n] = 0.0
        else:
            held += 1
            committed += lots.remaining[n] * lots.entry[n]
            lowest = min(lowest, lots.target[n])
    return got, gone, held, committed, lowest


@njit(cache=True)
def sized(opened: float, stop_d: float, target_d: float, t: Terms) -> tuple[float, float, float]:
    """Ask, limit and size of an entry at this open; a size of zero where the grid does not let it be made or protected."""
    ask = onto(opened * (1 + t.half_spread), t.tick, t.ticks, UP)
    limit = onto(ask * (1 + t.allowed), t.tick, t.ticks, DOWN)
    size = onto(t.amount / limit, t.lot, t.lots, DOWN)
    low = onto(limit - stop_d, t.tick, t.ticks, DOWN)
    high = onto(limit + target_d, t.tick, t.ticks, UP)
    tick = t.tick * (1 - NEAR)
    is_near = not low > 0 or limit - low < tick or high - limit < tick
    if is_near or limit - low > 2 * stop_d * (1 + NEAR) or size * limit < t.floor:
        size = 0.0
    return ask, limit, size


@njit(cache=True)
def leaving(
    bars: Bars, sells: Places, bar: int, levels: tuple[float, float], t: Terms
) -> tuple[int, int, int, float]:
    """Where a lot ends that was bought at the open of this bar: at which bar, why, in which order, and around which price."""
    stop, target = levels
    last = len(bars.open) - 1
    bid = onto(bars.open[bar] * (1 - t.half_spread), t.tick, t.ticks, DOWN)
    if bid <= stop or bid >= target:
        return bar, PASSED_STOP if bid <= stop else PASSED_TARGET, AFTER_ENTRIES, bars.open[bar]
    met = target / (1 - t.half_spread)
    place = np.searchsorted(sells, bar)
    is_sold = place < len(sells) and sells[place] < last
    bound = last if t.ends_at_open else last + 1
    if is_sold:
        bound = min(bound, sells[place] + 1)
    for b in range(bar, bound):
        if bars.low[b] <= stop:
            is_gap = bars.open[b] <= stop
            order = AT_OPEN if is_gap and b > bar else AFTER_ENTRIES
            return b, STOP, order, bars.open[b] if is_gap else stop
        if bars.high[b] > met or (bars.high[b] == met and not t.crossed):
            order = AT_OPEN if bars.open[b] >= met and b > bar else AFTER_ENTRIES
            return b, TARGET, order, target
    if is_sold:
        return sells[place] + 1, SIGNAL, AFTER_ENTRIES, bars.open[sells[place] + 1]
    return last, END, AFTER_ENTRIES, bars.open[last] if t.ends_at_open else bars.close[last]


@njit(cache=True)
def bought(  # noqa: PLR0913, PLR0917 - one entry as it was made
    bars: Bars, signals: Signals, k: int, price: float, size: float, t: Terms, lots: Lots, n: int
) -> tuple[float, float, bool]:
    """Writes the lot of one entry with its end: what it cost, what coins it brought, and whether it is a lot at all."""
    bar = signals.buys[k] + 1
    fee_base = 0.0 if t.fee_in_quote else size * t.taker
    fees = size * price * t.taker if t.fee_in_quote else 0.0
    sold = onto(size - fee_base, t.lot, t.lots, DOWN)
    if sold <= 0 or sold * price < t.floor:
        return size * price + fees, size - fee_base, False
    stop = onto(price - signals.stop[k], t.tick, t.ticks, t.stop_onto)
    target = onto(price + signals.target[k], t.tick, t.ticks, t.target_onto)
    left, why, order, around = leaving(bars, signals.sells, bar, (stop, target), t)
    got, rate = around, t.maker
    if why != TARGET:
        down = onto(around * (1 - t.half_spread), t.tick, t.ticks, DOWN)
        got, rate = max(down, t.tick) * (1 - t.slippage), t.taker
    gets = sold * got * (1 - rate)
    lots.entered[n], lots.left[n], lots.order[n], lots.reason[n] = bar, left, order, why % PASSED
    lots.size[n], lots.entry[n], lots.exit[n], lots.target[n] = size, price, got, target
    # The crumb that the fee leaves stays in the wallet: it is not in what remains of the lot.
    lots.remaining[n], lots.gets[n] = sold, gets
    lots.profit[n] = gets - price * sold - fees - fee_base * price
    return size * price + fees, size - fee_base, True


@njit(cache=True)
def loop(bars: Bars, signals: Signals, t: Terms, lots: Lots) -> int:
    """Plays every signal and fills `lots`; how many there are."""
    cash, coins, count, first = t.cash, 0.0, 0, 0
    entered_at, entered_day, made = np.int64(-1), np.int64(-1), 0
    for k in range(len(signals.buys)):
        bar, at = signals.buys[k] + 1, signals.at_us[k]
        if bar >= len(bars.open) - 1:
            break
        got, gone, held, committed, lowest = settle(bar, first, count, lots)
        cash, coins = cash + got, coins - gone
        while first < count and lots.remaining[first] <= 0:
            first += 1
        day = at // DAY_US
        if held >= t.open_max or (entered_at >= 0 and at - entered_at < t.cooldown_us):
            continue
        if day == entered_day and made >= t.per_day:
            continue
        opened = bars.open[bar]
        ask, limit, size = sized(opened, signals.stop[k], signals.target[k], t)
        value, worth = size * limit, coins * opened
        if size <= 0 or lowest <= limit or cash < t.free or worth > t.held:
            continue
        if value * 100 > t.equity_share * (cash + worth) or committed + value > t.exposure:
            continue
        made = made + 1 if day == entered_day else 1
        entered_at, entered_day = at, day
        price = ask * (1 + t.slippage)
        if t.is_collared and price > limit:
            continue
        cost, brought, is_lot = bought(bars, signals, k, price, size, t, lots, count)
        cash, coins, count = cash - cost, coins + brought, count + is_lot
    return count
