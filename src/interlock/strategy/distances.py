"""How far from the entry a lot is stopped and taken: watchlist first, then preset, then the row's mode; source included.

Distances are in quote per base, at the close of the decided bar, and are frozen with the signal.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from interlock.strategy.contract import AtrStop, Percent, RiskReward, Stop, Target
from interlock.strategy.watchlist import WatchlistRow
from interlock.values import Unknown

MODE_PCT: Final = {"conservative": Decimal(3), "aggressive": Decimal(2)}


@dataclass(frozen=True, slots=True)
class Distance:
    """How far, in quote per base (or why nobody can say), and where that was written: watchlist, preset or mode."""

    size: Decimal | Unknown
    source: str


def stop_distance(
    row: WatchlistRow, stop: Stop | None, close: Decimal, atr: Decimal | Unknown
) -> Distance:
    """The stop distance of a row whose strategy declares `stop` (None: it declares none)."""
    if row.sl_percentage is not None and row.sl_percentage > 0:
        return Distance(_share(close, row.sl_percentage), "watchlist")
    match stop, atr:
        case Percent(pct), _:
            return Distance(_share(close, pct), "preset")
        case AtrStop(multiple), Decimal():
            return Distance(multiple * atr, "preset")
        case AtrStop(fallback_pct=Decimal() as pct), _:
            return Distance(_share(close, pct), "preset")
        case _:
            return _of_mode(row, close)


def target_distance(
    row: WatchlistRow, target: Target | None, close: Decimal, stop: Distance
) -> Distance:
    """The target distance of a row whose strategy declares `target`, given its resolved stop distance."""
    if row.tp_percentage is not None and row.tp_percentage > 0:
        return Distance(_share(close, row.tp_percentage), "watchlist")
    match target, stop.size:
        case Percent(pct), _:
            return Distance(_share(close, pct), "preset")
        case RiskReward(ratio), Decimal() as size:
            return Distance(ratio * size, "preset")
        case RiskReward(), Unknown() as why:
            return Distance(why, "preset")
        case _:
            return _of_mode(row, close)


def _of_mode(row: WatchlistRow, close: Decimal) -> Distance:
    pct = MODE_PCT.get(row.sl_tp_mode)
    if pct is None:
        return Distance(Unknown(f"sl_tp_mode is {row.sl_tp_mode!r}"), "mode")
    return Distance(_share(close, pct), "mode")


def _share(close: Decimal, pct: Decimal) -> Decimal:
    return close * pct / 100
