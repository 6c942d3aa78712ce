"""Writes docs/simulator_switches.md from the simulator's switches: nobody edits that page by hand."""

from dataclasses import fields
from pathlib import Path
from typing import Final

from interlock.simulator.switches import AS_SEEN, BAND, TOGGLED, Switches, values

PAGE: Final = Path(__file__).parents[1] / "docs" / "simulator_switches.md"
HEAD: Final = """# The switches of the simulator

*Written by `python scripts/simulator_switches.py` from the switches in the code; a test compares them.*

Where sources contradict each other, or are silent, the exchange may do one thing or the other; a client must bear both. Each such question
is a switch: `interlock simulate --switch NAME=VALUE`, as often as there are switches to set. The first value is the default.

| switch | values | decides |
|---|---|---|
"""


def page() -> str:
    """The whole page."""
    return HEAD + "".join(_row(each.name) for each in fields(Switches))


def _row(name: str) -> str:
    default = getattr(AS_SEEN, name)
    told = " · ".join(f"`{value}`" for value in values(name)) or f"`{default}`, or another fraction"
    return f"| `{name}` | {told} | {_says(name)} |\n"


def _says(name: str) -> str:
    if name == "price_band":
        return BAND
    return TOGGLED.get(name) or str(type(getattr(AS_SEEN, name)).__doc__)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
