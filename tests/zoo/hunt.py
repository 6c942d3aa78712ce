"""The hunt: each bug in a process of its own, seed after seed until an invariant that must notice it is violated, or its budget is spent.

The parent has imported everything and performed nothing that a bug could change; a child is forked from it, is broken, and hunts.
"""

import contextlib
import io
import os
import re
import signal
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from typing import Final

import pytest

from interlock.rehearsal.draw import draw
from interlock.rehearsal.perform import SCRIPTS, perform
from interlock.rehearsal.rehearse import quietly
from interlock.rehearsal.schedule import Schedule
from interlock.rehearsal.script import market_before
from interlock.rehearsal.shrink import shrunk
from tests.zoo.bug import RAISES, SRC, Bug
from tests.zoo.bugs import BUGS
from tests.zoo.graft import graft

ROOT: Final = SRC.parent
PATIENCE_S: Final = 120  # of its own work, so that a busy machine lets no bug escape
AT_ONCE: Final = 2
NAMED: Final = re.compile(r"(I\d+): ")
FAILED: Final = "a test"
FAILS: Final = re.compile(r"^FAILED (\S+)", re.MULTILINE)
QUIET: Final = ("-q", "-x", "--assert=plain", "-p", "no:cacheprovider", "-p", "no:xdist")


@dataclass(frozen=True, slots=True)
class Found:
    """What became of one bug: at which seed it was caught (None: it was not, or by a test), who noticed, and what was said.

    `steps` are those of that seed's schedule, and those that were left when it was shrunk (None: nobody shrank it).
    """

    number: int
    caught: bool
    by: tuple[str, ...] = ()
    seed: int | None = None
    seeds: int = 0
    seconds: float = 0.0
    said: str = ""
    steps: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Hunted:
    """What a hunt came to."""

    found: tuple[Found, ...]
    seconds: float

    @property
    def escaped(self) -> tuple[Found, ...]:
        """The bugs that nobody caught, or not those who must."""
        return tuple(each for each in self.found if not each.caught)

    @property
    def median(self) -> float:
        """How many seeds it took, half of the time."""
        return statistics.median([each.seeds for each in self.found if each.seeds] or [0])


def hunt(
    bugs: Sequence[Bug] = BUGS,
    tell: Callable[[Found], None] | None = None,
    *,
    shrinks: bool = False,
) -> Hunted:
    """Hunts every one of these bugs; `shrinks` also makes the schedule of a caught one small."""
    began, found = time.monotonic(), []
    _warm()
    for each in _hunted(bugs, shrinks=shrinks):
        found.append(each)
        if tell is not None:
            tell(each)
    found.sort(key=lambda each: each.number)
    return Hunted(tuple(found), time.monotonic() - began)


def _warm() -> None:
    """What every child would do anew, and no bug may change."""
    quietly()
    for start in {script.start for script in SCRIPTS.values()}:
        for symbols in (1, 2, 3):
            market_before(start, symbols)


def _hunted(bugs: Sequence[Bug], *, shrinks: bool) -> Iterator[Found]:
    """Each in a child, so many at once; one that says nothing has escaped."""
    context = get_context("fork")
    running: dict[Connection, Bug] = {}
    for bug in (*bugs, *[None] * AT_ONCE):
        while running and (bug is None or len(running) >= AT_ONCE):
            for ended in wait(list(running)):
                assert isinstance(ended, Connection)
                yield _told(ended, running.pop(ended))
        if bug is not None:
            theirs, ours = context.Pipe(duplex=False)
            child = context.Process(target=_child, args=(bug, ours, shrinks))
            child.start()
            ours.close()
            running[theirs] = bug


def _told(ended: Connection, bug: Bug) -> Found:
    try:
        said: Found = ended.recv()
    except EOFError:
        said = Found(bug.number, caught=False, said="the hunt itself ended, or took too long")
    ended.close()
    return said


def _child(bug: Bug, told: Connection, shrinks: bool) -> None:  # noqa: FBT001 - a process has no keywords
    signal.setitimer(signal.ITIMER_PROF, PATIENCE_S)
    began = time.process_time()
    for name, text in bug.sources().items():
        graft(name, text)
    found = _by_test(bug, bug.hunted_by) if bug.hunted_by else _by_seeds(bug)
    found = replace(found, seconds=time.process_time() - began)
    signal.setitimer(signal.ITIMER_PROF, 0)
    told.send(replace(found, steps=_shrunk(bug, found)) if shrinks else found)


def _by_seeds(bug: Bug) -> Found:
    unrelated = ""
    for seed in range(bug.seeds):
        schedule = bug.ground.of(draw(seed))
        done = perform(schedule)
        wrong = list(done.violations)
        if "I16" in bug.caught_by and perform(schedule).trace != done.trace:
            wrong.append("I16: the same schedule gave two traces")
        by = noticed(wrong)
        if set(by) & set(bug.caught_by):
            is_alone = not bug.alone or by == bug.caught_by[:1]
            said = _first(wrong, bug.caught_by) if is_alone else f"not alone: {', '.join(by)}"
            return Found(bug.number, is_alone, by, seed, seed + 1, said=said)
        unrelated = unrelated or "".join(wrong[:1])
    said = f"unrelated: {unrelated}" if unrelated else "nobody noticed"
    return Found(bug.number, caught=False, seeds=bug.seeds, said=said)


def _shrunk(bug: Bug, found: Found) -> tuple[int, int] | None:
    """How many steps the schedule has that caught it, and how many are left; I16 alone compares two performances."""
    if found.seed is None or "I16" in found.by:
        return None
    schedule = bug.ground.of(draw(found.seed))

    def breaks(tried: Schedule) -> bool:
        return bool(set(noticed(perform(tried).violations)) & set(bug.caught_by))

    return schedule.size, shrunk(schedule, breaks).size


def noticed(violations: Sequence[str]) -> tuple[str, ...]:
    """Which invariants were violated, and whether it raised."""
    names = [m.group(1) for v in violations if (m := NAMED.match(v))]
    raised = [RAISES for v in violations if v.startswith("it raised")]
    return tuple(sorted({*names, *raised}, key=lambda n: (len(n), n)))


def _first(wrong: Sequence[str], wanted: Sequence[str]) -> str:
    return next(v for v in wrong if set(noticed([v])) & set(wanted))


def _by_test(bug: Bug, test: str) -> Found:
    os.chdir(ROOT)
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        ended = pytest.main([*QUIET, test])
    caught = ended == pytest.ExitCode.TESTS_FAILED
    told = FAILS.findall(said.getvalue()) if caught else [said.getvalue()[-300:]]
    by = (FAILED,) if caught else ()
    return Found(bug.number, caught, by, said=" ".join([pytest.ExitCode(ended).name, *told]))
