"""The strategies that can be searched: those that come with the platform, and the owner's own, which cross to others by their file."""

import pickle
import sys
from dataclasses import dataclass
from pathlib import Path

from interlock.errors import BadInput
from interlock.research.pool import Evaluate, Make, Series
from interlock.settings import Settings
from interlock.strategist.loading import FOLDER, PACKAGE, files, load, module_of
from interlock.strategy.contract import Strategy
from interlock.strategy.shelf import SHELF


@dataclass(frozen=True, slots=True)
class Known:
    """Strategies by name, the folder of the owner's, and what could not be loaded of it, and why."""

    strategies: dict[str, Strategy]
    folder: Path
    broken: dict[str, str]

    def named(self, name: str) -> Strategy:
        """The strategy of this name; BadInput, with the names that there are, when there is none."""
        if name not in self.strategies:
            broken = "".join(f" {place}: {why}" for place, why in self.broken.items())
            names = ", ".join(self.strategies)
            raise BadInput(f"{name!r} is no strategy; there are {names}.{broken}")
        return self.strategies[name]


@dataclass(frozen=True, slots=True)
class Carried:
    """A maker that other processes can open, though it holds strategies of the owner's: their files are imported first."""

    folder: Path
    packed: bytes

    def __call__(self, series: Series) -> Evaluate:
        """What the maker makes."""
        for path in files(self.folder):
            if f"{PACKAGE}.{path.stem}" not in sys.modules:
                module_of(path)
        make: Make = pickle.loads(self.packed)  # noqa: S301 - packed by the process that started this one
        return make(series)


def known_strategies(settings: Settings) -> Known:
    """All of them."""
    folder = settings.data / FOLDER
    own = load(folder)
    return Known({**SHELF, **own.strategies}, folder, own.broken)


def carried(make: Make, known: Known) -> Make:
    """The same maker, ready to cross to another process."""
    return Carried(known.folder, pickle.dumps(make))
