"""Faults on demand: what can go wrong with a request, as data, and those that are armed.

A fault says when a request takes effect and what its sender hears. It is armed for the next so many requests or for a time on the
exchange's clock, of one method, key or address, and counts where it takes effect.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Final, NamedTuple

import msgspec

from interlock.errors import BadInput
from interlock.simulator import twists
from interlock.simulator.answers import BAD_GATEWAY, MAINTENANCE, Answer, Refusal
from interlock.values import Instant

ANY_METHOD: Final = "*"
SECONDS_MAX: Final = 86_400.0
STATUS: Final = "https://status.crypto.com"


class Effect(StrEnum):
    """When a request takes effect; a cancel may also lose the race against an execution of the order that it names."""

    NOW = "at once"
    NEVER = "never"
    LATE = "by_seconds later"
    OVERTAKEN = "after its order was filled"
    OUTRUN = "not: its order is filled by_seconds later"
    REJECTED = "at once, and its order is rejected behind it"


class Silence(StrEnum):
    """Why no answer goes back: lost, withheld until the connection dies, without end, cut short, or lost with every connection."""

    LOST = "nothing: the connection is cut"
    HELD = "nothing: the connection stays open"
    ENDLESS = "an answer that never ends"
    CUT = "the beginning of an answer, then the connection is cut"
    RESTART = "nothing: every connection is cut"


class Heard(StrEnum):
    """What goes back instead."""

    ANSWER = "the answer"
    GATEWAY = "502 with a page of HTML"
    CODE = "a refusal with `code`"


class Part(StrEnum):
    """Where a fault is; a request meets at most one of each."""

    REQUEST = "request"
    CLOCK = "clock"
    BOOKS = "books"


class By(NamedTuple):
    """How late, how old or how far off: the least, the most, and what holds where nothing is said. In seconds."""

    least: float
    most: float
    usual: float


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that can go wrong. `by` None: it reads no `by_seconds`; `code`, `word` likewise; `only`: which methods can meet it."""

    name: str
    law: str
    effect: Effect = Effect.NOW
    heard: Heard | Silence = Heard.ANSWER
    part: Part = Part.REQUEST
    by: By | None = None
    code: int | None = None
    word: str | None = None
    twist: Callable[[Answer, str], Answer] | None = None
    only: tuple[str, ...] = ()

    @property
    def is_wireless(self) -> bool:
        """Whether it means something without HTTP: a command on a socket meets it too."""
        return self.part is Part.REQUEST and self.twist is None and self.heard in _WIRELESS

    def is_for(self, method: str) -> bool:
        """Whether a method can meet it."""
        return not self.only or method.rpartition("/")[2] in self.only


