"""The profile of the rehearsal names the rooms in which the time went."""

from pathlib import Path

import pytest

import interlock
from interlock.rehearsal.rehearse import quietly
from scripts.rehearsal_profile import place_of, sampled

HOME = Path(interlock.__file__).parent


@pytest.mark.parametrize(
    ("file", "function", "room"),
    [
        (HOME / "desk" / "day.py", "_try", "desk"),
        (HOME / "rehearsal" / "loop.py", "_run_once", "rehearsal"),
        (HOME / "rehearsal" / "watch.py", "looks", "rehearsal checks"),
        (HOME / "rehearsal" / "world.py", "_desk", "start of a life"),
        (Path("/usr/lib/python3.11/asyncio/tasks.py"), "sleep", "asyncio"),
        (Path("<string>"), "__init__", "other libraries"),
    ],
)
def test_a_function_belongs_to_its_room(file: Path, function: str, room: str) -> None:
    assert place_of(str(file), function) == (room, f"{file.name}:{function}")


def test_every_sample_stands_in_one_room_and_one_function() -> None:
    quietly()
    found, seconds = sampled(0, 2)

    assert seconds > 0
    assert found.own.total() == 2 * found.samples > 0
    assert found.own["rehearsal"] <= found.whole["rehearsal"]
