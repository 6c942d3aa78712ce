"""What a preset says of the newest closed bar: BUY, SELL or WAIT, with a sentence and its numbers for every flag.

Every flag is a function of closed bars and settings: no live price, no position, no clock. A rule that needs an unknown value
is false. BUY wins where both rules hold.
"""

import math
from collections.abc import Callable
from decimal import Decimal

from interlock.errors import BadInput
from interlock.market import Window
from interlock.strategy.distances import stop_distance, target_distance
from interlock.strategy.indicators import Reading, reading
from interlock.strategy.presets import Preset, Trend
from interlock.strategy.say import say
from interlock.strategy.signal import Decision, Flag, Signal
from interlock.strategy.watchlist import WatchlistRow
from interlock.values import Instant, Unknown

_Named = tuple[str, float | Unknown]


def decide(row: WatchlistRow, preset: Preset, window: Window) -> Signal:
    """The signal about the newest bar of `window`; BadInput when there is none, or when bar and preset do not meet."""
    ends = window.ends()
    if ends is None:
        raise BadInput(f"{row.symbol} has no closed bar to decide.")
    if window.symbol != row.symbol:
        raise BadInput(f"Bars of {window.symbol} do not decide {row.symbol}.")
    if window.span != preset.timeframe:
        raise BadInput(f"{preset.name} reads bars of {preset.timeframe}, not of {window.span}.")
    at_bar = reading(window)
    if not math.isfinite(at_bar.close):
        raise BadInput(f"The bar of {row.symbol} that ended {ends} closed at {at_bar.close}.")
    buys, sells = buy_flags(row, preset, at_bar), sell_flags(preset, at_bar)
    close = Decimal(repr(at_bar.close))
    atr = at_bar.atr if isinstance(at_bar.atr, Unknown) else Decimal(repr(at_bar.atr))
    stop = stop_distance(row, preset.stop, close, atr)
    target = target_distance(row, preset.target, close, stop)
    return Signal(
        symbol=row.symbol,
        strategy=preset.key,
        bar=Instant.of_ms(int(window.opens_ms[-1])),
        ends=ends,
        decision=decision(buys, sells),
        index=index(buys),
        close=close,
        flags=(*buys, *sells),
        values=at_bar.values(),
        stop_distance=stop.size,
        target_distance=target.size,
        stop_source=stop.source,
        target_source=target.source,
    )


def decision(buys: tuple[Flag, ...], sells: tuple[Flag, ...]) -> Decision:
    """BUY iff every buy flag that is asked holds; else SELL iff every sell flag does; else WAIT."""
    if all(flag.holds is not False for flag in buys):
        return Decision.BUY
    return Decision.SELL if all(flag.holds is not False for flag in sells) else Decision.WAIT


def index(buys: tuple[Flag, ...]) -> int:
    """The share of asked buy flags that hold, 0 to 100; 100 is a BUY and nothing else is."""
    asked = [flag.holds for flag in buys if flag.holds is not None]
    return round(100 * sum(asked) / len(asked))


def buy_flags(row: WatchlistRow, preset: Preset, at_bar: Reading) -> tuple[Flag, ...]:
    """The six conditions of a BUY at one bar."""
    return (
        _buy_rsi(preset, at_bar),
        _buy_trend(preset, at_bar),
        _buy_candles(preset, at_bar),
        _volume("buy_volume_ok", preset, at_bar),
        _buy_target(row, at_bar),
        _price(at_bar),
    )


def sell_flags(preset: Preset, at_bar: Reading) -> tuple[Flag, ...]:
    """The three conditions of a SELL at one bar."""
    above = preset.rsi.sell_above
    return (
        _compare(
            "sell_rsi_ok", f"RSI {{}} is {{}}above {above:g}", at_bar.rsi, lambda x: x > above
        ),
        _sell_trend(preset, at_bar),
        _volume("sell_volume_ok", preset, at_bar),
    )


def _buy_rsi(preset: Preset, at_bar: Reading) -> Flag:
    level = preset.rsi.buy_below
    if not preset.rsi.cross_up:
        text = f"RSI {{}} is {{}}below {level:g}"
        return _compare("buy_rsi_ok", text, at_bar.rsi, lambda x: x < level)
    before, now = at_bar.rsi_1, at_bar.rsi
    if isinstance(now, Unknown):
        return _unknown("buy_rsi_ok", "RSI", now)
    if isinstance(before, Unknown):
        return _unknown("buy_rsi_ok", "RSI one bar earlier", before)
    crossed = before <= level < now
    said = "crossed up through" if crossed else "did not cross up through"
    return Flag("buy_rsi_ok", crossed, f"RSI {said} {level:g}: {say(before)}, then {say(now)}.")


