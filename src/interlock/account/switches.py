"""The switches that say whether an entry may be made at all. An unreadable switch is an engaged one."""

from dataclasses import dataclass
from enum import StrEnum

from interlock.values import Instant


class Mode(StrEnum):
    """OFF enters nothing; SIM and LIVE name the venue whose entries are admitted."""

    OFF = "OFF"
    SIM = "SIM"
    LIVE = "LIVE"


@dataclass(frozen=True, slots=True)
class Kill:
    """The kill switch, or the pause, as somebody engaged it."""

    who: str
    why: str
    at: Instant


@dataclass(frozen=True, slots=True)
class Switches:
    """`mode` is what was selected, `bound` the most that the environment admits, `venue` what the books belong to.

    `kill` is None when clear, and so is `pause`, which keeps new entries back and nothing else; `enabled` is the environment's
    RISK_GLOBAL_TRADING_ENABLED and TRADING_ENABLED together.
    """

    mode: Mode
    bound: Mode
    venue: Mode
    kill: Kill | None
    enabled: bool
    readable: bool = True
    pause: Kill | None = None

    def closed_by(self) -> str | None:
        """The name of the switch that forbids trading altogether (rule A), or None."""
        if not self.readable:
            return "kill_switch_unreadable"
        if self.kill is not None:
            return "kill_switch"
        return None if self.enabled else "trading_enabled"
