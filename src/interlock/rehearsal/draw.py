"""What a seed draws: first which kinds of fault exist at all and how often, then each of them, so that quiet backgrounds occur too.

A uniform little of everything would hide the bugs that need one fault and silence around it.
"""

from random import Random
from typing import Final

from interlock.rehearsal.kinds import DOINGS, STEPS, Stage, gone, hides_the_opening
from interlock.rehearsal.perform import AFTER, BRIEF, SCRIPTS
from interlock.rehearsal.plots import PLOTS
from interlock.rehearsal.schedule import Schedule

# Short scripts often, long ones seldom: a seed costs by what it lives through. Each is listened to as often as not.
WEIGHTS: Final = {
    "bought": 50,
    "whole": 15,
    "midnight": 10,
    "left": 7,
    "by_stop": 2.5,
    "by_plan": 2,
    "lent": 3.5,
    "long": 2,
    "by_trail": 0.8,
    "sold": 0.6,
    "away": 1.4,
}
HEARD: Final = 0.6
CRASH_RATES: Final = (0.0, 0.0, 0.0, 0.003, 0.01, 0.03, 0.08)
LIVES: Final = (1, 1, 2, 3, 5, 10)
CHAOS: Final = (45.0, 90.0, 180.0, 360.0)  # seconds, where nothing of the market is waited for
OFTEN: Final = (1, 1, 2, 4)  # how often a kind occurs that exists
# Shares of one: of shuffled seeds, and of seeds with a plot.
SHUT_OUT_S: Final = 60.0  # our clock is so far off that nothing is shown to us: what somebody else did is booked long after
SHUFFLED: Final = 0.8
PLOTTED: Final = 0.75


def draw(seed: int) -> Schedule:
    """The schedule of a seed."""
    chance = Random(seed)  # noqa: S311 - a seed must give the same choices
    stage = _stage(chance)
    steps = [
        step
        for kind in _some(chance, tuple(STEPS))
        for _ in range(chance.choice(OFTEN))
        for step in STEPS[kind](chance, stage)
    ]
    acts = [
        act
        for kind in _some(chance, tuple(DOINGS))
        for _ in range(chance.choice(OFTEN))
        for act in DOINGS[kind](chance, stage)
    ]
    if chance.random() < PLOTTED:
        plot = PLOTS[chance.choice(tuple(PLOTS))](chance, stage)
        steps, acts = [*plot[0], *steps], [*plot[1], *acts]
    if stage.script.startswith("away"):
        acts = gone(chance, stage)
    if any("transfer" in step for step in steps):
        steps = [step for step in steps if not hides_the_opening(step)]
    if any("transfer" in step or "hand" in step for step in steps):
        acts = [act for act in acts if abs(act.by) < SHUT_OUT_S or act.do != "clock"]
    return Schedule(
        script=stage.script,
        seed=seed,
        shuffle=chance.random() < SHUFFLED,
        symbols=stage.symbols,
        chaos=stage.chaos,
        deaths=_deaths(chance),
        steps=tuple(steps),
        acts=tuple(sorted(acts, key=lambda act: act.at)),
    )


def _stage(chance: Random) -> Stage:
    name = chance.choices(tuple(WEIGHTS), tuple(WEIGHTS.values()))[0]
    if chance.random() < HEARD:
        name = f"{name}, heard"
    most = SCRIPTS[name].hours * 3600 - AFTER.total_seconds()
    chaos = min(most, chance.choice(CHAOS)) if name in BRIEF else most
    return Stage(name, chaos, chance.choice((1, 1, 2, 3)))


def _some(chance: Random, kinds: tuple[str, ...]) -> list[str]:
    """None of them, a few, or many."""
    share = chance.choice((0.0, 0.04, 0.1, 0.3))
    return [kind for kind in kinds if chance.random() < share]


def _deaths(chance: Random) -> tuple[int, ...]:
    """At each seam with one rate; a few lives die so, and the next may die while it recovers."""
    rate = chance.choice(CRASH_RATES)
    if not rate:
        return ()
    lives = chance.choice(LIVES)
    return tuple(min(2000, int(chance.expovariate(rate))) for _ in range(lives))
