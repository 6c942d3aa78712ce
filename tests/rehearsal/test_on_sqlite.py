"""The same lives over the real books file: what the dictionary promises, SQLite keeps."""

from pathlib import Path

import pytest

from interlock.account import Mode
from interlock.ports import Books
from interlock.rehearsal.judge import violations
from interlock.rehearsal.script import BY_STOP, BY_TARGET, Script, stage
from interlock.rehearsal.store import INSTALL_ID
from interlock.rehearsal.world import World
from interlock.risk.limits import Limits
from interlock.store.files import open_books
from tests.rehearsal.sweep import points, quietly

DEATHS = 6


@pytest.fixture(autouse=True)
def _quiet() -> None:
    quietly()


def on_sqlite(script: Script, folder: Path, crashes: frozenset[int] = frozenset()) -> World:
    """Every life opens the file anew, as a process does."""

    def opened() -> Books:
        return open_books(
            folder, limits=Limits(), bound=Mode.SIM, enabled=True, install_id=INSTALL_ID
        )

    return stage(script, crashes=crashes, open_books=opened)


def test_the_trace_on_a_real_file_is_the_trace_on_the_dictionary(tmp_path: Path) -> None:
    real, fake = on_sqlite(BY_STOP, tmp_path), stage(BY_STOP)

    assert real.run() == fake.run()
    assert violations(real) == []


@pytest.mark.parametrize("nth", range(DEATHS))
def test_a_death_over_a_real_file_leaves_one_order_per_intent(tmp_path: Path, nth: int) -> None:
    number = (nth + 1) * len(points(BY_TARGET)) // (DEATHS + 1)
    world = on_sqlite(BY_TARGET, tmp_path, frozenset({number}))
    world.run()

    assert world.lives == 2
    assert violations(world) == []
