"""Faults on demand: armed for so many requests of one method, and counted where they take effect."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from interlock.errors import BadInput

ANY_METHOD: Final = "*"


class Fault(StrEnum):
    """What can go wrong with a request."""

    LOSE_REQUEST = "lose_request"
    LOSE_ANSWER = "lose_answer"
    HOLD_ANSWER = "hold_answer"
    HTTP_502 = "http_502"
    REFUSE = "refuse"


class Silence(StrEnum):
    """Why no answer goes back: it is lost, or withheld until the connection dies."""

    LOST = "lost"
    HELD = "held"


@dataclass(slots=True)
class Armed:
    """One armed fault: for which method (`*`: any), how often still, and with which code it refuses."""

    fault: Fault
    method: str
    left: int
    code: int


class Faults:
    """The faults that are armed, oldest first; one request meets at most one."""

    def __init__(self) -> None:
        self._armed: Final[list[Armed]] = []
        self.fired: Final[dict[str, int]] = {}

    def arm(self, fault: str, method: str, count: int, code: int) -> None:
        """Arms a fault for the next `count` requests of a method."""
        names = [each.value for each in Fault]
        if fault not in names or count < 1:
            raise BadInput(
                f"{fault!r} times {count} cannot be armed; the faults are {', '.join(names)}."
            )
        self._armed.append(Armed(Fault(fault), method, count, code))

    def meet(self, method: str) -> Armed | None:
        """The fault that this request meets; it counts as fired."""
        for armed in self._armed:
            if armed.left and armed.method in {method, ANY_METHOD}:
                armed.left -= 1
                self.fired[armed.fault.value] = self.fired.get(armed.fault.value, 0) + 1
                return armed
        return None
