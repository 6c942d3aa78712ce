"""`interlock heartbeat` says FAIL of a role whose passes do not come to their end, and of one that never began."""

import subprocess
import sys
from contextlib import closing
from datetime import timedelta
from pathlib import Path

from interlock.cli.heartbeat import AGE_MAX, HEARTS
from interlock.host.clock import WallClock
from interlock.store.files import open_market
from tests.doors.asking import data_folder

FRESH = timedelta(0)
OLD = AGE_MAX + timedelta(seconds=30)


def beat(folder: Path, **ages: timedelta) -> None:
    with closing(open_market(folder)) as market:
        for name, age in ages.items():
            market.beat(name, WallClock().now() - age)


def heartbeat(folder: Path, role: str) -> tuple[int, str]:
    line = [str(Path(sys.executable).with_name("interlock")), "heartbeat", role]
    done = subprocess.run(
        line, env=data_folder(folder), capture_output=True, text=True, timeout=30, check=False
    )
    return done.returncode, done.stdout.strip()


def test_a_role_is_well_while_all_of_its_passes_beat(tmp_path: Path) -> None:
    beat(tmp_path, settler=FRESH, monitor=FRESH, guardian=FRESH)

    assert heartbeat(tmp_path, "engine") == (0, "PASS")
    assert heartbeat(tmp_path, "updater") == (1, "FAIL: updater")


def test_one_pass_that_stopped_is_named_whatever_the_others_do(tmp_path: Path) -> None:
    beat(tmp_path, settler=FRESH, monitor=FRESH, guardian=OLD)

    assert heartbeat(tmp_path, "engine") == (1, "FAIL: guardian")


def test_who_never_beat_is_not_well_and_who_has_no_heart_is_a_misuse(tmp_path: Path) -> None:
    assert heartbeat(tmp_path, "notifier") == (1, f"FAIL: {', '.join(HEARTS['notifier'])}")
    assert heartbeat(tmp_path, "dashboard")[0] == 2
