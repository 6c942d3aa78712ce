"""A platform whose books are brought back from a backup that is older than its orders: the exchange knows more than they do (C11)."""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from interlock.ports import Books
from interlock.rehearsal.script import BY_TARGET, Script, stage
from interlock.rehearsal.world import World
from tests.rehearsal.sweep import points

ASKED: Final = "answered private/create-order"
BRIEF: Final = replace(BY_TARGET, hours=0.05)
SOLD: Final = "books.learn is done"
DECIDED: Final = "books.rule begins"
Do = Callable[[], None]


def outlive(
    open_books: Callable[[], Books],
    back_up: Do,
    restore: Do,
    death: str,
    script: Script = BY_TARGET,
) -> World:
    """A scenario: a backup before the entry is decided, a death at the last seam of this name, and the backup brought back."""
    seams = points(script)
    dies = max(number for number, name in enumerate(seams) if name == death)
    is_restored = False

    def opened() -> Books:
        nonlocal is_restored
        if world is not None and world.lives > 1 and not is_restored:
            is_restored = True
            restore()
        return open_books()

    world: World | None = None
    world = stage(script, crashes=frozenset({dies}), open_books=opened)
    world.seams.acts[seams.index(DECIDED)] = back_up
    world.run()
    assert world.lives == 2
    assert is_restored
    return world
