"""A plugin of pytest that runs the tests of a room once per mutant, each time in a child of its own.

The parent imports and collects once. The first child runs every test on the room's own code, put in place as a mutant's is, and says how
long each took and through which places it went. A mutant is then judged by the tests that go through its place, the quickest first,
up to the first that fails; by all of them where no test does, as for a table that was made when its module was imported.
"""

import ast
import json
import os
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest
from hypothesis import Phase, settings

from tests.mutants.breeding import Mutant, mutants
from tests.mutants.inhabiting import inhabit, marked
from tests.mutants.rooms import Room

PATIENCE_S: Final = 60  # of its own work, so that a busy machine kills no mutant
SURVIVED: Final = 0
KILLED: Final = 1


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
    """The mutants of a room, of one of its modules, or every n-th of them."""

    def __init__(self, room: Room, only: str | None, every: int) -> None:
        self.room, self.only, self.every = room, only, every
        self.found: list[Found] = []
        self.is_sound = False

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
            judges = _judges(session, went or [], (module, mutant.place))
            is_alive = _outlives(session, f"{self.room.package}.{module}", mutant, judges)
            self.found.append(Found(self.room.name, module, mutant, is_alive))
            if is_alive:
                print(f"survived: {self.found[-1].name}", file=sys.stderr, flush=True)
        return True

    def _bred(self) -> Iterator[tuple[str, Mutant]]:
        all_of_them = [
            (path.stem, mutant)
            for path in self.room.modules()
            if self.only in (None, path.stem)
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


def _judges(
    session: pytest.Session, went: Sequence[Way], place: tuple[str, str]
) -> list[pytest.Item]:
    """The tests that go through a place, quickest first; all of them where none does."""
    through = [n for n, way in enumerate(went) if place in way.places] or range(len(went))
    return [session.items[n] for n in sorted(through, key=lambda n: went[n].seconds)]


def _outlives(
    session: pytest.Session, name: str, mutant: Mutant, judges: Sequence[pytest.Item]
) -> bool:
    """Whether every test passes with the mutant in place, in a fork that ends by a signal when it hangs."""
    pid = os.fork()
    if pid:
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == SURVIVED
    signal.setitimer(signal.ITIMER_PROF, PATIENCE_S)
    code = KILLED  # a module that cannot even be made is noticed by whoever imports it
    try:
        inhabit(name, mutant.tree)
        code = _judged(session, judges)
    finally:
        os._exit(code)


def _judged(session: pytest.Session, judges: Sequence[pytest.Item]) -> int:
    for item, following in _in_turn(judges):
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        if session.testsfailed:
            return KILLED
    return SURVIVED


def _in_turn(items: Sequence[pytest.Item]) -> Iterator[tuple[pytest.Item, pytest.Item | None]]:
    return zip(items, [*items[1:], None], strict=True)
