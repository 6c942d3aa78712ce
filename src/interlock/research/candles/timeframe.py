"""The lengths of bars by the names that people type: 1m to 1D, as the exchange spells them, in either case."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from interlock.errors import BadInput
from interlock.protocol.crypto_com.market import TIMEFRAMES

_SPANS: Final[Mapping[str, timedelta]] = {name.lower(): span for span, name in TIMEFRAMES.items()}


def span_of(name: str) -> timedelta:
    """The length of a bar of this timeframe; BadInput, with those there are, for any other."""
    if name.lower() not in _SPANS:
        raise BadInput(f"{name!r} is no timeframe; there are {', '.join(TIMEFRAMES.values())}.")
    return _SPANS[name.lower()]


def name_of(span: timedelta) -> str:
    """What bars of this length are called; BadInput for a length that no timeframe has."""
    if span not in TIMEFRAMES:
        raise BadInput(f"Bars of {span} have no name; there are {', '.join(TIMEFRAMES.values())}.")
    return TIMEFRAMES[span]


def step_of(span: timedelta) -> int:
    """The length of a bar in milliseconds."""
    return span // timedelta(milliseconds=1)
