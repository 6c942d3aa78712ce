"""What we would like: indicators, presets, the signal with its because, throttle, watchlist, sizing, proposal.

What a strategy is written with is named here.
"""

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
from interlock.strategy.contract import HOUR, AtrStop, Percent, RiskReward, Strategy, param

__all__ = [
    "HOUR",
    "AtrStop",
    "Bars",
    "Column",
    "Columns",
    "Condition",
    "Percent",
    "RiskReward",
    "Strategy",
    "all_of",
    "any_of",
    "granted",
    "not_asked",
    "param",
]
