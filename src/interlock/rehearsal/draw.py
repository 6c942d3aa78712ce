"""What a seed draws: first which kinds of fault exist at all and how often, then each of them, so that quiet backgrounds occur too.

A uniform little of everything would hide the bugs that need one fault and silence around it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random
from types import MappingProxyType
from typing import Any, Final

from interlock.rehearsal.perform import AFTER, BRIEF, SCRIPTS
from interlock.rehearsal.reading import BOT
from interlock.rehearsal.schedule import Act, Schedule
from interlock.rehearsal.script import ALIKE, PAIR, SYMBOL

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
# Short scripts often, long ones seldom: a seed costs by what it lives through. Each is listened to as often as not.
WEIGHTS: Final = {
    "bought": 42,
    "whole": 14,
    "midnight": 10,
    "left": 18,
    "by_stop": 6,
    "by_plan": 5,
    "lent": 6,
    "long": 2,
    "by_trail": 1,
    "sold": 1,
    "away": 2,
}
HEARD: Final = 0.6
# Where a person may trade by hand or move money: nobody of ours asked for it, so it is the next reconciliation that books it.
WITH_HANDS: Final = frozenset({"long", "by_stop", "sold", "by_trail"})
UNTIL_RECONCILED_S: Final = 3000.0
CRASH_RATES: Final = (0.0, 0.0, 0.0, 0.003, 0.01, 0.03, 0.08)
LIVES: Final = (1, 1, 2, 3, 5, 10)
CHAOS: Final = (45.0, 90.0, 180.0, 360.0)  # seconds, where nothing of the market is waited for
OFTEN: Final = (1, 1, 2, 4)  # how often a kind occurs that exists
# Shares of one: of seeds with a plot, of shuffled ones, of steps from the beginning, of those at a moment, of faults that are counted, of acts at a seam,
# and of acts around the entry.
SHUFFLED: Final = 0.8
AT_ONCE: Final = 0.35
AT_A_MOMENT: Final = 0.15
COUNTED: Final = 0.75
PLOTTED: Final = 0.6
AT_A_SEAM: Final = 0.4
AROUND_THE_ENTRY: Final = 0.3
ENTRY_S: Final = (9.0, 16.0)
SEAMS: Final = (
    "books.rule begins",
    "books.rule is done",
    "books.may_send is done",
    f"send {CREATE}",
    f"sent {CREATE}",
    f"answered {CREATE}",
    f"send {PAIR}",
    f"sent {PAIR}",
    f"answered {PAIR}",
    "books.answered begins",
    "books.answered is done",
    "books.learn begins",
    "books.learn is done",
    "books.cancel_attempt is done",
    "answered private/get-trades",
    "hear a frame",
    "dialled",
    "say begins",
    "say is done",
)
"""Where an act can be most awkward."""

Steps = list[dict[str, Any]]
Acts = list[Act]


@dataclass(frozen=True, slots=True)
class Stage:
    """What is drawn for: a script, how long its chaos lasts, and how many symbols are bought."""

    script: str
    chaos: float
    symbols: int

    @property
    def has_hands(self) -> bool:
        """Whether a person may trade by hand meanwhile."""
        return self.script.removesuffix(", heard") in WITH_HANDS


StepsOf = Callable[[Random, Stage], Steps]
ActsOf = Callable[[Random, Stage], Acts]


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
        acts = _gone(chance, stage)
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


# -- what is done to the exchange


def _when(chance: Random, stage: Stage) -> dict[str, Any]:
    """From the beginning, at a moment, or at a cue and so long after it."""
    how = chance.random()
    if how < AT_ONCE:
        return {}
    after = f"{chance.choice((0, 0, 1, 5, 20, 60))}s"
    if how < AT_ONCE + AT_A_MOMENT:
        return {"after": f"{chance.uniform(0, stage.chaos):.3f}s"}
    on = chance.choice(("accept", "accept", "fill", CREATE, PAIR, "private/user-balance"))
    return {"on": on, "nth": chance.randint(1, 4), "after": after}


def _symbol(chance: Random, stage: Stage) -> str:
    return chance.choice((SYMBOL, *ALIKE)[: stage.symbols])


def _arm(fault: str, methods: tuple[str, ...], **more: tuple[object, ...]) -> StepsOf:
    """A kind that arms this fault for some requests, or for some time."""

    def kind(chance: Random, stage: Stage) -> Steps:
        said: dict[str, Any] = {"fault": fault, "method": chance.choice(methods)}
        if chance.random() < COUNTED:
            said["count"] = chance.choice((1, 1, 1, 2, 3, 5))
        else:
            said["seconds"] = chance.choice((5, 20, 60, 180))
        said |= {name: chance.choice(values) for name, values in more.items()}
        return [{**_when(chance, stage), "arm": said}]

    return kind


def _between(word: str, first: dict[str, Any], then: tuple[str, dict[str, Any]] | None) -> StepsOf:
    """A kind that does one word, and some time later another."""

    def kind(chance: Random, stage: Stage) -> Steps:
        when = _when(chance, stage)
        steps: Steps = [{**when, word: first}]
        if then is not None:
            later = float(str(when.get("after", "0s")).removesuffix("s")) + chance.choice(
                (5, 30, 120)
            )
            steps.append({**when, "after": f"{later:.3f}s", then[0]: then[1]})
        return steps

    return kind


def _to_one(word: str, back: str | None = None, **more: tuple[object, ...]) -> StepsOf:
    """A kind that does a word to one market that is bought, and perhaps takes it back."""

    def kind(chance: Random, stage: Stage) -> Steps:
        symbol = {"symbol": _symbol(chance, stage)}
        said = symbol | {name: chance.choice(values) for name, values in more.items()}
        then = None if back is None else (back, symbol)
        return _between(word, said, then)(chance, stage)

    return kind


def _stream(fault: str) -> StepsOf:
    def kind(chance: Random, stage: Stage) -> Steps:
        said: dict[str, Any] = {"fault": fault, "count": chance.randint(1, 5)}
        said["seconds"] = chance.choice((1.0, 5.0, 70.0))
        said["code"] = chance.choice((1000, 1006, 1013))
        return [{**_when(chance, stage), "stream": said}]

    return kind


def _booked_in_time(chance: Random, stage: Stage) -> dict[str, Any]:
    return {"after": f"{chance.uniform(0, stage.chaos - UNTIL_RECONCILED_S):.3f}s"}


def _hand(chance: Random, stage: Stage) -> Steps:
    """A person, or another program with our key, buys on the same account."""
    if not stage.has_hands:
        return []
    params = {
        "instrument_name": SYMBOL,
        "side": "BUY",
        "type": "MARKET",
        "quantity": chance.choice(("20", "50")),
    }
    if chance.random() < 0.5:  # noqa: PLR2004 - half of them
        params["client_oid"] = f"{BOT}{chance.randint(1, 10**6)}"
    return [{**_booked_in_time(chance, stage), "hand": {"method": CREATE, "params": params}}]


def _transfer(*amounts: str) -> StepsOf:
    def kind(chance: Random, stage: Stage) -> Steps:
        said = {"currency": "USDT", "amount": chance.choice(amounts)}
        when = _booked_in_time(chance, stage) if stage.has_hands else {}
        return [{**when, "transfer": said}]

    return kind


EVERYWHERE: Final = (*ORDERS, *ORDERS, *CANCELS, *LOOKS, ANY)
STEPS: Final[Mapping[str, StepsOf]] = MappingProxyType(
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
        "reject_later": _arm("reject_later", (CREATE, STOP), code=(306, 315, 43004)),
        "refuse a create": _arm("refuse", (CREATE,), code=(306, 308, 213, 609, 204, 50001, 40801)),
        "refuse a cancel": _arm("refuse", CANCELS, code=(212, 316, 50001, 42901)),
        "too soon": _arm("refuse", EVERYWHERE, code=(42901,)),
        "refuse_after": _arm("refuse_after", (*ORDERS, *CANCELS), code=(50001, 40801, 204)),
        "maintenance": _arm("maintenance", (ANY,)),
        "fill_before_cancel": _arm("fill_before_cancel", CANCELS[:2]),
        "fill_after_cancel": _arm("fill_after_cancel", CANCELS[:2], by_seconds=(0, 5)),
        "lag": _arm("lag", (*LOOKS, ANY), by_seconds=(1, 3, 8, 30)),
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
        "halt": _to_one("halt", "resume"),
        "thin": _to_one("thin", depth=("0", "20", "60")),
        "grid": _to_one("grid", tick=("0.0002", "0.001"), lot=("10", "1000")),
        "gap": _to_one("gap", factor=("0.1", "0.5", "2", "10")),
        "freeze": _between("freeze", {}, ("thaw", {})),
        "freeze one": _to_one("freeze", "thaw"),
        "margin call": _between("margin_call", {"on": True}, ("margin_call", {"on": False})),
        "money comes": _transfer("500"),
        "money goes": _transfer("-500", "-9000", "-9880"),
        "by hand": _hand,
        "drop": _stream("drop"),
        "duplicate": _stream("duplicate"),
        "delay": _stream("delay"),
        "reorder": _stream("reorder"),
        "close": _stream("close"),
        "silence": _stream("stall"),
    }
)
"""Kinds of things that are done to the exchange."""


# -- what people and the machine do


def _moment(chance: Random, stage: Stage) -> dict[str, Any]:
    """At a seam, around the entry, or at any moment."""
    how = chance.random()
    if how < AT_A_SEAM:
        return {"at": 0.0, "on": chance.choice(SEAMS), "nth": chance.choice((1, 1, 2, 3, 5))}
    first, last = ENTRY_S if how < AT_A_SEAM + AROUND_THE_ENTRY else (0.0, stage.chaos)
    return {"at": round(chance.uniform(first, min(last, stage.chaos)), 3)}


def _act(word: str, *amounts: float) -> ActsOf:
    def kind(chance: Random, stage: Stage) -> Acts:
        return [Act(do=word, by=chance.choice(amounts or (0.0,)), **_moment(chance, stage))]

    return kind


def _killed_and_dead(chance: Random, stage: Stage) -> Acts:
    """The kill switch is thrown and the process dies in the same moment, in either order."""
    when = _moment(chance, stage)
    pair = [Act(do="kill", **when), Act(do="down", by=chance.choice((0.0, 5.0, 60.0)), **when)]
    chance.shuffle(pair)
    return pair


def _over_the_close(chance: Random, stage: Stage) -> Acts:
    """The process is down while the bar closes, for longer or shorter than its data stay fresh."""
    del stage
    return [Act(round(chance.uniform(0, 9.9), 3), "down", chance.choice((5.0, 60.0, 150.0, 240.0)))]


def _gone(chance: Random, stage: Stage) -> Acts:
    """The process is down for more than a week, from soon after the entry on."""
    begin = round(chance.uniform(8, 60), 3)
    return [Act(begin, "down", round(stage.chaos - begin - chance.uniform(60, 1200), 3))]


DOINGS: Final[Mapping[str, ActsOf]] = MappingProxyType(
    {
        "kill": _act("kill"),
        "pause": _act("pause"),
        "resume": _act("resume"),
        "leave": _act("leave"),
        "lower": _act("lower", 0, 1),
        "down": _act("down", 5, 40, 150),
        "down over the close": _over_the_close,
        "killed and dead": _killed_and_dead,
        "rotate": _act("rotate"),
        "stall": _act("stall", 3, 30, 300),
        "clock": _act("clock", -60, -5, 5, 70),
        "an hour off": _act("clock", 3600, 3600, -3600),
        "still": _act("still", 1, 20, 120),
        "rival": _act("rival"),
        "busy": _act("busy", 1, 3, 10),
        "hidden": _act("hidden", 1),
        "torn": _act("torn", 1, 2, 3, 5),
        "unplugged": _act("unplugged", 1, 3, 10),
        "deaf": _act("deaf", 1, 5),
        "lossy": _act("lossy", 1, 3),
        "hurried": _act("hurried", 1, 3),
        "unheard": _act("unheard", 1, 5),
        "mute": _act("mute", 1, 2, 4),
        "garbage": _act("garbage"),
    }
)
"""Kinds of things that people and the platform's machine do."""


