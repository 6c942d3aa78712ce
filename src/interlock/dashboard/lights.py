"""The health strip in words: five lights and the whole, each with the figure that made it so."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from interlock.dashboard.words import age

TONES: Final = {"PASS": "good", "WARN": "warn", "FAIL": "bad"}
MINUTE: Final = 60


@dataclass(frozen=True, slots=True)
class Lamp:
    """One light: its name, what it shows, its tone, and why."""

    name: str
    word: str
    tone: str
    detail: str


def lamps(health: Mapping[str, Any]) -> tuple[Lamp, ...]:
    """The five lights; dark ones when nothing is known."""
    if not health:
        names = ("Market", "Updater", "Monitor", "Telegram", "Trade")
        return tuple(Lamp(name, "UNKNOWN", "dark", "not asked yet") for name in names)
    market, trade = health["market_data"], health["trade_system"]
    return (
        _lamp(
            "Market", market, f"{market['fresh_symbols']} fresh, {market['stale_symbols']} stale"
        ),
        _lamp(
            "Updater", health["market_updater"], _beat(health["market_updater"], "last_heartbeat")
        ),
        _lamp("Monitor", health["signal_monitor"], _beat(health["signal_monitor"], "last_cycle")),
        _lamp("Telegram", health["telegram"], "on" if health["telegram"]["enabled"] else "off"),
        _lamp("Trade", trade, f"{trade['open_orders']} of {_cap(trade['max_open_orders'])} open"),
    )


def tone_of(word: str | None) -> str:
    """The tone of a light's word; dark when it is not known."""
    return TONES.get(word or "", "dark")


def _lamp(name: str, part: Mapping[str, Any], detail: str) -> Lamp:
    return Lamp(name, part["status"], tone_of(part["status"]), detail)


def _beat(part: Mapping[str, Any], what: str) -> str:
    minutes: Decimal | None = part[f"{what}_age_minutes"]
    return "no cycle yet" if minutes is None else f"cycle {age(minutes * MINUTE)} ago"


def _cap(cap: int | None) -> str:
    return "any" if cap is None else str(cap)
