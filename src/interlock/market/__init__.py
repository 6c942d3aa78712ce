"""What the market said: ticks, closed bars, windows of bars, and how fresh all of it is."""

from interlock.market.bar import Bar, Window, fold, window_of
from interlock.market.freshness import Fresh, Freshness, Stale, freshness
from interlock.market.tick import Tick

__all__ = ["Bar", "Fresh", "Freshness", "Stale", "Tick", "Window", "fold", "freshness", "window_of"]