# -- plots: what must come together to strike at all


AT_ORDERS: Final[Mapping[str, tuple[object, ...]]] = MappingProxyType(
    {
        "lose_request": (),
        "lose_answer": (),
        "hold_answer": (),
        "cut_answer": (),
        "truncate": (),
        "content_type": (),
        "other_typing": (),
        "http_502": (),
        "http_502_before": (),
        "accept_late": (),
        "accept_late_502": (),
        "refuse_after": (50001, 40801, 204),
        "refuse": (306, 308, 213, 609, 204, 50001, 40801, 42901),
        "reject_later": (306, 315),
    }
)
"""What may become of a request that acts, and with which codes."""


def _arms(chance: Random, methods: tuple[str, ...], count: int) -> dict[str, Any]:
    """One of those, for the next requests of one method."""
    fault = chance.choice(tuple(AT_ORDERS))
    said: dict[str, Any] = {"fault": fault, "method": chance.choice(methods), "count": count}
    if AT_ORDERS[fault]:
        said["code"] = chance.choice(AT_ORDERS[fault])
    if fault.startswith("accept_late"):
        said["by_seconds"] = chance.choice((1, 10, 30, 55))
    return {"arm": said}


def _an_order_goes_wrong(chance: Random, stage: Stage) -> tuple[Steps, Acts]:
    del stage
    return [_arms(chance, (CREATE, CREATE, PAIR, STOP), chance.choice((1, 1, 2, 5)))], []


