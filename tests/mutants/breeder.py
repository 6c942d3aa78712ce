"""A plugin of pytest that runs the tests of a room once per mutant, each time in a child of its own.

The parent imports and collects once. The first child runs every test on the room's own code, put in place as a mutant's is, and says how
long each took and through which places it went. A mutant is then judged by the tests that go through its place, up to the first that
fails; by all of them where no test does, as for a table that was made when its module was imported.
"""

import ast
import json
import mmap
import os
import signal
import struct
import sys
import time
from collections import defaultdict
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NoReturn

import pytest
from hypothesis import Phase, settings

from tests.mutants.breeding import Mutant, mutants
from tests.mutants.inhabiting import inhabit, marked
from tests.mutants.rooms import Room

PATIENCE_S: Final = 60  # of its own work, so that a busy machine kills no mutant
SURVIVED: Final = 0
KILLED: Final = 1
NOBODY: Final = -1
WORD: Final = struct.Struct("q")


@dataclass(frozen=True, slots=True)
class Found:
    """One mutant and what became of it."""

    room: str
    module: str
    mutant: Mutant
    survived: bool

    @property
    def name(self) -> str:
        return f"{self.room}.{self.module}.{self.mutant.place}: {self.mutant.change}"


class Breeder:
    """The mutants of a room, or of some of its modules, or every n-th of them."""

    def __init__(self, room: Room, only: Container[str] | None, every: int) -> None:
        self.room, self.only, self.every = room, only, every
        self.found: list[Found] = []
        self.is_sound = False
        self._killers: defaultdict[tuple[str, str], set[int]] = defaultdict(set)

    def pytest_collection(self) -> None:
        """A fault that was found needs no smallest example."""
        house = settings.get_profile("house")
        settings.register_profile("mutants", house, phases=(Phase.explicit, Phase.generate))
        settings.load_profile("mutants")

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """The tests pass with the room's own code put in place; then every mutant has its turn."""
        went = _went(session, self.room)
        self.is_sound = went is not None
        for module, mutant in self._bred() if went is not None else ():
            killers = self._killers[module, mutant.place]
            judges = _judges(went or [], (module, mutant.place), killers)
            killer = _killer(session, f"{self.room.package}.{module}", mutant, judges)
            killers.add(killer)
            self.found.append(Found(self.room.name, module, mutant, killer == NOBODY))
            if killer == NOBODY:
                print(f"survived: {self.found[-1].name}", file=sys.stderr, flush=True)
        return True

    def _bred(self) -> Iterator[tuple[str, Mutant]]:
        all_of_them = [
            (path.stem, mutant)
            for path in self.room.modules()
            if self.only is None or path.stem in self.only
            for mutant in mutants(path.read_text(encoding="utf-8"))
        ]
        return iter(all_of_them[:: self.every])


@dataclass(frozen=True, slots=True)
class Way:
    """How long a test took, and through which places of the room it went."""

    seconds: float
    places: frozenset[tuple[str, str]]


def _went(session: pytest.Session, room: Room) -> list[Way] | None:
    """The way of each test on the room's own code; None when one of them fails."""
    reading, writing = os.pipe()
    pid = os.fork()
    if not pid:
        os.close(reading)
        with os.fdopen(writing, "w", encoding="utf-8") as told:
            json.dump(_walked(session, room), told)
        os._exit(SURVIVED)
    os.close(writing)
    with os.fdopen(reading, encoding="utf-8") as told:
        said = told.read()
    is_over = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == SURVIVED
    found = json.loads(said) if is_over and said else None
    if found is None:
        return None
    return [
        Way(seconds, frozenset((module, place) for module, place in places))
        for seconds, places in found
    ]


def _walked(
    session: pytest.Session, room: Room
) -> list[tuple[float, list[tuple[str, str]]]] | None:
    reached: set[tuple[str, str]] = set()
    for path in room.modules():
        inhabit(f"{room.package}.{path.stem}", _marked(path), reached)
    found = []
    for item, following in _in_turn(session.items):
        reached.clear()
        began = time.process_time()
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        if session.testsfailed:
            print(f"fails on the room's own code: {item.nodeid}", file=sys.stderr)
            return None
        found.append((time.process_time() - began, sorted(reached)))
    return found


def _marked(path: Path) -> ast.Module:
    return marked(path.stem, ast.parse(path.read_text(encoding="utf-8")))


def _judges(went: Sequence[Way], place: tuple[str, str], killers: Container[int]) -> list[int]:
    """The tests that go through a place, all of them where none does: first those that killed there before, then the quickest."""
    through = [n for n, way in enumerate(went) if place in way.places] or range(len(went))
    return sorted(through, key=lambda n: (n not in killers, went[n].seconds))


def _killer(session: pytest.Session, name: str, mutant: Mutant, judges: Sequence[int]) -> int:
    """The first test that fails with the mutant in place, in a fork that ends by a signal when it hangs; NOBODY when all pass."""
    with mmap.mmap(-1, WORD.size) as running:
        pid = os.fork()
        if not pid:
            _live(session, name, mutant, judges, running)
        is_alive = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == SURVIVED
        (last,) = WORD.unpack(running)
        return NOBODY if is_alive else int(last)


def _live(
    session: pytest.Session, name: str, mutant: Mutant, judges: Sequence[int], running: mmap.mmap
) -> NoReturn:
    """Runs the tests, and leaves behind which of them was running when it ended."""
    signal.setitimer(signal.ITIMER_PROF, PATIENCE_S)
    code = KILLED  # a module that cannot even be made is noticed by whoever imports it
    try:
        inhabit(name, mutant.tree)
        items = [session.items[n] for n in judges]
        for n, (item, following) in zip(judges, _in_turn(items), strict=True):
            running[:] = WORD.pack(n)
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            if session.testsfailed:
                break
        else:
            code = SURVIVED
    finally:
        os._exit(code)


def _in_turn(items: Sequence[pytest.Item]) -> Iterator[tuple[pytest.Item, pytest.Item | None]]:
    return zip(items, [*items[1:], None], strict=True)
