"""Whether a strategy looks ahead: what it says of a bar must be what it said when later bars did not exist yet."""

from collections.abc import Iterable

from interlock.market import Window
from interlock.strategy.contract import Strategy
from interlock.strategy.decide import opinion_at


def looks_ahead(strategy: Strategy, window: Window, places: Iterable[int]) -> tuple[int, ...]:
    """Those of the places at which the strategy says something else of the whole window than of its bars up to there."""
    whole = strategy.columns(window)
    return tuple(
        place
        for place in places
        if opinion_at(whole, place) != opinion_at(strategy.columns(window.head(place + 1)), place)
    )