def _a_cancel_goes_wrong(chance: Random, stage: Stage) -> tuple[Steps, Acts]:
    """Everything is to be sold, and the cancel of the pair meets something, or finds nothing."""
    first = _arms(chance, CANCELS[2:], chance.choice((1, 2)))
    if chance.random() < COUNTED / 2:
        code = chance.choice((212, 316))
        first = {"arm": {"fault": "refuse", "method": CANCELS[2], "count": 1, "code": code}}
    return [first], [_left(chance, stage)]


def _a_lone_stop_is_cancelled(chance: Random, stage: Stage) -> tuple[Steps, Acts]:
    """No pair is taken; the stop alone is cancelled for a sale, and the market is faster."""
    alone = {"arm": {"fault": "refuse", "method": PAIR, "count": 9, "code": 140001}}
    fault = chance.choice(("fill_before_cancel", "fill_after_cancel", "lose_answer"))
    faster = {"arm": {"fault": fault, "method": CANCELS[1], "count": chance.choice((1, 2))}}
    return [alone, faster], [_left(chance, stage)]


def _unseen_and_lost(chance: Random, stage: Stage) -> tuple[Steps, Acts]:
    """An order is accepted, its answer is lost, and for some time nobody is shown it: it is asked for again."""
    del stage
    lost = {"fault": "lose_answer", "method": chance.choice((PAIR, PAIR, STOP, CREATE)), "count": 1}
    lag = {"fault": "lag", "method": ANY, "seconds": 60, "by_seconds": chance.choice((8, 30))}
    on = {"on": "private/user-balance"} if lost["method"] == CREATE else {"on": "accept"}
    return [{"arm": lost}, {**on, "arm": lag}], []