_WIRELESS: Final = frozenset({Heard.ANSWER, Heard.CODE, Silence.LOST, Silence.HELD})
_LATE: Final = By(0, 60, 5)
_ALL: Final = (
    Fault("lose_request", "The request never arrives.", Effect.NEVER, Silence.LOST),
    Fault("lose_answer", "The request is done and its answer lost.", heard=Silence.LOST),
    Fault("hold_request", "It never arrives, and the line stays open.", Effect.NEVER, Silence.HELD),
    Fault("hold_answer", "It is done, and its answer withheld.", heard=Silence.HELD),
    Fault("endless_answer", "It is done; its answer begins and never ends.", heard=Silence.ENDLESS),
    Fault("cut_answer", "It is done; its answer breaks off within.", heard=Silence.CUT),
    Fault("http_502", "It is done, behind a gateway that says it failed.", heard=Heard.GATEWAY),
    Fault("http_502_before", "The gateway fails before it.", Effect.NEVER, Heard.GATEWAY),
    Fault(
        "accept_late",
        "Its sender hears nothing; it takes effect later, if its nonce is still good.",
        Effect.LATE,
        Silence.LOST,
        by=_LATE,
    ),
    Fault(
        "accept_late_502",
        "The gateway says it failed; it takes effect later, if its nonce is still good.",
        Effect.LATE,
        Heard.GATEWAY,
        by=_LATE,
    ),
    Fault("refuse", "It is refused, and nothing is done.", Effect.NEVER, Heard.CODE, code=42901),
    Fault("refuse_after", "It is done and called refused.", heard=Heard.CODE, code=50001),
    Fault(
        "maintenance",
        "Everything is refused with `details`, from when to when.",
        Effect.NEVER,
        Heard.CODE,
        code=MAINTENANCE,
    ),
    Fault(
        "fill_before_cancel",
        "The order was filled when its cancel or amend arrives: 212.",
        Effect.OVERTAKEN,
        only=("cancel-order", "amend-order"),
    ),
    Fault(
        "fill_after_cancel",
        "The cancel is accepted, and its order is filled all the same.",
        Effect.OUTRUN,
        by=By(0, 60, 0),
        only=("cancel-order",),
    ),
    Fault(
        "reject_later",
        "The order is accepted and acknowledged, and then rejected by the exchange itself, with `code` as its reason.",
        Effect.REJECTED,
        code=306,
        only=("create-order",),
    ),
    Fault(
        "restart",
        "It is done, then the exchange restarts with its books kept; for so long nobody reaches it.",
        heard=Silence.RESTART,
        by=By(0, 600, 0),
    ),
    Fault(
        "lag",
        "What is asked for is shown as it stood so long ago (orders, trades, balances).",
        part=Part.BOOKS,
        by=By(0, 600, 5),
    ),
    Fault(
        "clock_skew",
        "The exchange's clock is so far ahead (negative: behind): its Date, and its nonce window.",
        part=Part.CLOCK,
        by=By(-3600, 3600, 90),
    ),
    Fault("truncate", "The JSON of the answer ends in its middle.", twist=twists.truncated),
    Fault("content_type", "The answer calls itself HTML.", twist=twists.called_a_page),
    Fault(
        "other_typing",
        "`message` is called `msg`, and `code` is a text.",
        twist=twists.typed_otherwise,
    ),
    Fault(
        "extra_field",
        "Every object has a field more that nobody announced.",
        word="unannounced",
        twist=twists.with_a_field,
    ),
    Fault(
        "missing_field",
        "Every object lacks this field.",
        word="update_time",
        twist=twists.without_a_field,
    ),
    Fault(
        "unknown_status",
        "Every order has a status that no document knows.",
        word="SUSPENDED",
        twist=twists.with_a_status,
    ),
    Fault(
        "unknown_reason",
        "Every order has a reason that no document knows.",
        word="999999",
        twist=twists.with_a_reason,
    ),
    Fault("drift", "Each quantity of a balance is off by 1e-10.", twist=twists.drifted),
    Fault("wrong_balance", "Each quantity of a balance is 1 % too high.", twist=twists.too_high),
)
FAULTS: Final[Mapping[str, Fault]] = MappingProxyType({each.name: each for each in _ALL})


class Arm(msgspec.Struct):
    """A fault to arm: for `count` requests, for `seconds` on the exchange's clock, or for both; neither said: for one request."""

    fault: str
    method: str = ANY_METHOD
    count: int | None = None
    code: int | None = None
    seconds: float | None = None
    by_seconds: float | None = None
    key: str | None = None
    source: str | None = None
    word: str | None = None


class Sought(NamedTuple):
    """A request or command that may meet a fault; `key` tells by which key it claims to come."""

    method: str
    source: str
    key: Callable[[], str | None]
    is_command: bool = False


