"""Mutants that no test can kill, because they change nothing that anybody could see; each with its argument."""

from collections.abc import Mapping
from typing import Final

EQUIVALENT: Final[Mapping[str, str]] = {}
