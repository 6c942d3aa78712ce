"""What a seed draws: first which kinds of fault exist at all and how often, then each of them, so that quiet backgrounds occur too.

A uniform little of everything would hide the bugs that need one fault and silence around it.
"""

from collections.abc import Callable, Mapping
from random import Random
from types import MappingProxyType
from typing import Any, Final

from interlock.rehearsal.perform import AFTER, BRIEF, SCRIPTS
from interlock.rehearsal.schedule import Act, Schedule
from interlock.rehearsal.script import PAIR, SYMBOL

CREATE: Final = "private/create-order"
STOP: Final = "private/advanced/create-order"
CANCELS: Final = (
    "private/cancel-order",
    "private/advanced/cancel-order",
    "private/advanced/cancel-oco",
)
ORDERS: Final = (CREATE, PAIR, STOP)
LOOKS: Final = (
    "private/get-order-detail",
    "private/advanced/get-order-detail",
    "private/get-open-orders",
    "private/advanced/get-open-orders",
    "private/get-order-history",
    "private/advanced/get-order-history",
    "private/get-trades",
    "private/user-balance",
)
ANY: Final = "*"
# Short scripts often, long ones seldom: a seed costs by what it lives through.
WEIGHTS: Final = {
    "bought": 40,
    "whole": 15,
    "left": 15,
    "heard to fire": 6,
    "by_stop": 8,
    "by_plan": 6,
    "lent": 6,
    "long": 2,
    "by_trail": 1,
    "sold": 1,
}
CRASH_RATES: Final = (0.0, 0.0, 0.01, 0.03, 0.08)
LIVES_MAX: Final = 12
CHAOS: Final = (45.0, 90.0, 180.0, 360.0)  # seconds, where nothing of the market is waited for
OFTEN: Final = (1, 1, 2, 4)  # how often a kind occurs that exists
# Shares of one: of shuffled seeds, of steps from the beginning, of those at a moment, and of faults that are counted.
SHUFFLED: Final = 0.8
AT_ONCE: Final = 0.3
AT_A_MOMENT: Final = 0.2
COUNTED: Final = 0.75
Steps = list[dict[str, Any]]


def draw(seed: int) -> Schedule:
    """The schedule of a seed."""
    chance = Random(seed)  # noqa: S311 - a seed must give the same choices
    name = _weighted(chance, WEIGHTS)
    most = SCRIPTS[name].hours * 3600 - AFTER.total_seconds()
    chaos = min(most, chance.choice(CHAOS)) if name in BRIEF else most
    steps = [
        step
        for kind in _some(chance, tuple(STEPS))
        for _ in range(chance.choice(OFTEN))
        for step in STEPS[kind](chance, chaos)
    ]
    acts = [
        act
        for kind in _some(chance, tuple(DOINGS))
        for _ in range(chance.choice(OFTEN))
        for act in DOINGS[kind](chance, chaos)
    ]
    return Schedule(
        script=name,
        seed=seed,
        shuffle=chance.random() < SHUFFLED,
        symbols=chance.choice((1, 1, 1, 2, 3)),
        chaos=chaos,
        deaths=_deaths(chance),
        steps=tuple(steps),
        acts=tuple(sorted(acts, key=lambda act: act.at)),
    )


def _weighted(chance: Random, weights: Mapping[str, int]) -> str:
    return chance.choices(tuple(weights), tuple(weights.values()))[0]


def _some(chance: Random, kinds: tuple[str, ...]) -> list[str]:
    """None of them, a few, or many."""
    share = chance.choice((0.0, 0.08, 0.2, 0.4))
    return [kind for kind in kinds if chance.random() < share]


def _deaths(chance: Random) -> tuple[int, ...]:
    """At each seam with one rate; a few lives die so, and the next may die while it recovers."""
    rate = chance.choice(CRASH_RATES)
    if not rate:
        return ()
    lives = chance.randint(1, LIVES_MAX)
    return tuple(min(2000, int(chance.expovariate(rate))) for _ in range(lives))


def _when(chance: Random, chaos: float) -> dict[str, Any]:
    """From the beginning, at a moment, or at a cue and so long after it."""
    how = chance.random()
    if how < AT_ONCE:
        return {}
    after = f"{chance.choice((0, 0, 1, 5, 20, 60))}s"
    if how < AT_ONCE + AT_A_MOMENT:
        return {"after": f"{chance.uniform(0, chaos):.3f}s"}
    on = chance.choice(("accept", "accept", "fill", CREATE, PAIR, "private/user-balance"))
    return {"on": on, "nth": chance.randint(1, 4), "after": after}


def _arm(
    fault: str, methods: tuple[str, ...], **more: tuple[object, ...]
) -> Callable[[Random, float], Steps]:
    """A kind that arms this fault for some requests, or for some time."""

    def kind(chance: Random, chaos: float) -> Steps:
        said: dict[str, Any] = {"fault": fault, "method": chance.choice(methods)}
        if chance.random() < COUNTED:
            said["count"] = chance.choice((1, 1, 1, 2, 3, 5))
        else:
            said["seconds"] = chance.choice((5, 20, 60, 180))
        said |= {name: chance.choice(values) for name, values in more.items()}
        return [{**_when(chance, chaos), "arm": said}]

    return kind