def _buy_trend(preset: Preset, at_bar: Reading) -> Flag:
    parts = [_trend(each, at_bar) for each in preset.trend]
    if not parts:
        return Flag("buy_ma_ok", holds=True, because="No trend is asked for.")
    holds = all(part.holds for part in parts)
    return Flag("buy_ma_ok", holds, " ".join(part.because for part in parts))


def _trend(trend: Trend, at_bar: Reading) -> Flag:
    match trend:
        case Trend.ALIGNED:
            return _above(("EMA10", at_bar.ema10), ("MA50", at_bar.ma50))
        case Trend.ABOVE_MA200:
            return _above(("Close", at_bar.close), ("MA200", at_bar.ma200))
        case Trend.ABOVE_EMA10:
            return _above(("Close", at_bar.close), ("EMA10", at_bar.ema10))


def _buy_candles(preset: Preset, at_bar: Reading) -> Flag:
    """The close above EMA10 and the RSI rising two bars in a row, where the preset asks for it."""
    if not preset.candles:
        return Flag("buy_confirm_ok", None, "No confirmation by candles is asked for.")
    above = _above(("Close", at_bar.close), ("EMA10", at_bar.ema10))
    steps = (at_bar.rsi_2, at_bar.rsi_1, at_bar.rsi)
    known = [each for each in steps if not isinstance(each, Unknown)]
    rises = len(known) == len(steps) and known[0] < known[1] < known[2]
    told = ", ".join(each.why if isinstance(each, Unknown) else say(each) for each in steps)
    rising = f"RSI {'rose' if rises else 'did not rise'} two bars in a row: {told}."
    return Flag("buy_confirm_ok", bool(above.holds) and rises, f"{above.because} {rising}")


def _volume(name: str, preset: Preset, at_bar: Reading) -> Flag:
    least = preset.volume_ratio_min
    text = f"Volume is {{}} times its recent mean, {{}}at least {least:g}"
    return _compare(name, text, at_bar.volume_ratio, lambda x: x >= least)


def _buy_target(row: WatchlistRow, at_bar: Reading) -> Flag:
    if row.buy_target is None:
        return Flag("buy_target_ok", holds=True, because="No buy target is set.")
    holds = Decimal(repr(at_bar.close)) <= row.buy_target
    said = "at or below" if holds else "above"
    because = f"Close {say(at_bar.close)} is {said} the buy target {say(row.buy_target)}."
    return Flag("buy_target_ok", holds, because)


def _price(at_bar: Reading) -> Flag:
    holds = at_bar.close > 0
    said = f"The bar closed at {say(at_bar.close)}."
    return Flag("buy_price_ok", holds, said if holds else f"{said} That is no price.")


def _sell_trend(preset: Preset, at_bar: Reading) -> Flag:
    """EMA10 below MA50, or the close below MA10w; an unknown mean makes only its own alternative false."""
    if not preset.trend_exit:
        return Flag("sell_trend_ok", holds=True, because="No trend is asked for.")
    either = (
        _below(("EMA10", at_bar.ema10), ("MA50", at_bar.ma50)),
        _below(("Close", at_bar.close), ("MA10w", at_bar.ma10w)),
    )
    holds = any(flag.holds for flag in either)
    told = [flag.because for flag in either if flag.holds or not holds]
    return Flag("sell_trend_ok", holds, " ".join(told))


def _above(one: _Named, other: _Named) -> Flag:
    return _pair(one, other, "above")


def _below(one: _Named, other: _Named) -> Flag:
    return _pair(one, other, "below")


def _pair(one: _Named, other: _Named, word: str) -> Flag:
    (name, value), (against, limit) = one, other
    if isinstance(value, Unknown):
        return _unknown("trend", name, value)
    if isinstance(limit, Unknown):
        return _unknown("trend", against, limit)
    holds = value > limit if word == "above" else value < limit
    said = word if holds else f"not {word}"
    return Flag("trend", holds, f"{name} {say(value)} is {said} {against} {say(limit)}.")


def _compare(name: str, text: str, value: float | Unknown, holds: Callable[[float], bool]) -> Flag:
    if isinstance(value, Unknown):
        return _unknown(name, text.split(" ", 1)[0], value)
    yes = holds(value)
    return Flag(name, yes, text.format(say(value), "" if yes else "not ") + ".")


def _unknown(name: str, what: str, why: Unknown) -> Flag:
    return Flag(name, holds=False, because=f"{what} is not known ({why.why}): insufficient data.")
