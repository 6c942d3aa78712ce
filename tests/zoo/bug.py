"""What a bug of the zoo is: a small patch of one or two modules, who must notice it, and within how many seeds."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from msgspec.structs import replace

from interlock.rehearsal.schedule import Act, Schedule

SRC: Final = Path(__file__).parents[2] / "src"
SEEDS: Final = 100
RAISES: Final = "raises"
"""Who notices a bug that nobody but the platform itself can: it ends by raising."""


@dataclass(frozen=True, slots=True)
class Patch:
    """In this module `before`, which stands there exactly once, becomes `after`."""

    module: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Ground:
    """Where a bug is hunted when the general swarm seldom goes there: what the seed draws is played on this script, and this happens too.

    Without the `swarm` nothing else happens: the seed decides in which order things are done.
    """

    script: str | None = None
    steps: tuple[dict[str, Any], ...] = ()
    acts: tuple[Act, ...] = ()
    deaths: tuple[int, ...] = ()
    swarm: bool = True

    def of(self, drawn: Schedule) -> Schedule:
        """The schedule of a seed on this ground."""
        acts = (*self.acts, *drawn.acts) if self.swarm else self.acts
        return replace(
            drawn,
            script=self.script or drawn.script,
            deaths=self.deaths or (drawn.deaths if self.swarm else ()),
            steps=(*self.steps, *drawn.steps) if self.swarm else self.steps,
            acts=tuple(sorted(acts, key=lambda act: act.at)),
            symbols=drawn.symbols if self.swarm else 1,
            chaos=drawn.chaos if self.swarm else None,
        )


EVERYWHERE: Final = Ground()


@dataclass(frozen=True, slots=True)
class Bug:
    """One bug. `number` is that of the contract's list, or above it one of our own; `name` says what is broken.

    `caught_by` are the invariants of which one must be violated within `seeds` seeds on `ground`, or `raises`; a bug that no seed can
    reach is `hunted_by` a test, which must fail. `alone` says that the first of them is all that notices: without it nobody would.
    """

    number: int
    name: str
    patches: tuple[Patch, ...]
    caught_by: tuple[str, ...]
    seeds: int = SEEDS
    ground: Ground = EVERYWHERE
    hunted_by: str | None = None
    alone: bool = False

    def sources(self) -> dict[str, str]:
        """Each module that it breaks, with its broken text; a patch that does not fit exactly once raises."""
        broken: dict[str, str] = {}
        for patch in self.patches:
            text = broken.get(patch.module) or source_of(patch.module)
            if text.count(patch.before) != 1:
                found = f"{text.count(patch.before)} times in {patch.module}"
                raise AssertionError(f"Z{self.number} does not fit any more: found {found}.")
            broken[patch.module] = text.replace(patch.before, patch.after)
        return broken


@dataclass(frozen=True, slots=True)
class Barred:
    """A bug of the contract's list that does no harm here, or cannot be written at all, and why."""

    number: int
    name: str
    why: str


def source_of(module: str) -> str:
    """The text of a module of ours as it stands."""
    path = SRC.joinpath(*module.split("."))
    file = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    return file.read_text(encoding="utf-8")
