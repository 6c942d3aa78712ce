"""Where the time of a rehearsal goes, by room and by function: python -m scripts.rehearsal_profile --seeds 200.

It samples the processor's time, so that what is measured runs as fast as ever. *own* is the share of the samples whose innermost Python
frame stood there, *whole* the share in which it was anywhere on the stack.
"""

import signal
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.table import Table

import interlock
from interlock.rehearsal.draw import draw
from interlock.rehearsal.perform import perform
from interlock.rehearsal.rehearse import quietly

HOME: Final = Path(interlock.__file__).parent
PERIOD_S: Final = 0.002
WARMING: Final = 20  # seeds that read what is read once
CHECKS = ("commits", "counting", "exposure", "judge", "leavings", "light", "reading", "watch")
STARTS: Final = ("_desk", "staged")


@dataclass(slots=True)
class Sampled:
    """How many samples stood in which room, and in which function."""

    samples: int = 0
    own: Counter[str] = field(default_factory=Counter)
    whole: Counter[str] = field(default_factory=Counter)

    def take(self, _: int, frame: FrameType | None) -> None:
        """One sample: a handler of SIGPROF."""
        places = list[tuple[str, str]]()
        while frame is not None:
            places.append(place_of(frame.f_code.co_filename, frame.f_code.co_name))
            frame = frame.f_back
        self.samples += 1
        self.own.update(places[0])
        self.whole.update({name for place in places for name in place})


def place_of(file: str, function: str) -> tuple[str, str]:
    """The room to which a function belongs, and its own name; the checks of the rehearsal and the start of a life are told apart."""
    path = Path(file)
    named = f"{path.name}:{function}"
    if not path.is_relative_to(HOME):
        known = (name for name in ("asyncio", "json") if name in path.parts)
        return next(known, "other libraries"), named
    room = path.relative_to(HOME).parts[0]
    if room != "rehearsal":
        return room, named
    if function in STARTS:
        return "start of a life", named
    return "rehearsal checks" if path.stem in CHECKS else room, named


def sampled(first: int, seeds: int) -> tuple[Sampled, float]:
    """What some seeds did with the time of this process, and how many seconds of it they took."""
    found, began = Sampled(), time.process_time()
    before = signal.signal(signal.SIGPROF, found.take)
    signal.setitimer(signal.ITIMER_PROF, PERIOD_S, PERIOD_S)
    try:
        for seed in range(first, first + seeds):
            perform(draw(seed))
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
    return found, time.process_time() - began


def main(seeds: Annotated[int, typer.Option(min=1)] = 200, shown: int = 20) -> None:
    """Prints both tables."""
    quietly()
    sampled(0, WARMING)
    found, seconds = sampled(0, seeds)
    print(f"{seeds} seeds in {seconds:.1f} s of one processor: {seeds / seconds:.1f} a second")
    for kind, is_function in (("room", False), ("function", True)):
        table = Table(kind, "own", "whole")
        most = [name for name, _ in found.own.most_common() if (":" in name) is is_function]
        for name in most[:shown]:
            shares = (counts[name] / found.samples for counts in (found.own, found.whole))
            table.add_row(name, *(f"{share:.1%}" for share in shares))
        Console().print(table)


if __name__ == "__main__":
    typer.run(main)
