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
from interlock.strategy.manage import Answer, Exit, Held, Hold, Moment, MoveStop

__all__ = [
    "HOUR",
    "Answer",
    "AtrStop",
    "Bars",
    "Column",
    "Columns",
    "Condition",
    "Exit",
    "Held",
    "Hold",
    "Moment",
    "MoveStop",
    "Percent",
    "RiskReward",
    "Strategy",
    "all_of",
    "any_of",
    "granted",
    "not_asked",
    "param",
]
