"""Whether the host holds: nothing restarted or was killed for memory since the last audit, and there is room, time and breath.

Every metric must have been read: one that was not has failed. What is counted since the last audit is held against its baseline;
the first audit has none and counts from zero.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Final, TypeVar, cast

from interlock.evidence.proof import CheckRow, joined
from interlock.values import Unknown

STEP: Final = "stability_check"
MILLISECOND: Final = timedelta(milliseconds=1)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class StabilityLimits:
    """Shares in percent; the disk must be below its limit, free memory at least at its own, ages at most at theirs.

    So many more zombies than at the last audit are still no growth: one that dies while we look is one.
    """

    disk_pct: Decimal = Decimal(90)
    memory_free_pct: Decimal = Decimal(10)
    clock_offset: timedelta = timedelta(seconds=5)
    cycle_minutes: Decimal = Decimal(30)
    zombies_more: int = 5


@dataclass(frozen=True, slots=True)
class Life:
    """How often one service was restarted by its keeper, and whether its memory was taken from it."""

    restarts: int
    oom_killed: bool = False


@dataclass(frozen=True, slots=True)
class Baseline:
    """What the last audit saw."""

    lives: Mapping[str, Life] = field(default_factory=dict)
    zombies: int | None = None


@dataclass(frozen=True, slots=True)
class Metrics:
    """All that was read. `offset` is the exchange's clock less ours, `cycles` the age in minutes of each loop's last cycle.

    `undelivered` are the alerts that nobody heard.
    """

    lives: Mapping[str, Life] | Unknown
    disk_pct: Decimal | Unknown
    memory_free_pct: Decimal | Unknown
    zombies: int | Unknown
    offset: timedelta | Unknown
    cycles: Mapping[str, Decimal] | Unknown
    undelivered: int | Unknown
    baseline: Baseline | Unknown


def stability(seen: Metrics, limits: StabilityLimits) -> CheckRow:
    """One row over all metrics."""
    return joined(STEP, tuple(_rows(seen, limits)))


def cycles_of(health: Mapping[str, object]) -> Mapping[str, Decimal] | Unknown:
    """The ages of the engine's cycles, as the health report tells them; a loop that is not running has none."""
    ages = {
        "market_updater": _age(health, "market_updater", "last_heartbeat_age_minutes"),
        "signal_monitor": _age(health, "signal_monitor", "last_cycle_age_minutes"),
    }
    silent = [name for name, age in ages.items() if age is None]
    if silent:
        return Unknown(f"no cycle of {', '.join(silent)}")
    return {name: age for name, age in ages.items() if age is not None}


def _age(health: Mapping[str, object], part: str, key: str) -> Decimal | None:
    said = health.get(part)
    if not isinstance(said, Mapping) or said.get("is_running") is not True:
        return None
    age = said.get(key)
    return Decimal(age) if isinstance(age, int | Decimal) else None


def _rows(seen: Metrics, limits: StabilityLimits) -> Iterator[CheckRow]:
    yield _counted("deaths", seen.lives, seen.baseline, _deaths)
    yield _measured("disk_pct", seen.disk_pct, lambda found: found < limits.disk_pct)
    least = limits.memory_free_pct
    yield _measured("memory_free_pct", seen.memory_free_pct, lambda found: found >= least)
    offset = seen.offset
    seconds = offset if isinstance(offset, Unknown) else _seconds(abs(offset))
    yield _measured("clock_offset_s", seconds, lambda found: found < _seconds(limits.clock_offset))
    oldest = seen.cycles if isinstance(seen.cycles, Unknown) else max(seen.cycles.values())
    yield _measured("cycle_minutes", oldest, lambda found: found < limits.cycle_minutes)
    yield _counted("zombies", seen.zombies, seen.baseline, _grown(limits.zombies_more))
    yield _measured("undelivered_alerts", seen.undelivered, lambda found: found == 0)


def _measured(name: str, found: T | Unknown, holds: Callable[[T], bool]) -> CheckRow:
    if isinstance(found, Unknown):
        return CheckRow(name, passed=False, compared=0, found=f"unread: {found.why}")
    return CheckRow(name, passed=holds(found), compared=1, found=str(found))


def _counted(
    name: str,
    found: T | Unknown,
    baseline: Baseline | Unknown,
    since: Callable[[T, Baseline], Sequence[str]],
) -> CheckRow:
    """What happened since the baseline, which must be nothing."""
    for each in (found, baseline):
        if isinstance(each, Unknown):
            return CheckRow(name, passed=False, compared=0, found=f"unread: {each.why}")
    happened = since(cast("T", found), cast("Baseline", baseline))
    return CheckRow(name, not happened, 1, ", ".join(happened) or "none since the last audit")


def _deaths(lives: Mapping[str, Life], baseline: Baseline) -> list[str]:
    """A count that is lower than before is that of a new container: all of it is new."""
    told = []
    for name, life in sorted(lives.items()):
        before = baseline.lives.get(name, Life(0))
        restarts = life.restarts - before.restarts
        new = restarts if restarts >= 0 else life.restarts
        if new:
            told.append(f"{name} restarted {new} times")
        if life.oom_killed and (new or not before.oom_killed):
            told.append(f"{name} was killed for memory")
    return told


def _grown(more: int) -> Callable[[int, Baseline], list[str]]:
    def since(zombies: int, baseline: Baseline) -> list[str]:
        before = baseline.zombies
        is_more = before is not None and zombies > before + more
        return [f"{zombies}, and {before} before"] if is_more else []

    return since


def _seconds(span: timedelta) -> Decimal:
    return Decimal(span // MILLISECOND) / 1000
