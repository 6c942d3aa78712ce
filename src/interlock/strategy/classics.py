"""Four classics, written as anybody would write a strategy of their own: EMA cross, RSI dip, Bollinger reversion, Donchian breakout.

The figures are those that the books on them name first; they are no advice.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from typing_extensions import override

from interlock.strategy.bars import Bars
from interlock.strategy.columns import Columns
from interlock.strategy.contract import AtrStop, RiskReward, Stop, Strategy, Target, param

_STOP: Final = AtrStop(Decimal(2), fallback_pct=Decimal(3))
_TARGET: Final = RiskReward(Decimal(2))


@dataclass(frozen=True, slots=True, kw_only=True)
class EmaCross(Strategy):
    """BUY when the fast exponential mean crosses up through the slow one, SELL when it crosses down."""

    name: str = "ema-cross"
    fast: int = param(12, low=2, high=100)
    slow: int = param(26, low=3, high=400)
    stop: Stop | None = _STOP
    target: Target | None = _TARGET

    @property
    @override
    def bars_needed(self) -> int:
        return max(self.fast, self.slow) + 1

    @override
    def rules(self, bars: Bars) -> Columns:
        fast, slow = bars.ema(self.fast), bars.ema(self.slow)
        return Columns(
            buys=(fast.crosses_up(slow, "cross"),),
            sells=(fast.crosses_down(slow, "cross"),),
            shown={"fast": fast, "slow": slow},
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class RsiDip(Strategy):
    """BUY when the RSI comes back up from a dip while the close stands above its long mean, SELL when it is high."""

    name: str = "rsi-dip"
    period: int = param(14, low=2, high=50)
    dip: float = param(30, low=5, high=50)
    high: float = param(70, low=50, high=95)
    trend: int = param(200, low=10, high=400, step=10)
    stop: Stop | None = _STOP
    target: Target | None = _TARGET

    @property
    @override
    def bars_needed(self) -> int:
        return max(self.period + 2, self.trend)

    @override
    def rules(self, bars: Bars) -> Columns:
        rsi, mean = bars.rsi(self.period), bars.sma(self.trend)
        return Columns(
            buys=(rsi.crosses_up(self.dip, "rsi"), bars.close.above(mean, "trend")),
            sells=(rsi.above(self.high, "rsi"),),
            shown={"rsi": rsi, "trend": mean},
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class BollingerReversion(Strategy):
    """BUY when the close comes back up through the lower band, SELL when it stands above the mean."""

    name: str = "bollinger-reversion"
    period: int = param(20, low=5, high=200)
    width: float = param(2.0, low=0.5, high=4, step=0.5)
    stop: Stop | None = _STOP
    target: Target | None = _TARGET

    @property
    @override
    def bars_needed(self) -> int:
        return self.period + 1

    @override
    def rules(self, bars: Bars) -> Columns:
        mean, deviation = bars.sma(self.period), bars.deviation(self.period)
        band = mean.own - self.width * deviation.own
        lower = bars.column("Lower band", band, needed=self.period)
        return Columns(
            buys=(bars.close.crosses_up(lower, "band"),),
            sells=(bars.close.above(mean, "mean"),),
            shown={"lower": lower, "mean": mean},
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class DonchianBreakout(Strategy):
    """BUY when the close breaks the highest high of the bars before it, SELL when it breaks their lowest low."""

    name: str = "donchian-breakout"
    enter: int = param(20, low=5, high=200)
    leave: int = param(10, low=5, high=200)
    stop: Stop | None = _STOP
    target: Target | None = _TARGET

    @property
    @override
    def bars_needed(self) -> int:
        return max(self.enter, self.leave) + 1

    @override
    def rules(self, bars: Bars) -> Columns:
        top = bars.highest(self.enter).earlier(1)
        bottom = bars.lowest(self.leave).earlier(1)
        return Columns(
            buys=(bars.close.above(top, "breakout"),),
            sells=(bars.close.below(bottom, "breakdown"),),
            shown={"top": top, "bottom": bottom},
        )


CLASSICS: Final[Mapping[str, Strategy]] = {
    each.name: each for each in (EmaCross(), RsiDip(), BollingerReversion(), DonchianBreakout())
}
