"""A schedule: everything that a rehearsal is told. The same schedule gives the same trace, and its text is a regression test.

It names a script of the market, what is done to the exchange (the words of scenario files), what happens to the platform's own machine,
what people do, and when the process dies. Chaos ends where the script heals.
"""

from dataclasses import dataclass
from typing import Any, Final

import msgspec

from interlock.errors import BadInput
from interlock.simulator.scenes.scene import Scene, Setup, Step, step_of

WORDLESS: Final = "-"


class Act(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a person or the machine does `at` so many seconds after the beginning: one word, and how much of it."""

    at: float
    do: str
    by: float = 0.0


class Schedule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One rehearsal. `deaths`: at which of its own seams each life ends, in order; lives beyond them end with the script.

    `seed` decides in which order things that are ready at once are done (`shuffle`), and nothing else. `symbols` are bought alike.
    After `chaos` seconds everything heals; where that is not said, twelve minutes before the script ends.
    """

    script: str
    seed: int = 0
    shuffle: bool = True
    symbols: int = 1
    chaos: float | None = None
    deaths: tuple[int, ...] = ()
    steps: tuple[dict[str, Any], ...] = ()
    acts: tuple[Act, ...] = ()

    @property
    def size(self) -> int:
        """How many things go wrong in it."""
        return len(self.deaths) + len(self.steps) + len(self.acts)

    def scene(self) -> Scene:
        """What is done to the exchange, as a scenario file would say it."""
        steps = tuple(_step(said, n) for n, said in enumerate(self.steps, start=1))
        return Scene(self.script, self.script, WORDLESS, Setup(), steps)

    def lines(self) -> tuple[str, ...]:
        """What goes wrong in it, a line each, for a person."""
        order = "as the seed likes" if self.shuffle else "in order"
        first = f"{self.script}, {self.symbols} bought, what is ready at once {order}"
        deaths = [f"life {n} dies at its seam {seam}" for n, seam in enumerate(self.deaths, 1)]
        steps = [_line(said) for said in self.steps]
        acts = [f"{act.at:g} s: {act.do}" + (f" {act.by:g}" if act.by else "") for act in self.acts]
        return (first, *deaths, *steps, *acts)


@dataclass(frozen=True, slots=True)
class Place:
    """One thing that goes wrong in a schedule: in which of its lists, and where there."""

    part: str
    index: int


def places(schedule: Schedule) -> tuple[Place, ...]:
    """Everything that goes wrong in it."""
    parts = ("deaths", "steps", "acts")
    return tuple(Place(p, n) for p in parts for n in range(len(getattr(schedule, p))))


def without(schedule: Schedule, gone: tuple[Place, ...]) -> Schedule:
    """The same schedule where these do not go wrong."""
    kept = {
        part: tuple(
            each for n, each in enumerate(getattr(schedule, part)) if Place(part, n) not in gone
        )
        for part in ("deaths", "steps", "acts")
    }
    return msgspec.structs.replace(schedule, **kept)


def text_of(schedule: Schedule) -> str:
    """Its text: JSON, one thing a line."""
    return msgspec.json.format(msgspec.json.encode(schedule), indent=1).decode() + "\n"


def read(text: bytes, where: str) -> Schedule:
    """The schedule that a text says; `where` is how it is called when something is wrong with it."""
    try:
        found = msgspec.json.decode(text, type=Schedule)
    except (msgspec.DecodeError, msgspec.ValidationError) as error:
        raise BadInput(f"{where}: {error}.") from error
    found.scene()
    return found


def _step(said: dict[str, Any], n: int) -> Step:
    return step_of(said, f"step {n}")


def _line(said: dict[str, Any]) -> str:
    timing = {"on", "nth", "after"}
    word = next(key for key in said if key not in timing)
    what = " ".join(f"{name}={value}" for name, value in said[word].items())
    nth = f" {said['nth']}" if said.get("nth", 1) != 1 else ""
    on = f"on {said['on']}{nth}" if "on" in said else "from the beginning"
    after = f", after {said['after']}" if "after" in said else ""
    return f"{on}{after}: {word} {what}"
