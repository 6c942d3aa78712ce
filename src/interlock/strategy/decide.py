"""What a strategy says of a closed bar: BUY, SELL or WAIT, with a sentence and its numbers for every flag.

Every flag is a function of closed bars and settings: no live price, no position, no clock. A rule that needs an unknown value
is false. BUY wins where both rules hold. Whoever asks for one bar or for all of them reads the same columns.
"""

import math
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Final

import numpy as np

from interlock.errors import BadInput
from interlock.market import Window
from interlock.strategy.columns import Columns, Condition, Holds, every
from interlock.strategy.contract import Declares, Strategy
from interlock.strategy.distances import stop_distance, target_distance
from interlock.strategy.manage import Held, moment_at, settled
from interlock.strategy.say import say
from interlock.strategy.signal import Decision, Flag, Opinion, Signal
from interlock.strategy.watchlist import WatchlistRow
from interlock.values import Instant, Unknown

NOT_SHOWN: Final = Unknown("the strategy does not show its ATR")


def decide(row: WatchlistRow, strategy: Strategy, window: Window) -> Signal:
    """The signal about the newest bar of `window`; BadInput when there is none, or when bar and strategy do not meet."""
    meet(row, strategy, window)
    return signal_at(row, strategy, strategy.columns(window), window, len(window) - 1)


def meet(row: WatchlistRow, strategy: Declares, window: Window) -> None:
    """BadInput unless these bars are what this strategy decides for this row."""
    if not len(window):
        raise BadInput(f"{row.symbol} has no closed bar to decide.")
    if window.symbol != row.symbol:
        raise BadInput(f"Bars of {window.symbol} do not decide {row.symbol}.")
    if window.span != strategy.timeframe:
        raise BadInput(f"{strategy.name} reads bars of {strategy.timeframe}, not of {window.span}.")


def signal_at(
    row: WatchlistRow, strategy: Strategy, columns: Columns, window: Window, i: int
) -> Signal:
    """The signal about bar `i` of `window`, of the strategy's columns over it: what `decide` said when that bar had closed.

    A live window holds the newest bars alone; over a longer one the recursive means (EMA, RSI, ATR) and running sums (MA) differ
    in their last digits.
    """
    return signal_of(row, strategy, opinion_at(columns, i), window, i)


def opinion_at(columns: Columns, i: int) -> Opinion:
    """What a strategy's columns say of one bar, before anybody's row is asked."""
    buys, sells = _flags("buy", columns.buys, i), _flags("sell", columns.sells, i)
    return Opinion(buys, sells, columns.at(i))


def managed(
    strategy: Strategy, said: Opinion, window: Window, i: int, lots: Sequence[Held]
) -> Opinion:
    """The opinion about bar `i` with the strategy's answer for each of these lots."""
    if not lots:
        return said
    bar = moment_at(said.values, window, i)
    return replace(said, answers=tuple(settled(strategy.manage(x, bar), x, bar) for x in lots))


def signal_of(
    row: WatchlistRow, strategy: Declares, said: Opinion, window: Window, i: int
) -> Signal:
    """The signal that an opinion about bar `i` makes under this row."""
    price = float(window.close[i])
    opens = Instant.of_ms(int(window.opens_ms[i]))
    if not math.isfinite(price):
        ended = opens + window.span
        raise BadInput(f"The bar of {row.symbol} that ended {ended} closed at {price}.")
    buys = (*said.buys, _buy_target(row, price), _price(price))
    close, atr = Decimal(repr(price)), said.values.get("atr", NOT_SHOWN)
    known = atr if isinstance(atr, Unknown) else Decimal(repr(atr))
    stop = stop_distance(row, strategy.stop, close, known)
    target = target_distance(row, strategy.target, close, stop)
    return Signal(
        symbol=row.symbol,
        strategy=strategy.key,
        bar=opens,
        ends=opens + window.span,
        decision=decision(buys, said.sells),
        index=index(buys),
        close=close,
        flags=(*buys, *said.sells),
        values=said.values,
        stop_distance=stop.size,
        target_distance=target.size,
        stop_source=stop.source,
        target_source=target.source,
    )


def unheard(row: WatchlistRow, window: Window, why: Unknown) -> Signal:
    """The WAIT about the newest bar of a strategy that could not be heard, which says why."""
    ends = window.ends()
    if ends is None:
        raise BadInput(f"{row.symbol} has no closed bar to decide.")
    because = f"{row.preset} was not heard: {why.why}."
    return Signal(
        symbol=row.symbol,
        strategy=row.preset,
        bar=ends - window.span,
        ends=ends,
        decision=Decision.WAIT,
        index=0,
        close=Decimal(repr(float(window.close[-1]))),
        flags=(Flag("buy_strategy_ok", holds=False, because=because),),
        values={},
        stop_distance=why,
        target_distance=why,
    )


def sides(row: WatchlistRow, columns: Columns, window: Window) -> tuple[Holds, Holds]:
    """Where `signal_at` says BUY and where it says SELL under this row, over the whole window."""
    buys = columns.entry & (window.close > 0)
    if row.buy_target is not None:
        level = float(row.buy_target)
        is_within = _is_within(level, row.buy_target)
        buys &= (window.close < level) | ((window.close == level) & is_within)
    sells = every(columns.sells, len(columns)) & ~buys & np.isfinite(window.close)
    return buys, sells


def decision(buys: tuple[Flag, ...], sells: tuple[Flag, ...]) -> Decision:
    """BUY iff every buy flag that is asked holds; else SELL iff every sell flag does, and one is asked; else WAIT."""
    if all(flag.holds is not False for flag in buys):
        return Decision.BUY
    asked = [flag.holds for flag in sells if flag.holds is not None]
    return Decision.SELL if asked and all(asked) else Decision.WAIT


def index(buys: tuple[Flag, ...]) -> int:
    """The share of asked buy flags that hold, 0 to 100; 100 is a BUY and nothing else is."""
    asked = [flag.holds for flag in buys if flag.holds is not None]
    return round(100 * sum(asked) / len(asked))


def _flags(side: str, conditions: tuple[Condition, ...], i: int) -> tuple[Flag, ...]:
    return tuple(
        Flag(f"{side}_{c.name}_ok", None if c.holds is None else bool(c.holds[i]), c.because(i))
        for c in conditions
    )


def _buy_target(row: WatchlistRow, close: float) -> Flag:
    if row.buy_target is None:
        return Flag("buy_target_ok", holds=True, because="No buy target is set.")
    holds = _is_within(close, row.buy_target)
    said = "at or below" if holds else "above"
    because = f"Close {say(close)} is {said} the buy target {say(row.buy_target)}."
    return Flag("buy_target_ok", holds, because)


def _is_within(close: float, target: Decimal) -> bool:
    return Decimal(repr(close)) <= target


def _price(close: float) -> Flag:
    holds = close > 0
    said = f"The bar closed at {say(close)}."
    return Flag("buy_price_ok", holds, said if holds else f"{said} That is no price.")