def _dead_at_a_seam(chance: Random, stage: Stage) -> tuple[Steps, Acts]:
    """The process dies exactly there, once or several times, or within the transaction that begins there."""
    seams = chance.sample(SEAMS, chance.choice((1, 1, 2, 3)))
    acts = [Act(0.0, "down", on=seam, nth=chance.choice((1, 1, 2))) for seam in seams]
    if chance.random() < AT_A_SEAM:
        within = chance.choice(("books.rule begins", "books.learn begins"))
        acts = [Act(0.0, "torn", 1.0, on=within, nth=chance.choice((1, 1, 2, 3)))]
    leaves = [_left(chance, stage)] if chance.random() < AT_A_SEAM else []
    return [], [*acts, *leaves]


def _switched_meanwhile(chance: Random, stage: Stage) -> tuple[Steps, Acts]:
    """The owner decides otherwise while a request is on its way."""
    del stage
    word = chance.choice(("kill", "kill", "pause", "lower", "rotate", "leave"))
    on = chance.choice(("books.rule is done", f"send {CREATE}", f"sent {CREATE}", f"sent {PAIR}"))
    return [], [Act(0.0, word, on=on, nth=chance.choice((1, 1, 2)))]


def _no_right_to_act(chance: Random, stage: Stage) -> tuple[Steps, Acts]:
    """The key may only look, from the beginning or from the entry on; the wallet is read all the same."""
    del stage
    when: dict[str, Any] = chance.choice(({}, {"on": "accept"}))
    until = {"after": f"{chance.choice((20, 60))}s"}
    return [
        {**when, "key": {"permission": "read"}},
        {**when, **until, "key": {"permission": "trade"}},
    ], []


def _little_money(chance: Random, stage: Stage) -> tuple[Steps, Acts]:
    """What one buys, another lacks; or the money goes after the wallet was read."""
    del stage
    goes = {"currency": "USDT", "amount": chance.choice(("-9780", "-9850"))}
    return [{"transfer": goes}], []


def _bad_grid(chance: Random, stage: Stage) -> tuple[Steps, Acts]:
    """The list of instruments says something else than what was known."""
    said = {"symbol": _symbol(chance, stage)} | chance.choice(({"lot": "1000"}, {"tick": "0.01"}))
    return [{"grid": said}], []


def _left(chance: Random, stage: Stage) -> Act:
    return Act(round(chance.uniform(14, max(20, stage.chaos)), 3), "leave")


PLOTS: Final[Mapping[str, Callable[[Random, Stage], tuple[Steps, Acts]]]] = MappingProxyType(
    {
        "an order goes wrong": _an_order_goes_wrong,
        "another order goes wrong": _an_order_goes_wrong,
        "a cancel goes wrong": _a_cancel_goes_wrong,
        "a lone stop is cancelled": _a_lone_stop_is_cancelled,
        "unseen and lost": _unseen_and_lost,
        "dead at a seam": _dead_at_a_seam,
        "dead at another seam": _dead_at_a_seam,
        "switched meanwhile": _switched_meanwhile,
        "no right to act": _no_right_to_act,
        "little money": _little_money,
        "bad grid": _bad_grid,
    }
)
"""Things that strike only together, or only at one place."""
