"""The kinds of things that can go wrong: what is done to the exchange, and what people and the platform's machine do, each by its name.

A kind draws its own when, where and how much; that it exists at all in a seed is drawn before.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random
from types import MappingProxyType
from typing import Any, Final

from interlock.rehearsal.reading import BOT
from interlock.rehearsal.schedule import Act
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
# Where a person may trade by hand or move money: nobody of ours asked for it, so it is the next reconciliation that books it.
WITH_HANDS: Final = frozenset({"long", "by_stop", "sold", "by_trail"})
UNTIL_RECONCILED_S: Final = 3000.0
# Shares of one: of steps from the beginning, of those at a moment, of faults that are counted, of acts at a seam, of acts around the
# entry, and of hand orders of another program.
AT_ONCE: Final = 0.35
AT_A_MOMENT: Final = 0.15
COUNTED: Final = 0.75
AT_A_SEAM: Final = 0.4
AROUND_THE_ENTRY: Final = 0.3
BY_PROGRAM: Final = 0.5
ENTRY_S: Final = (9.0, 16.0)
# Not behind the last question whether bytes may leave: it is asked in the step that writes the first of them.
SEAMS: Final = (
    "books.rule begins",
    "books.rule is done",
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


def one_symbol(chance: Random, stage: Stage) -> str:
    """One of the markets in which is bought."""
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
        symbol = {"symbol": one_symbol(chance, stage)}
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


def hand(chance: Random, stage: Stage) -> Steps:
    """A person, or another program with our key, buys on the same account."""
    if not stage.has_hands:
        return []
    params = {
        "instrument_name": SYMBOL,
        "side": "BUY",
        "type": "MARKET",
        "quantity": chance.choice(("20", "50")),
    }
    if chance.random() < BY_PROGRAM:
        params["client_oid"] = f"{BOT}{chance.randint(1, 10**6)}"
    return [{**_booked_in_time(chance, stage), "hand": {"method": CREATE, "params": params}}]


def hides_the_opening(step: dict[str, Any]) -> bool:
    """Whether the first look at the wallet might show it as it was before money moved: books that open so are frozen half an hour later."""
    armed = step.get("arm", {})
    return armed.get("fault") == "lag" and armed["method"] in {ANY, "private/user-balance"}


def transfer(*amounts: str) -> StepsOf:
    """A kind that moves money of the owner: in time to be booked, or before the books begin."""

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
        "grid": _to_one("grid", tick=("0.0002", "0.001")),
        "gap": _to_one("gap", factor=("0.1", "0.5", "2", "10")),
        "freeze": _between("freeze", {}, ("thaw", {})),
        "freeze one": _to_one("freeze", "thaw"),
        "margin call": _between("margin_call", {"on": True}, ("margin_call", {"on": False})),
        "money comes": transfer("500"),
        "money goes": transfer("-500", "-9000", "-9880"),
        "by hand": hand,
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


def gone(chance: Random, stage: Stage) -> Acts:
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
