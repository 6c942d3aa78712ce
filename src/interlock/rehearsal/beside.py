"""What stands beside a rehearsed life: the machine that it runs on, who watches over its promises, and who counts its faults."""

from datetime import timedelta
from typing import Protocol

from interlock.simulator.answers import Answer
from interlock.values import Instant


class Machine(Protocol):
    """What our own host does to us: how far off its clock is, and what its disk does before and after a call of the store."""

    @property
    def skew(self) -> timedelta:
        """Our clock less the true one."""
        ...

    @property
    def hid(self) -> int:
        """How many commits were done and hidden from us."""
        ...

    def tells(self, true: Instant) -> Instant:
        """What our clock says at this time."""
        ...

    @property
    def parted(self) -> int:
        """How many requests found no way out."""
        ...

    def is_plugged_in(self) -> bool:
        """Whether a request can leave."""
        ...

    def may_write(self, what: str) -> None:
        """Raises when the store cannot do it."""
        ...

    def wrote(self, what: str) -> None:
        """Raises when it was done and nobody can tell."""
        ...


class SoundMachine:
    """A host on which nothing goes wrong."""

    skew: timedelta = timedelta()
    hid: int = 0
    parted: int = 0

    def tells(self, true: Instant) -> Instant:
        return true + self.skew

    def is_plugged_in(self) -> bool:
        return True

    def may_write(self, what: str) -> None:
        del what

    def wrote(self, what: str) -> None:
        del what


class Watcher(Protocol):
    """Who holds the promises against what really happens, while it happens."""

    def leaves(self, path: str, body: bytes) -> None:
        """The first byte of a request is about to leave."""
        ...

    def reaches(self, path: str) -> None:
        """A request is about to reach the exchange."""
        ...

    def looks(self) -> None:
        """The exchange may have done something."""
        ...

    def tells(self, text: str) -> None:
        """The owner is about to hear this."""
        ...

    def violations(self) -> list[str]:
        """What was seen to be wrong."""
        ...


class Onlooker(Protocol):
    """Who counts what goes wrong, where it really does."""

    def leaves(self, path: str, body: bytes) -> None:
        """A request is about to leave."""
        ...

    def answers(self, path: str, body: bytes, answer: Answer | None) -> None:
        """The exchange has done what it does about a request."""
        ...

    def hears(self, path: str, body: bytes) -> None:
        """The answer to a request has been read."""
        ...

    def happens(self) -> None:
        """The exchange may have done something."""
        ...

    def rests(self, who: str) -> None:
        """A pass has ended."""
        ...

    def dies(self) -> None:
        """The process has died."""
        ...


class Nobody:
    """Nobody watches, and nobody counts."""

    def leaves(self, path: str, body: bytes) -> None:
        del path, body

    def reaches(self, path: str) -> None:
        del path

    def looks(self) -> None:
        pass

    def tells(self, text: str) -> None:
        del text

    def violations(self) -> list[str]:
        return []

    def answers(self, path: str, body: bytes, answer: Answer | None) -> None:
        del path, body, answer

    def hears(self, path: str, body: bytes) -> None:
        del path, body

    def happens(self) -> None:
        pass

    def rests(self, who: str) -> None:
        del who

    def dies(self) -> None:
        pass
