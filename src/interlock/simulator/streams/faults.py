"""What can go wrong between the exchange and a listener: armed for so many news of one channel, and counted where it takes effect."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import msgspec

from interlock.errors import BadInput
from interlock.simulator.streams.channels import Socket

ANY_CHANNEL: Final = "*"
SECONDS_MAX: Final = 600.0
NOW: Final = ("close", "stall")
CODES: Final = (1000, 1006, 1013)


class Disturbance(msgspec.Struct):
    """What is to go wrong: drop, duplicate, delay or reorder for news to come of one channel (`*`: any); close or stall now.

    A close says its code (1006: no word, but a cut); null means both sockets.
    """

    fault: str
    channel: str = ANY_CHANNEL
    count: int = 1
    seconds: float = 0.0
    code: int = 1000
    socket: Socket | None = None


def must_be_possible(asked: Disturbance) -> None:
    """Raises when this cannot go wrong here."""
    names = (*(each.value for each in StreamFault), *NOW)
    if asked.fault not in names:
        raise BadInput(f"{asked.fault!r} is no fault of a socket; there are {', '.join(names)}.")
    if asked.count < 1 or not 0 <= asked.seconds <= SECONDS_MAX or asked.code not in CODES:
        raise BadInput(f"At least once, within {SECONDS_MAX} seconds, and closed as {CODES}.")


class StreamFault(StrEnum):
    """What becomes of news: lost, said twice, said late, or said after the next."""

    DROP = "drop"
    DUPLICATE = "duplicate"
    DELAY = "delay"
    REORDER = "reorder"


@dataclass(slots=True)
class Armed:
    """One armed fault: for which channel (`*`: any), for how many news still, and how late a delayed one comes."""

    fault: StreamFault
    channel: str
    left: int
    seconds: float


class StreamFaults:
    """The faults that are armed, oldest first; one piece of news to one listener meets at most one."""

    def __init__(self) -> None:
        self._armed: Final[list[Armed]] = []
        self.fired: Final[dict[str, int]] = {}

    def arm(self, asked: Disturbance) -> None:
        """Arms a fault for the next `count` news of a channel, named as the news name it."""
        fault = StreamFault(asked.fault)
        self._armed.append(Armed(fault, asked.channel, asked.count, asked.seconds))

    def meet(self, channel: str) -> Armed | None:
        """The fault that news of this channel meet; it counts as fired."""
        for armed in self._armed:
            if armed.left and armed.channel in {channel, ANY_CHANNEL}:
                armed.left -= 1
                self.count(armed.fault.value)
                return armed
        return None

    def count(self, fault: str) -> None:
        """One more has taken effect."""
        self.fired[fault] = self.fired.get(fault, 0) + 1