def _between(
    word: str, first: dict[str, Any], then: tuple[str, dict[str, Any]] | None
) -> Callable[[Random, float], Steps]:
    """A kind that does one word, and some time later another."""

    def kind(chance: Random, chaos: float) -> Steps:
        when = _when(chance, chaos)
        steps: Steps = [{**when, word: first}]
        if then is not None:
            later = float(str(when.get("after", "0s")).removesuffix("s")) + chance.choice(
                (5, 30, 120)
            )
            steps.append({**when, "after": f"{later:.3f}s", then[0]: then[1]})
        return steps

    return kind


def _stream(fault: str) -> Callable[[Random, float], Steps]:
    def kind(chance: Random, chaos: float) -> Steps:
        said: dict[str, Any] = {"fault": fault, "count": chance.randint(1, 5)}
        said["seconds"] = chance.choice((1.0, 5.0, 70.0))
        said["code"] = chance.choice((1000, 1006, 1013))
        return [{**_when(chance, chaos), "stream": said}]

    return kind


def _act(word: str, *amounts: float) -> Callable[[Random, float], list[Act]]:
    def kind(chance: Random, chaos: float) -> list[Act]:
        return [Act(round(chance.uniform(0, chaos), 3), word, chance.choice(amounts or (0.0,)))]

    return kind


EVERYWHERE: Final = (*ORDERS, *ORDERS, *CANCELS, *LOOKS, ANY)
STEPS: Final[Mapping[str, Callable[[Random, float], Steps]]] = MappingProxyType(
    {
        "lose_request": _arm("lose_request", EVERYWHERE),
        "lose_answer": _arm("lose_answer", EVERYWHERE),
        "hold_request": _arm("hold_request", EVERYWHERE),
        "hold_answer": _arm("hold_answer", EVERYWHERE),
        "cut_answer": _arm("cut_answer", EVERYWHERE),
        "http_502": _arm("http_502", EVERYWHERE),
        "http_502_before": _arm("http_502_before", EVERYWHERE),
        "accept_late": _arm("accept_late", (*ORDERS, *CANCELS), by_seconds=(1, 10, 30, 55)),
        "accept_late_502": _arm("accept_late_502", (*ORDERS, *CANCELS), by_seconds=(1, 10, 30, 55)),
        "refuse": _arm(
            "refuse", (*ORDERS, *CANCELS), code=(42901, 306, 315, 140001, 212, 50001, 40801)
        ),
        "too soon": _arm("refuse", EVERYWHERE, code=(42901,)),
        "refuse_after": _arm("refuse_after", (*ORDERS, *CANCELS), code=(50001, 40801, 204)),
        "maintenance": _arm("maintenance", (ANY,)),
        "fill_before_cancel": _arm("fill_before_cancel", CANCELS[:1]),
        "fill_after_cancel": _arm("fill_after_cancel", CANCELS[:1], by_seconds=(0, 5)),
        "lag": _arm("lag", LOOKS, by_seconds=(1, 3, 8, 30)),
        "clock_skew": _arm("clock_skew", (ANY,), by_seconds=(-90, -30, 30, 90)),
        "truncate": _arm("truncate", EVERYWHERE),
        "content_type": _arm("content_type", EVERYWHERE),
        "other_typing": _arm("other_typing", EVERYWHERE),
        "extra_field": _arm("extra_field", EVERYWHERE),
        "missing_field": _arm("missing_field", LOOKS),
        "unknown_status": _arm("unknown_status", LOOKS),
        "unknown_reason": _arm("unknown_reason", LOOKS),
        "restart": _between("restart", {"seconds": 20}, None),
        "revoked": _between("key", {"revoked": True}, ("key", {"revoked": False})),
        "read only": _between("key", {"permission": "read"}, ("key", {"permission": "trade"})),
        "removed": _between("allowlist", {"addresses": []}, ("allowlist", {"addresses": None})),
        "removed, 40103": _between(
            "allowlist", {"addresses": [], "code": 40103}, ("allowlist", {"addresses": None})
        ),
        "halt": _between("halt", {"symbol": SYMBOL}, ("resume", {"symbol": SYMBOL})),
        "thin": _between("thin", {"symbol": SYMBOL, "depth": "20"}, None),
        "freeze": _between("freeze", {}, ("thaw", {})),
        "drop": _stream("drop"),
        "duplicate": _stream("duplicate"),
        "delay": _stream("delay"),
        "reorder": _stream("reorder"),
        "close": _stream("close"),
        "silence": _stream("stall"),
    }
)
"""Kinds of things that are done to the exchange."""

DOINGS: Final[Mapping[str, Callable[[Random, float], list[Act]]]] = MappingProxyType(
    {
        "kill": _act("kill"),
        "pause": _act("pause"),
        "resume": _act("resume"),
        "leave": _act("leave"),
        "stall": _act("stall", 3, 30, 300),
        "clock": _act("clock", -3600, -60, -5, 5, 70, 3600),
        "rival": _act("rival"),
        "busy": _act("busy", 1, 3, 10),
        "hidden": _act("hidden", 1),
        "deaf": _act("deaf", 1, 5),
        "lossy": _act("lossy", 1, 3),
        "unheard": _act("unheard", 1, 5),
    }
)
"""Kinds of things that people and the platform's machine do."""
