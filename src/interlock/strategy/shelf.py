"""The strategies that come with the platform, by name: presets and classics. An owner's own are loaded elsewhere."""

from collections.abc import Mapping
from typing import Final

from interlock.errors import BadInput
from interlock.strategy.classics import CLASSICS
from interlock.strategy.contract import Strategy
from interlock.strategy.presets import PRESETS

SHELF: Final[Mapping[str, Strategy]] = {**PRESETS, **CLASSICS}


def named(name: str) -> Strategy:
    """The strategy of this name; BadInput, with the names that there are, when there is none."""
    if name not in SHELF:
        raise BadInput(f"{name!r} is no strategy; there are {', '.join(SHELF)}.")
    return SHELF[name]
