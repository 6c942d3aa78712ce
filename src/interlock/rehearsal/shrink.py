"""A schedule that breaks a promise made small: everything that can be left out without mending it is left out.

First halves, then smaller parts, then single things, until nothing more can go (delta debugging); then what is left is made plainer.
"""

from collections.abc import Callable, Iterator

import msgspec

from interlock.errors import BadInput
from interlock.rehearsal.perform import perform
from interlock.rehearsal.schedule import Place, Schedule, places, without

KIND = 12  # so many first characters of a violation say of what kind it is
Breaks = Callable[[Schedule], bool]


def shrunk(schedule: Schedule, breaks: Breaks | None = None) -> Schedule:
    """The smallest schedule found that still breaks the same promise; itself when it breaks none."""
    still = breaks or _same(schedule)
    if still is None:
        return schedule
    small = _fewer(schedule, still)
    for plainer in _plainer(small):
        if still(plainer):
            small = plainer
    return _fewer(small, still)


def _same(schedule: Schedule) -> Breaks | None:
    found = perform(schedule).violations
    if not found:
        return None
    kind = found[0][:KIND]

    def breaks(other: Schedule) -> bool:
        try:
            return any(each[:KIND] == kind for each in perform(other).violations)
        except BadInput:  # a step that names what was left out
            return False

    return breaks


def _fewer(schedule: Schedule, still: Breaks) -> Schedule:
    """Leaves out ever smaller parts; begins anew whenever one could go."""
    size = max(1, schedule.size // 2)
    while True:
        for gone in _parts(places(schedule), size):
            tried = without(schedule, gone)
            if still(tried):
                schedule = tried
                break
        else:
            if size == 1:
                return schedule
            size = max(1, size // 2)


def _parts(every: tuple[Place, ...], size: int) -> Iterator[tuple[Place, ...]]:
    """The last ones first: what comes later depends on what came before."""
    for end in range(len(every), 0, -size):
        yield every[max(0, end - size) : end]


def _plainer(schedule: Schedule) -> Iterator[Schedule]:
    yield msgspec.structs.replace(schedule, shuffle=False)
    yield msgspec.structs.replace(schedule, symbols=1)
    yield msgspec.structs.replace(schedule, symbols=1, shuffle=False)
