"""Mutants that no test can kill, because they change nothing that anybody could see; each with its argument."""

from collections.abc import Mapping
from typing import Final

_CACHE: Final = "How many texts of limits are remembered changes how often they are made, and not what they say."
_DIGITS: Final = "No figure of an order has two hundred digits: with one more every product and quotient is the same."
EQUIVALENT: Final[Mapping[str, str]] = {
    "finding.module: 256 -> 257": _CACHE,
    "finding.table: 200 -> 201": _DIGITS,
}
