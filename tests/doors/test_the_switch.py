"""The kill switch from the command line: durable at once, with who, why and when, whether or not the platform runs."""

import subprocess
import sys
from datetime import timedelta
from pathlib import Path

from interlock.account import Mode
from interlock.desk.guardian import BREAKER
from interlock.ports import Incident
from interlock.risk.limits import Limits
from interlock.store.books import RowBooks
from interlock.store.files import open_books
from tests.fakes.goods import NOW

PROGRAM = str(Path(sys.executable).with_name("interlock"))


def books(folder: Path) -> RowBooks:
    return open_books(folder, limits=Limits(), bound=Mode.SIM, enabled=True)


def interlock(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environ = {"INTERLOCK__DATA": str(folder), "INTERLOCK__API__PORT": "1", "USER": "owner"}
    return subprocess.run(
        [PROGRAM, *words], env=environ, capture_output=True, text=True, timeout=30, check=False
    )


def test_a_kill_is_durable_at_once_and_says_who_and_why(tmp_path: Path) -> None:
    books(tmp_path).open(Mode.SIM, NOW)

    done = interlock(tmp_path, "kill", "--why", "the market is mad")

    assert done.returncode == 0
    kill = books(tmp_path).standing(NOW).switches.kill
    assert kill is not None
    assert kill.why == "the market is mad"
    assert kill.who


def test_arming_needs_a_reason_and_clears_switch_and_breaker(tmp_path: Path) -> None:
    ours = books(tmp_path)
    ours.open(Mode.SIM, NOW)
    ours.note(NOW, incidents=(Incident(BREAKER, "FAIL", "the stop was refused", NOW),))
    assert ours.standing(NOW).breaker is not None
    interlock(tmp_path, "kill")

    assert interlock(tmp_path, "arm").returncode == 2
    assert ours.standing(NOW).switches.kill is not None
    assert interlock(tmp_path, "arm", "--why", "looked at it").returncode == 0
    after = ours.standing(NOW + timedelta(seconds=1))
    assert after.switches.kill is None
    assert after.breaker is None


def test_books_that_do_not_exist_yet_are_not_made_by_a_switch(tmp_path: Path) -> None:
    done = interlock(tmp_path, "kill")

    assert done.returncode == 1
    assert "Traceback" not in done.stderr