@dataclass(slots=True)
class Armed:
    """One armed fault: for which requests, how often still (None: as often as it likes), and since and until when."""

    fault: Fault
    asked: Arm
    left: int | None
    since: Instant
    until: Instant | None

    @property
    def by(self) -> timedelta:
        """How late, how old or how far off."""
        usual = self.fault.by.usual if self.fault.by is not None else 0.0
        seconds = usual if self.asked.by_seconds is None else self.asked.by_seconds
        return timedelta(seconds=seconds)

    def is_for(self, sought: Sought) -> bool:
        """Whether this request is meant."""
        asked = self.asked
        return (
            asked.method in {sought.method, ANY_METHOD}
            and self.fault.is_for(sought.method)
            and (self.fault.is_wireless or not sought.is_command)
            and asked.source in {sought.source, None}
            and (asked.key is None or asked.key == sought.key())
        )

    def is_over(self, now: Instant) -> bool:
        """Whether it can meet nobody any more."""
        return self.left == 0 or (self.until is not None and now >= self.until)

    def refusal(self) -> Refusal:
        """What it refuses with."""
        code = self.fault.code if self.asked.code is None else self.asked.code
        details = None
        if self.fault.code == MAINTENANCE:
            ends = "" if self.until is None else f" to {self.until.iso()}"
            details = f"Maintenance from {self.since.iso()}{ends}. Please refer to {STATUS}."
        return Refusal(code or 0, details=details)

    def heard(self, answer: Answer | None) -> Answer | Silence:
        """What its sender hears of this answer (None: nothing was done)."""
        fault = self.fault
        if isinstance(fault.heard, Silence):
            return fault.heard
        if fault.heard is Heard.GATEWAY or answer is None:
            return BAD_GATEWAY
        if fault.twist is None:
            return answer
        return fault.twist(answer, self.asked.word or fault.word or "")

    def row(self) -> dict[str, object]:
        """What is armed, for those who look."""
        until = None if self.until is None else self.until.micros
        said = {name: value for name in _SAID if (value := getattr(self.asked, name)) is not None}
        by = {} if self.fault.by is None else {"by_seconds": self.by.total_seconds()}
        return {**said, **by, "left": self.left, "until_us": until}


_SAID: Final = ("fault", "method", "code", "source", "word")


class Faults:
    """The faults that are armed, oldest first. `met` names those of the newest request."""

    def __init__(self) -> None:
        self._armed: list[Armed] = []
        self.fired: Final[dict[str, int]] = {}
        self.met: list[str] = []

    @property
    def are_armed(self) -> bool:
        """Whether there is any that a request may meet."""
        return bool(self._armed)

    def arm(self, asked: Arm, now: Instant) -> None:
        """Arms a fault from now on."""
        fault = FAULTS.get(asked.fault)
        if fault is None or not _is_possible(fault, asked):
            raise BadInput(
                f"{asked.fault!r} cannot be armed so: at least once, for at most {SECONDS_MAX:.0f} seconds, "
                f"`by_seconds` within what the fault bears. The faults are {', '.join(FAULTS)}."
            )
        once = asked.count is None and asked.seconds is None
        until = None if asked.seconds is None else now + timedelta(seconds=asked.seconds)
        self._armed.append(Armed(fault, asked, 1 if once else asked.count, now, until))

    def disarm(self, name: str | None, now: Instant) -> int:
        """Takes back what is still armed under this name (None: everything); how many that were."""
        kept = [
            each
            for each in self._armed
            if not each.is_over(now) and name not in {None, each.fault.name}
        ]
        gone = len(self.armed(now)) - len(kept)
        self._armed = kept
        return gone

    def armed(self, now: Instant) -> list[dict[str, object]]:
        """What is still armed."""
        return [each.row() for each in self._armed if not each.is_over(now)]

    def meet(self, sought: Sought, part: Part, now: Instant) -> Armed | None:
        """The fault of this part that the request meets; it counts as fired."""
        if not self._armed:
            return None
        self._armed = [each for each in self._armed if not each.is_over(now)]
        met = next((e for e in self._armed if e.fault.part is part and e.is_for(sought)), None)
        if met is None:
            return None
        if met.left is not None:
            met.left -= 1
        self.count(met.fault.name)
        return met

    def count(self, name: str) -> None:
        """One more has taken effect."""
        self.fired[name] = self.fired.get(name, 0) + 1
        self.met.append(name)


def _is_possible(fault: Fault, asked: Arm) -> bool:
    by, by_seconds = fault.by or By(0, 0, 0), asked.by_seconds or 0.0
    return (
        (asked.count is None or asked.count >= 1)
        and (asked.seconds is None or 0 < asked.seconds <= SECONDS_MAX)
        and by.least <= by_seconds <= by.most
    )
