"""How the sockets behave: how often they beat and how long they wait for the echo, how long a frame and a backlog may be."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class StreamTerms:
    """Seconds and bytes; the defaults are the exchange's own where it tells them, and no client of good will meets the others."""

    heartbeat_s: float = 30.0
    answer_s: float = 5.0
    farewell_s: float = 1.0
    frame_bytes_max: int = 65_536
    backlog_bytes_max: int = 8_000_000
    subscriptions_max: int = 400


USUAL: Final = StreamTerms()
