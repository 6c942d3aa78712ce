"""The platform's own host and its messenger, when they are not what they should be."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from interlock.errors import AskedToWait, BrokenInvariant, StoreTrouble, Unreachable
from interlock.rehearsal.loop import Crash
from interlock.rehearsal.seams import Seams
from interlock.values import Instant

# The store's transactions; everything else of it only looks.
WRITES: Final = frozenset(
    {
        "account_read",
        "answer_request",
        "answered",
        "cancel_attempt",
        "flag_exit",
        "further_attempt",
        "heard",
        "learn",
        "listening",
        "nonce",
        "note",
        "raise_high",
        "raise_stop",
        "rule",
        "transferred",
    }
)  # fmt: skip - a list of names is read as a paragraph
WAIT: Final = timedelta(seconds=30)


@dataclass(slots=True)
class HostileMachine:
    """A host whose clock is off by `skew` or stands still, and whose disk refuses `busy` more transactions, and hides `hidden` more.

    In the `torn`th next one the process dies, when everything is written and nothing committed. `unplugged` more requests find no way
    out. `met` counts what of all that was met.
    """

    seams: Seams
    skew: timedelta = timedelta()
    stands_at: Instant | None = None
    busy: int = 0
    hidden: int = 0
    hid: int = 0
    torn: int = 0
    unplugged: int = 0
    parted: int = 0
    met: dict[str, int] = field(default_factory=dict)
    _within: str = ""
    _torn_within: str = ""

    def takes_torn(self) -> str:
        """Within which transaction the process died, if it did; asked once, it is said once."""
        torn, self._torn_within = self._torn_within, ""
        return torn

    def tells(self, true: Instant) -> Instant:
        if self.stands_at is not None:
            return self.stands_at
        return true + self.skew if self.skew else true

    def is_plugged_in(self) -> bool:
        if not self.unplugged:
            return True
        self.unplugged -= 1
        self.parted += 1
        self._meet("unplugged")
        return False

    def may_write(self, what: str) -> None:
        if what in WRITES and self.busy:
            self.busy -= 1
            self._meet("busy")
            # An answer that cannot be written ends the process: only a new start reads the order as unknown.
            self.hid += what == "answered"
            raise StoreTrouble("The books are locked by somebody else.")
        if what in WRITES:
            self._within = what

    def wrote(self, what: str) -> None:
        if what == self._within:
            self._within = ""
        if what in WRITES and self.hidden:
            self.hidden -= 1
            self.hid += 1
            self._meet("hidden")
            raise BrokenInvariant("Nobody knows what was committed.")

    def tear(self) -> None:
        """Everything of a transaction is written, and nothing committed."""
        if not self.torn or not self._within or self.seams.is_dead:
            return
        self.torn -= 1
        if not self.torn:
            self._torn_within = self._within
            self.seams.is_dead = True
            raise Crash(self._within)

    def heal(self) -> None:
        """Nothing goes wrong any more."""
        self.skew, self.stands_at = timedelta(), None
        self.busy, self.hidden, self.torn, self.unplugged = 0, 0, 0, 0

    def _meet(self, what: str) -> None:
        self.met[what] = self.met.get(what, 0) + 1


@dataclass(slots=True)
class Messenger:
    """`ports.Notifier`: it keeps what it heard. `deaf` more calls fail, `lossy` more are heard and their answers lost.

    `hurried` more are asked to wait. `met` counts what of all that was met.
    """

    heard: list[str] = field(default_factory=list)
    deaf: int = 0
    lossy: int = 0
    hurried: int = 0
    met: dict[str, int] = field(default_factory=dict)

    async def send(self, text: str) -> str:
        if self.hurried:
            self.hurried -= 1
            self._meet("hurried")
            raise AskedToWait(WAIT)
        if self.deaf:
            self.deaf -= 1
            self._meet("deaf")
            raise Unreachable("the messenger does not answer")
        self.heard.append(text)
        if self.lossy:
            self.lossy -= 1
            self._meet("lossy")
            raise Unreachable("the messenger's answer was lost")
        return str(len(self.heard))

    def heal(self) -> None:
        """It hears, and says so."""
        self.deaf = self.lossy = self.hurried = 0

    def _meet(self, what: str) -> None:
        self.met[what] = self.met.get(what, 0) + 1
