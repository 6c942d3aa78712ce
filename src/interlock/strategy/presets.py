"""The seven presets, one table. Every field is required: a threshold that nobody wrote is not a threshold.

All comparisons are strict as written, with no tolerance band. Source of the figures: the predecessor's six, contradictions
resolved, and `trend-dip`, which is ours and the default.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Final

from typing_extensions import override

from interlock.strategy.bars import Bars
from interlock.strategy.columns import (
    Column,
    Columns,
    Condition,
    all_of,
    any_of,
    granted,
    not_asked,
)
from interlock.strategy.contract import (
    HOUR,
    AtrStop,
    Percent,
    RiskReward,
    Stop,
    Strategy,
    Target,
    swept,
)


class Trend(StrEnum):
    """What a BUY may ask of the averages."""

    ALIGNED = "EMA10 above MA50"
    ABOVE_MA200 = "close above MA200"
    ABOVE_EMA10 = "close above EMA10"


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset(Strategy):
    """One strategy of thresholds. `name` is what a person chooses, `key` what is stored.

    BUY on an RSI below `buy_below` (or, with `cross_up`, on crossing it upwards); SELL on one above `sell_above`.
    `trend` must all hold for a BUY; `candles` asks for a close above EMA10 and an RSI that rose two bars in a row;
    `trend_exit` asks a SELL for EMA10 below MA50 or a close below MA10w. `bars_needed` is the least that a BUY needs.
    """

    name: str
    key: str
    timeframe: timedelta
    buy_below: float = swept(5, 60)
    sell_above: float = swept(40, 95)
    cross_up: bool
    trend: tuple[Trend, ...]
    candles: bool
    trend_exit: bool
    volume_ratio_min: float = swept(0, 5, step=0.1)
    price_change_pct_min: Decimal
    stop: Stop | None
    target: Target | None
    bars_needed: int = field()

    @property
    @override
    def says(self) -> str:
        how = "crossing up through" if self.cross_up else "below"
        asked = (f"BUY on an RSI {how} {self.buy_below:g}", *self.trend)
        return f"{', '.join(asked)}; SELL on an RSI above {self.sell_above:g}."

    @override
    def rules(self, bars: Bars) -> Columns:
        return self.judged(seen(bars), len(bars))

    def judged(self, at: Mapping[str, Column], bars: int) -> Columns:
        """The four conditions of a BUY and the three of a SELL, of these columns by name."""
        volume = at["volume_ratio"].at_least(self.volume_ratio_min, _VOLUME, "volume")
        buys = (self._buy_rsi(at["rsi"]), self._trend(at, bars), self._candles(at), volume)
        sells = (at["rsi"].above(self.sell_above, "rsi"), self._sell_trend(at, bars), volume)
        return Columns(buys, sells, {name: at[name] for name in _SHOWN})

    def _buy_rsi(self, rsi: Column) -> Condition:
        level = self.buy_below
        return rsi.crosses_up(level, "rsi") if self.cross_up else rsi.below(level, "rsi")

    def _trend(self, at: Mapping[str, Column], bars: int) -> Condition:
        pairs = {
            Trend.ALIGNED: ("ema10", "ma50"),
            Trend.ABOVE_MA200: ("close", "ma200"),
            Trend.ABOVE_EMA10: ("close", "ema10"),
        }
        parts = [at[one].above(at[other]) for one, other in map(pairs.__getitem__, self.trend)]
        return all_of("ma", *parts) if parts else granted("ma", bars, "No trend is asked for.")

    def _candles(self, at: Mapping[str, Column]) -> Condition:
        if not self.candles:
            return not_asked("confirm", "No confirmation by candles is asked for.")
        return all_of("confirm", at["close"].above(at["ema10"]), at["rsi"].rises(2))

    def _sell_trend(self, at: Mapping[str, Column], bars: int) -> Condition:
        """EMA10 below MA50, or the close below MA10w; an unknown mean makes only its own alternative false."""
        if not self.trend_exit:
            return granted("trend", bars, "No trend is asked for.")
        return any_of("trend", at["ema10"].below(at["ma50"]), at["close"].below(at["ma10w"]))


def seen(bars: Bars) -> dict[str, Column]:
    """The columns that presets look at, by name."""
    return {
        "close": bars.close,
        "rsi": bars.rsi(),
        "atr": bars.atr(),
        "ema10": bars.ema(10),
        "ma50": bars.sma(50),
        "ma200": bars.sma(200),
        "ma10w": bars.ma10w(),
        "volume_ratio": bars.volume_ratio(),
    }


_VOLUME: Final = "times its recent mean"
_SHOWN: Final = ("rsi", "atr", "ema10", "ma50", "ma200", "ma10w", "volume_ratio")
_LONG_TREND: Final = (Trend.ALIGNED, Trend.ABOVE_MA200)

_ALL: Final = (
    Preset(
        name="swing-conservative",
        key="swing:conservative",
        timeframe=HOUR,
        buy_below=30,
        sell_above=70,
        cross_up=True,
        trend=_LONG_TREND,
        candles=True,
        trend_exit=True,
        volume_ratio_min=1.0,
        price_change_pct_min=Decimal("3.0"),
        stop=AtrStop(Decimal("1.5"), fallback_pct=Decimal(3)),
        target=RiskReward(Decimal("1.5")),
        bars_needed=200,
    ),
    Preset(
        name="swing-aggressive",
        key="swing:aggressive",
        timeframe=HOUR,
        buy_below=45,
        sell_above=68,
        cross_up=False,
        trend=_LONG_TREND,
        candles=False,
        trend_exit=True,
        volume_ratio_min=0.5,
        price_change_pct_min=Decimal("1.0"),
        stop=AtrStop(Decimal("1.0"), fallback_pct=None),
        target=RiskReward(Decimal("1.2")),
        bars_needed=200,
    ),
    Preset(
        name="intraday-conservative",
        key="intraday:conservative",
        timeframe=HOUR,
        buy_below=45,
        sell_above=70,
        cross_up=False,
        trend=(Trend.ALIGNED,),
        candles=False,
        trend_exit=True,
        volume_ratio_min=0.5,
        price_change_pct_min=Decimal("1.0"),
        stop=AtrStop(Decimal("1.0"), fallback_pct=None),
        target=RiskReward(Decimal("1.2")),
        bars_needed=50,
    ),
    Preset(
        name="intraday-aggressive",
        key="intraday:aggressive",
        timeframe=HOUR,
        buy_below=50,
        sell_above=65,
        cross_up=False,
        trend=(Trend.ALIGNED,),
        candles=False,
        trend_exit=True,
        volume_ratio_min=0.5,
        price_change_pct_min=Decimal("1.0"),
        stop=AtrStop(Decimal("0.8"), fallback_pct=None),
        target=RiskReward(Decimal("1.0")),
        bars_needed=50,
    ),
    Preset(
        name="scalp-conservative",
        key="scalp:conservative",
        timeframe=HOUR,
        buy_below=50,
        sell_above=70,
        cross_up=False,
        trend=(Trend.ABOVE_EMA10,),
        candles=False,
        trend_exit=False,
        volume_ratio_min=0.5,
        price_change_pct_min=Decimal("1.0"),
        stop=Percent(Decimal("0.5")),
        target=Percent(Decimal("0.8")),
        bars_needed=15,
    ),
    Preset(
        name="scalp-aggressive",
        key="scalp:aggressive",
        timeframe=HOUR,
        buy_below=55,
        sell_above=65,
        cross_up=False,
        trend=(),
        candles=False,
        trend_exit=False,
        volume_ratio_min=0.5,
        price_change_pct_min=Decimal("1.0"),
        stop=Percent(Decimal("0.35")),
        target=Percent(Decimal("0.5")),
        bars_needed=15,
    ),
    Preset(
        name="trend-dip",
        key="trend:dip",
        timeframe=HOUR,
        buy_below=40,
        sell_above=70,
        cross_up=True,
        trend=_LONG_TREND,
        candles=False,
        trend_exit=True,
        volume_ratio_min=0.5,
        price_change_pct_min=Decimal("1.0"),
        stop=AtrStop(Decimal("1.5"), fallback_pct=Decimal(3)),
        target=RiskReward(Decimal("1.5")),
        bars_needed=200,
    ),
)

PRESETS: Final[Mapping[str, Preset]] = {preset.name: preset for preset in _ALL}
