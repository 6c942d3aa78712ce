"""Many seeds performed on every core: how many, how fast, what was wrong, and which faults took effect how often."""

import gc
import hashlib
import logging
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context
from typing import Final

import structlog

from interlock.rehearsal.draw import draw
from interlock.rehearsal.marks import must_be_covered
from interlock.rehearsal.perform import Performance, perform

# Of Python's collector: a seed makes tens of thousands of things, and leaves next to nothing.
NEW_THINGS_MAX: Final = 50_000


@dataclass(frozen=True, slots=True)
class Wrong:
    """A seed that broke a promise."""

    seed: int
    violations: tuple[str, ...]


@dataclass(slots=True)
class Rehearsed:
    """What some seeds came to. `digest` is over the trace of every seed in order: equal wherever they run."""

    seeds: int = 0
    lives: int = 0
    seams: int = 0
    virtual_s: float = 0.0
    seconds: float = 0.0
    wrong: list[Wrong] = field(default_factory=list)
    marks: Counter[str] = field(default_factory=Counter)
    digest: str = ""

    @property
    def uncovered(self) -> list[str]:
        """Which faults struck less often than a run of this length must show; nothing where it is a short one."""
        return must_be_covered(self.seeds, self.marks)


def quietly() -> None:
    """The platform's log lines are not what a rehearsal is about."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))


def rehearse(
    first: int, count: int, processes: int, tell: Callable[[Rehearsed], None] | None = None
) -> Rehearsed:
    """Performs `count` seeds from `first` on; `tell` hears of the progress."""
    done, whole, began = Rehearsed(), hashlib.sha256(), time.monotonic()
    for seed, one in _performed(first, count, processes):
        done.seeds += 1
        done.lives += one.lives
        done.seams += one.seams
        done.virtual_s += one.virtual_s
        done.seconds = time.monotonic() - began
        done.marks.update(one.marks)
        whole.update(one.trace.encode())
        if one.violations:
            done.wrong.append(Wrong(seed, one.violations))
        if tell is not None:
            tell(done)
    done.digest = whole.hexdigest()
    return done


def _performed(first: int, count: int, processes: int) -> Iterator[tuple[int, Performance]]:
    seeds = range(first, first + count)
    if processes == 1:
        usual = gc.get_threshold()
        _prepare()
        try:
            yield from ((seed, _of(seed)) for seed in seeds)
        finally:
            gc.unfreeze()
            gc.set_threshold(*usual)
        return
    context = get_context("forkserver")
    with ProcessPoolExecutor(processes, mp_context=context, initializer=_prepare) as pool:
        yield from zip(seeds, pool.map(_of, seeds, chunksize=20), strict=True)


def _prepare() -> None:
    """A process that performs seeds: what is there already is not looked through again and again for what is left over."""
    quietly()
    gc.freeze()
    gc.set_threshold(NEW_THINGS_MAX)


def _of(seed: int) -> Performance:
    return perform(draw(seed))
