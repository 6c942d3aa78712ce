"""One schedule performed: chaos until it heals, ten minutes in which everything must come to rest, and the judge.

A raised error, a livelock and a deadlock are violations like any other: what a schedule leaves behind is always a `Performance`.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from interlock.errors import BadInput
from interlock.rehearsal import reading
from interlock.rehearsal.acts import ACTS, enlist, machine_of, messenger_of
from interlock.rehearsal.counting import Counting
from interlock.rehearsal.judge import at_rest, frozen, unbooked, undisturbed, violations
from interlock.rehearsal.light import Light
from interlock.rehearsal.machine import HostileMachine, Messenger
from interlock.rehearsal.schedule import Schedule
from interlock.rehearsal.script import (
    AWAY,
    BOUGHT,
    BY_PLAN,
    BY_STOP,
    BY_TRAIL,
    LEFT,
    LENT,
    LONG,
    MIDNIGHT,
    SOLD,
    WHOLE,
    Script,
    listening,
    market_before,
    stage,
)
from interlock.rehearsal.world import World
from interlock.simulator.config import Permission
from interlock.simulator.scenes.play import Play
from interlock.simulator.scenes.words import Stage

ASKED: Final = (BOUGHT, WHOLE, LEFT, LONG, SOLD, LENT, BY_STOP, BY_PLAN, BY_TRAIL, MIDNIGHT, AWAY)
LISTENED: Final = tuple(listening(each) for each in ASKED)
SCRIPTS: Final = {each.name: each for each in (*ASKED, *LISTENED)}
# Nothing of the market is waited for in these: they are over when everything had the time to come to rest.
BRIEF: Final = frozenset(
    each.name for one in (BOUGHT, WHOLE, MIDNIGHT) for each in (one, listening(one))
)
REST: Final = timedelta(minutes=10)
STEPS_MAX: Final = 200_000  # seven times what the longest of them takes: beyond is a livelock
BACKSTOP: Final = timedelta(minutes=1)
LOOK_EVERY: Final = timedelta(seconds=30)
AFTER: Final = timedelta(minutes=12)
"""How long a script goes on after it has healed, at most."""
STILL: Final = timedelta(minutes=3)
"""How long everything must have been at rest, while every pass comes round each minute, until nothing more is waited for."""
STRANGERS: Final = timedelta(minutes=50)
"""And where somebody else traded or moved money: the next reconciliation books it, at the latest in the middle of the next bar."""


Tell = Callable[[int, float, str], None]


@dataclass(frozen=True, slots=True)
class Performance:
    """What a schedule left behind: the hash of its trace, how it went, what was wrong, and which faults really took effect."""

    trace: str
    lives: int
    seams: int
    virtual_s: float
    violations: tuple[str, ...]
    marks: dict[str, int]


@dataclass(slots=True)
class Healing:
    """The end of chaos: since when, and how long it took until everything was at rest."""

    world: World
    play: Play | None
    ours_alone: bool = True
    left: list[str] = field(default_factory=list)
    has_rested: bool = False
    _still: timedelta = timedelta()

    def begin(self) -> None:
        """Every fault is off, everybody is well."""
        world, engine = self.world, self.world.engine
        world.catch_up()
        world.go_on(AFTER if self.ours_alone else STRANGERS)
        if self.play is not None:
            self.play.end()
        engine.faults.disarm(None, engine.now)
        engine.access.allow(None, None, None)
        engine.access.change(revoked=False, permission=Permission.TRADE, name=None)
        engine.floor.heal(engine.now)
        engine.margin_call(on=False)
        world.sockets.refuses = world.sockets.mute = 0
        world.up.set()
        world.seams.heal()
        machine_of(world).heal()
        messenger_of(world).heal()
        self._look(timedelta())
        for minute in range(AFTER // BACKSTOP):
            world.loop.call_later(minute * BACKSTOP.total_seconds(), self._come_round)

    def _come_round(self) -> None:
        """Every pass comes round once a minute: the least of what its backstop does for it where time is real."""
        world = self.world
        if world.desk is not None and world.clock is not None:
            for one in world.desk.passes:
                world.clock.nudge(one.name).set()

    def _look(self, since: timedelta) -> None:
        """Whether everything is at rest; when it has been for long enough, and nothing is owed to the books, it is over."""
        left = [*at_rest(self.world), *([] if self.ours_alone else frozen(self.world))]
        if since <= REST:
            self.left, self.has_rested = left, self.has_rested or not left
        self._still = timedelta() if left else self._still + LOOK_EVERY
        if self._still > STILL and not unbooked(self.world):
            self.world.end()
        elif since < (REST if self.ours_alone else STRANGERS):
            again = since + LOOK_EVERY
            self.world.loop.call_later(LOOK_EVERY.total_seconds(), self._look, again)

    def violations(self) -> list[str]:
        """What did not come to rest in time."""
        if self.has_rested:
            return []
        return [
            f"I17: ten minutes after the last fault {each.removeprefix('I17: ')}"
            for each in self.left
        ]


def perform(schedule: Schedule, tell: Tell | None = None) -> Performance:
    """Plays one schedule and judges it; `tell` hears of every seam: its number, the virtual second, its name."""
    world = staged(schedule)
    counting = world.onlooker = Counting(world)
    if tell is not None:
        world.seams.tell = lambda number, seam: tell(number, world.loop.time(), seam)
    light = Light(world)
    light.begin()
    play = _play(schedule, world)
    strangers = any(word in step for step in schedule.steps for word in ("hand", "transfer"))
    healing = Healing(world, play, ours_alone=not strangers)
    heals = chaos_of(schedule)
    for act in schedule.acts:
        if act.at < heals:
            enlist(world, act, counting.does)
    world.loop.call_later(heals, healing.begin)
    trace, raised = "", []
    try:
        trace = world.run()
    except Exception as error:  # noqa: BLE001 - whatever a seed raises is what it found
        raised = [f"it raised {type(error).__name__}: {_last(error)}"]
    if raised:
        wrong = [*raised, *world.watcher.violations()]
    else:
        calm = [] if schedule.size else undisturbed(world)
        wrong = [*healing.violations(), *violations(world), *light.violations(), *calm]
    marks = marks_of(world, counting, play)
    lived = world.loop.time()
    return Performance(trace, world.lives, world.seams.count, lived, tuple(wrong), marks)


def staged(schedule: Schedule) -> World:
    """The world in which a schedule is about to be performed, with nothing armed yet."""
    for act in schedule.acts:
        if act.do not in ACTS:
            raise BadInput(f"Nobody does {act.do!r}; there are {', '.join(ACTS)}.")
    script = script_of(schedule)
    world = stage(script, schedule.seed, symbols=schedule.symbols)
    world.market = market_before(script.start, schedule.symbols).copied()
    if script.name in BRIEF:
        world.lasts = timedelta(seconds=chaos_of(schedule)) + AFTER
    world.loop.shuffle = schedule.shuffle
    world.loop.steps_max = STEPS_MAX
    world.seams.lifetimes = schedule.deaths
    world.machine = machine = HostileMachine(world.seams)
    world.notifier = Messenger()
    if world.ground is not None:
        world.ground.tear = machine.tear
    return world


def chaos_of(schedule: Schedule) -> float:
    """After how many seconds everything heals: early enough for what follows."""
    most = script_of(schedule).hours * 3600 - AFTER.total_seconds()
    return most if schedule.chaos is None else min(most, schedule.chaos)


def script_of(schedule: Schedule) -> Script:
    """The script that a schedule names."""
    found = SCRIPTS.get(schedule.script)
    if found is None:
        raise BadInput(f"There is no script {schedule.script!r}; there are {', '.join(SCRIPTS)}.")
    return found


def marks_of(world: World, counting: Counting, play: Play | None) -> dict[str, int]:
    """Which faults took effect, and how often: by their id, and by their names in the simulator."""
    played = play.row()["steps"] if play is not None else []
    counts = Counter(world.engine.faults.fired | world.sockets.audience.faults.fired)
    counts.update(counting.counts)
    for name, often in reading.marks(
        reading.Left(world, played, counting.downs, sorted(counting.late))
    ):
        counts[name] += often
    return {name: often for name, often in counts.items() if often}


def _play(schedule: Schedule, world: World) -> Play | None:
    if not schedule.steps:
        return None
    stage_of = Stage(world.engine, world.sockets.audience, world.sockets.cut_all)
    return Play(schedule.scene(), stage_of)


def _last(error: BaseException) -> str:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return f"{type(error).__name__} {error}"[:300]
